import type { Box, TextLine } from '@perstream/spec'

/** A row of text: one line, or several that stand side by side. */
export interface TextRow {
  readonly words: TextLine['words']
  readonly text: string
  readonly confidence: number
  readonly box: Box
  /** Whether it reaches the edge of the picture, so that a part of it may be out of view. */
  readonly cut: boolean
}

/** A row this close to the edge of the picture, in parts of it, reaches it. */
const EDGE = 0.004
/** Lines whose heights differ by more than this factor are not one text. */
const ALIKE = 2.6
/** Lines further apart than this many heights are not one text. */
const NEAR = 2.1
/** Pieces of a row are no further apart than this many heights ... */
const BESIDE = 3.5
/** ... or this many, where they stand in two columns one of which is mostly figures (a bill, a timetable). */
const COLUMN = 16
/** ... and both are read more surely than this: letters far away are taken for figures. */
const DOUBTFUL = 0.85
/** A lone line belongs to a text in line with it, to this part of its height, that is no further than this many heights. */
const IN_LINE = 0.5
const HEADING = 5.5

interface Piece {
  readonly line: TextLine
  readonly left: number
  readonly right: number
  readonly middle: number
  readonly height: number
}

/**
 * Groups the lines of one frame into texts (a page, a sign, a bill): close together, of similar size, one below another
 * or side by side. Rows from top to bottom, the pieces of a row joined from left to right.
 * @param aspect width of the frame by its height
 */
export function groupLines(lines: readonly TextLine[], aspect: number): TextRow[][] {
  const pieces = lines.map((line) => toPiece(line, aspect))
  const groups = connect(pieces, (a, b) => isBelow(a, b) || gapBeside(a, b) < BESIDE)
  const joined = connect(groups, areColumns).map((parts) => parts.flat())
  return connect(joined, isHeading).map((parts) => toRows(parts.flat()))
}

/** The height of the letters: a tilted line's box is higher than they are, but its length tells. */
function toPiece(line: TextLine, aspect: number): Piece {
  const { left, right, top, bottom } = line.box
  const advance = ((right - left) * aspect) / Math.max(1, line.text.length)
  const height = Math.min(bottom - top, advance * 3)
  return { line, left: left * aspect, right: right * aspect, middle: (top + bottom) / 2, height }
}

function areAlike(a: Piece, b: Piece): boolean {
  return Math.max(a.height, b.height) < ALIKE * Math.min(a.height, b.height)
}

function isBelow(a: Piece, b: Piece): boolean {
  const overlap = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  return areAlike(a, b) && overlap > 0 && Math.abs(a.middle - b.middle) < NEAR * Math.max(a.height, b.height)
}

/** How far two pieces of one row are apart, in heights; infinite where they are not in one row. */
function gapBeside(a: Piece, b: Piece): number {
  const height = Math.min(a.height, b.height)
  if (!areAlike(a, b) || Math.abs(a.middle - b.middle) > 0.6 * height) return Infinity
  return (Math.max(a.left, b.left) - Math.min(a.right, b.right)) / height
}

/** Two groups whose rows match in height, one of them mostly figures. */
function areColumns(a: readonly Piece[], b: readonly Piece[]): boolean {
  if (!isFigures(a) && !isFigures(b)) return false
  const [few, many] = a.length < b.length ? [a, b] : [b, a]
  const areInRow = (piece: Piece, other: Piece) =>
    Math.min(piece.line.confidence, other.line.confidence) >= DOUBTFUL && gapBeside(piece, other) < COLUMN
  const matched = few.filter((piece) => many.some((other) => areInRow(piece, other)))
  return matched.length >= Math.min(2, few.length) && matched.length * 2 >= few.length
}

/** A line that stands alone above or below a text, in line with it, is of the same sign (the company on a badge). */
function isHeading(a: readonly Piece[], b: readonly Piece[]): boolean {
  if (a.length > 1 && b.length > 1) return false
  const [[lone], text] = a.length < b.length ? [a, b] : [b, a]
  if (!lone || text.length < 2) return false
  const left = Math.min(...text.map((piece) => piece.left))
  const right = Math.max(...text.map((piece) => piece.right))
  const gaps = text.map((piece) => Math.abs(piece.middle - lone.middle))
  const near = text[gaps.indexOf(Math.min(...gaps))]!
  const isAbove = text.every((piece) => piece.middle > lone.middle)
  const isBelow = text.every((piece) => piece.middle < lone.middle)
  const shift = Math.min(Math.abs(lone.left + lone.right - left - right) / 2, Math.abs(lone.left - left))
  return (
    (isAbove || isBelow) &&
    areAlike(lone, near) &&
    shift < IN_LINE * lone.height &&
    Math.min(...gaps) < HEADING * Math.max(lone.height, near.height)
  )
}

function isFigures(pieces: readonly Piece[]): boolean {
  const figures = pieces.filter(({ line }) => line.text.replace(/\D/g, '').length * 2 >= line.text.length)
  return figures.length * 2 >= pieces.length
}

/** Splits items into the sets that a relation connects, each in the order given. */
function connect<Item>(items: readonly Item[], related: (a: Item, b: Item) => boolean): Item[][] {
  const labels = items.map((_, i) => i)
  for (let i = 0; i < items.length; i++)
    for (let j = 0; j < i; j++)
      if (labels[i] !== labels[j] && related(items[i]!, items[j]!)) {
        const [from, to] = [labels[i]!, labels[j]!]
        for (let k = 0; k < labels.length; k++) if (labels[k] === from) labels[k] = to
      }
  return [...new Set(labels)].map((label) => items.filter((_, i) => labels[i] === label))
}

function toRows(pieces: readonly Piece[]): TextRow[] {
  const rows: Piece[][] = []
  for (const piece of [...pieces].sort((a, b) => a.middle - b.middle)) {
    const row = rows.find((other) =>
      other.every((known) => gapBeside(known, piece) < Infinity && !overlap(known, piece)),
    )
    if (row) row.push(piece)
    else rows.push([piece])
  }
  return rows.map((row) => joinRow(row.sort((a, b) => a.left - b.left).map(({ line }) => line)))
}

/** The boxes of words side by side on a tilted line overlap a little. */
function overlap(a: Piece, b: Piece): boolean {
  return Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.8 * Math.min(a.height, b.height)
}

/** The words of a line; of two whose boxes overlap, without a last one that the next begins with: it was read twice. */
function withoutRepeat({ words, box }: TextLine, next: TextLine | undefined): TextLine['words'] {
  const last = words.at(-1)
  const overlaps = next !== undefined && next.box.left < box.right
  if (!last || !overlaps || words.length < 2 || !next.words[0]?.text.startsWith(last.text)) return words
  return words.slice(0, -1)
}

function joinRow(lines: readonly TextLine[]): TextRow {
  const words = lines.flatMap((line, i) => withoutRepeat(line, lines[i + 1]))
  const letters = lines.reduce((sum, line) => sum + line.text.length, 0)
  const box = unite(lines.map((line) => line.box))
  return {
    words,
    text: words.map((word) => word.text).join(' '),
    confidence: lines.reduce((sum, line) => sum + line.confidence * line.text.length, 0) / letters,
    box,
    cut: Math.min(box.left, box.top, 1 - box.right, 1 - box.bottom) <= EDGE,
  }
}

/** The smallest box around boxes (one or more). */
export function unite(boxes: readonly Box[]): Box {
  return {
    left: Math.min(...boxes.map((box) => box.left)),
    top: Math.min(...boxes.map((box) => box.top)),
    right: Math.max(...boxes.map((box) => box.right)),
    bottom: Math.max(...boxes.map((box) => box.bottom)),
  }
}
