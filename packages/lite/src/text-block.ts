import type { Box } from '@perstream/spec'
import { comparable } from './text-alignment'
import { type TextRow, unite } from './text-layout'
import { type Reading, settle } from './text-vote'

/** Readings of one line that are kept for the vote, the surest. */
const MAX_READINGS = 12
/** Lines kept of one text: a page that scrolls for long. */
const MAX_ROWS = 60
/** True frame numbers kept as evidence; the middle ones thin out first. */
const MAX_FRAMES = 64

/** One line followed over time. */
export interface RowTrack {
  readings: Reading[]
  /** What the vote settles on, and how that is compared. */
  settled: Reading
  key: string
  /** In how many frames it was read, fragments aside, and where last. */
  seen: number
  /** In how many frames the lines around it were read without it. */
  missed: number
  box: Box
  /** Whether all its readings reach the edge of the picture. */
  cut: boolean
}

/** One text followed over time: lines that belong together. */
export interface TextBlock {
  readonly track: string
  readonly firstSeconds: number
  lastSeconds: number
  rows: RowTrack[]
  /** In how many frames it was read, and which. */
  seen: number
  frames: number[]
  /** Where it was in the frame in which most was read most surely. */
  box: Box
  boxQuality: number
}

/** A row of a frame, and the followed line it is a reading of, if any. */
export interface RowMatch {
  readonly row: TextRow
  readonly known: RowTrack | undefined
  /** Which of them alone votes on the words, when the other is a mere fragment of the line. Default: both. */
  readonly better?: 'row' | 'known' | undefined
}

/** Begins a text that nothing is known of yet. */
export function openBlock(track: string, seconds: number): TextBlock {
  const box = { left: 0, top: 0, right: 0, bottom: 0 }
  return { track, firstSeconds: seconds, lastSeconds: seconds, rows: [], seen: 0, frames: [], box, boxQuality: 0 }
}

/** Puts rows into a text: readings of known lines join them, new lines go behind the one they were read below. */
export function insertRows(block: TextBlock, rows: readonly RowMatch[]): void {
  const firstKnown = rows.find(({ known }) => known)?.known
  let at = firstKnown ? block.rows.indexOf(firstKnown) : block.rows.length
  const read = rows.map(({ row, known, better }) => {
    if (!known) {
      const track = openRow(row)
      block.rows.splice(at++, 0, track)
      return track
    }
    at = block.rows.indexOf(known) + 1
    addReading(known, row, better)
    return known
  })
  const places = read.map((track) => block.rows.indexOf(track))
  for (const track of block.rows.slice(Math.min(...places), Math.max(...places)))
    if (!read.includes(track)) track.missed++
  if (block.rows.length > MAX_ROWS) block.rows = block.rows.slice(-MAX_ROWS)
}

function openRow({ words, text, box, cut }: TextRow): RowTrack {
  return { readings: [words], settled: words, key: comparable(text), seen: 1, missed: 0, box, cut }
}

function addReading(track: RowTrack, row: TextRow, better: RowMatch['better']): void {
  track.box = row.box
  if (better === 'known') return
  if (better === 'row') Object.assign(track, { readings: [], seen: 0 })
  track.seen++
  track.cut &&= row.cut
  track.readings.push(row.words)
  if (track.readings.length > MAX_READINGS) {
    const qualities = track.readings.map(quality)
    track.readings.splice(qualities.indexOf(Math.min(...qualities)), 1)
  }
  track.settled = settle(track.readings)
  track.key = comparable(track.settled.map((word) => word.text).join(' '))
}

/** How much a reading says, how surely. */
function quality(reading: Reading): number {
  return reading.reduce((sum, word) => sum + word.text.length * word.confidence ** 4, 0)
}

/** The mean confidence of the characters. */
export function meanConfidence(words: Reading): number {
  const length = words.reduce((sum, word) => sum + word.text.length, 0)
  return length === 0 ? 0 : words.reduce((sum, word) => sum + word.confidence * word.text.length, 0) / length
}

/** Adds the evidence of one frame to a text. */
export function extend(block: TextBlock, rows: readonly TextRow[], frame: number, seconds: number): void {
  block.lastSeconds = seconds
  block.seen++
  if (block.frames.at(-1) !== frame) block.frames.push(frame)
  if (block.frames.length > MAX_FRAMES) block.frames = block.frames.filter((_, i) => i === 0 || i % 2 === 1)
  const total = rows.reduce((sum, row) => sum + quality(row.words), 0)
  if (total <= block.boxQuality) return
  block.boxQuality = total
  block.box = unite(rows.map((row) => row.box))
}
