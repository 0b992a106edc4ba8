import { comparable, coverage } from './text-alignment'
import { meanConfidence, type RowMatch, type RowTrack, type TextBlock } from './text-block'
import type { TextRow } from './text-layout'

/** A reading less sure than this may be of letters too small to read. */
const DOUBTFUL = 0.85
/** So much of a fragment occurs in its line. */
const WITHIN = 0.7
/** Two boxes share this part of the lower one's height, or more, where they are pieces of one line. */
const LEVEL = 0.3

/** How the rows of a group go into a text. */
interface FragmentMatch {
  readonly rows: readonly RowMatch[]
  /** Known lines that turn out to be pieces of one of the rows. */
  readonly pieces: ReadonlySet<RowTrack>
}

/**
 * Finishes the match of a group of rows with a text of which `pairs` are readings of known lines. A doubtful reading that
 * stands between the same neighbours as a known line, and consists of its letters ("Gus wF"), is a reading of it, though the
 * better of the two alone counts. A piece of a line that stands beside it (a tilted line that came in two) is no line.
 */
export function matchFragments(
  rows: readonly TextRow[],
  block: TextBlock,
  pairs: ReadonlyMap<TextRow, RowTrack>,
): FragmentMatch {
  const matches = rows.map((row) => toMatch(row, pairs.get(row)))
  const taken = new Set(pairs.values())
  const pieces = new Set<RowTrack>()
  for (const [i, { row, known }] of matches.entries()) {
    const between = linesBetween(block, matches, i).filter((line) => !taken.has(line))
    for (const line of between) if (line.seen === 1 && holdsWords(row, line)) pieces.add(line)
    const line = known ? undefined : between.find((each) => !pieces.has(each) && isFragment(row, each))
    if (!line) continue
    taken.add(line)
    matches[i] = { row, known: line, better: row.confidence > meanConfidence(line.settled) ? 'row' : 'known' }
  }
  const whole = matches.filter(
    (match, i) => match.known || (!isPiece(match, matches[i - 1]) && !isPiece(match, matches[i + 1])),
  )
  return { rows: whole, pieces }
}

/** Of a line cut off by the edge of the picture and one that is whole, the whole one counts. */
function toMatch(row: TextRow, known: RowTrack | undefined): RowMatch {
  if (!known || known.cut === row.cut) return { row, known }
  return { row, known, better: row.cut ? 'known' : 'row' }
}

/** The known lines between those that the rows above and below a row are readings of. */
function linesBetween({ rows }: TextBlock, matches: readonly RowMatch[], at: number): RowTrack[] {
  const above = matches
    .slice(0, at)
    .reverse()
    .find(({ known }) => known)?.known
  const below = matches.slice(at + 1).find(({ known }) => known)?.known
  return rows.slice(above ? rows.indexOf(above) + 1 : 0, below ? rows.indexOf(below) : rows.length)
}

/** Whether a line is one or more words of a row that has more of them. */
function holdsWords(row: TextRow, { key }: RowTrack): boolean {
  const words = comparable(row.text)
  return words !== key && ` ${words} `.includes(` ${key} `)
}

function isFragment(row: TextRow, line: RowTrack): boolean {
  const doubtful = Math.min(row.confidence, meanConfidence(line.settled)) < DOUBTFUL
  return doubtful && coverage(comparable(row.text), line.key) >= WITHIN
}

/** Whether a row is the rest of the line that the row beside it is a reading of. */
function isPiece({ row }: RowMatch, beside: RowMatch | undefined): boolean {
  if (!beside?.known) return false
  const key = comparable(row.text)
  const [a, b] = [row.box, beside.row.box]
  const shared = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  return (
    shared > LEVEL * Math.min(a.bottom - a.top, b.bottom - b.top) &&
    beside.known.key.includes(key) &&
    !comparable(beside.row.text).includes(key)
  )
}
