import type { Box } from '@perstream/spec'
import { align, comparable, endSimilarity, similarity } from './text-alignment'
import type { RowMatch, RowTrack, TextBlock } from './text-block'
import { matchFragments } from './text-fragments'
import type { TextRow } from './text-layout'

/** The rows of one group that go to one text: a known one, or, when `block` is undefined, a new one. */
interface Assignment {
  readonly block: TextBlock | undefined
  readonly rows: readonly RowMatch[]
  /** Known lines that are none. */
  readonly pieces: ReadonlySet<RowTrack>
}

/** Two lines are readings of one when they are this much alike. */
const ALIKE = 0.7
/** A text seen this recently, near its place, may be misread in a figure; otherwise another figure is another text. */
const RECENT_SECONDS = 2
const NEAR = 0.35
/** How long a line that is cut off by the edge of the picture is taken for a part of one that was read whole. */
const CUT_SECONDS = 4
/** Words are told apart only by readings that are this sure. */
const SURE = 0.85

/**
 * Finds, for each group of rows in a frame, the followed text that it continues: the one that most of its letters match,
 * unless a figure or a word that was read surely says that it is another. One followed line takes one row of a frame.
 */
export function assignRows(
  groups: readonly (readonly TextRow[])[],
  blocks: readonly TextBlock[],
  seconds: number,
): Assignment[] {
  const taken = new Set<RowTrack>()
  const candidates = groups.flatMap((rows) => blocks.flatMap((block) => compare(rows, block, seconds) ?? []))
  candidates.sort((a, b) => b.score - a.score)
  const assigned = new Map<readonly TextRow[], Assignment>()
  for (const { rows, block, pairs } of candidates) {
    if (assigned.has(rows) || [...pairs.values()].some((known) => taken.has(known))) continue
    for (const known of pairs.values()) taken.add(known)
    assigned.set(rows, { block, ...matchFragments(rows, block, pairs) })
  }
  return groups.map(
    (rows) =>
      assigned.get(rows) ?? {
        block: undefined,
        rows: rows.map((row) => ({ row, known: undefined })),
        pieces: new Set<RowTrack>(),
      },
  )
}

interface Candidate {
  readonly rows: readonly TextRow[]
  readonly block: TextBlock
  readonly pairs: ReadonlyMap<TextRow, RowTrack>
  readonly score: number
}

/** Pairs a group with a text; undefined when they are not the same. */
function compare(rows: readonly TextRow[], block: TextBlock, seconds: number): Candidate | undefined {
  const since = seconds - block.lastSeconds
  const recent = since <= RECENT_SECONDS
  const pairs = new Map<TextRow, RowTrack>()
  const free = new Set(block.rows)
  let matched = 0
  let total = 0
  for (const row of rows) {
    const key = comparable(row.text)
    total += key.length
    const best = mostAlike(row, key, free, since <= CUT_SECONDS)
    if (!best) continue
    const follows = recent && distance(row.box, best.known.box) <= NEAR
    if (!follows && areDifferent(row, best.known)) return undefined
    if (best.alike < ALIKE) continue
    free.delete(best.known)
    pairs.set(row, best.known)
    matched += Math.min(key.length, best.known.key.length) * best.alike
  }
  const whole = block.rows.reduce((sum, row) => sum + row.key.length, 0)
  const share = matched / Math.max(1, Math.min(total, whole))
  if (pairs.size === 0 || (share < (recent ? 0.3 : 0.5) && pairs.size < 3)) return undefined
  return { rows, block, pairs, score: matched * share }
}

function mostAlike(
  row: TextRow,
  key: string,
  rows: Iterable<RowTrack>,
  recent: boolean,
): { known: RowTrack; alike: number } | undefined {
  let best: { known: RowTrack; alike: number } | undefined
  for (const known of rows) {
    const whole = similarity(key, known.key)
    const alike = recent && row.cut !== known.cut ? Math.max(whole, cutSimilarity(row, key, known)) : whole
    if (alike > (best?.alike ?? 0.5)) best = { known, alike }
  }
  return best
}

/** How alike two rows are of which one is cut by the edge of the picture. */
function cutSimilarity(row: TextRow, key: string, known: RowTrack): number {
  return row.cut ? endSimilarity(key, known.key) : endSimilarity(known.key, key)
}

function distance(a: Box, b: Box): number {
  const dx = (a.left + a.right - b.left - b.right) / 2
  const dy = (a.top + a.bottom - b.top - b.bottom) / 2
  return Math.hypot(dx, dy)
}

/** Whether a figure, or a whole word, that both readings are sure of differs. */
function areDifferent({ words, cut }: TextRow, known: RowTrack): boolean {
  if (digitsDiffer(sureText(words), sureText(known.settled))) return true
  if (words.length !== known.settled.length || cut !== known.cut) return false
  return words.some((word, i) => areOtherWords(word, known.settled[i]!))
}

type Word = TextRow['words'][number]

function areOtherWords(a: Word, b: Word): boolean {
  const [left, right] = [comparable(a.text), comparable(b.text)]
  const sure = Math.min(a.confidence, b.confidence) >= SURE
  return sure && left.length > 2 && right.length > 2 && similarity(left, right) < 0.5
}

function sureText(words: TextRow['words']): string {
  const sure = words.filter(({ confidence }) => confidence >= SURE)
  return sure.map((word) => comparable(word.text)).join(' ')
}

function digitsDiffer(a: string, b: string): boolean {
  const isDigit = (text: string, at: number) => /\d/.test(text[at] ?? '')
  return align(a, b).some(([i, j]) => i >= 0 && j >= 0 && isDigit(a, i) && isDigit(b, j) && a[i] !== b[j])
}
