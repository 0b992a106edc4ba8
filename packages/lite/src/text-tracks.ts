import type { Caption, TextLine } from '@perstream/spec'
import { extend, insertRows, meanConfidence, openBlock, type RowTrack, type TextBlock } from './text-block'
import { groupLines, type TextRow } from './text-layout'
import { assignRows } from './text-matching'

/** What {@link createTextTracks} takes. */
interface TextTracksOptions {
  /** The `location` that evidence names. */
  readonly source: string
  /** How many texts are followed at most; the one seen longest ago is forgotten first. Default 200. */
  readonly maxTexts?: number | undefined
}

/** What was read in one frame. */
export interface FrameReading {
  readonly frame: number
  readonly seconds: number
  /** Width of the frame by its height. */
  readonly aspect: number
  readonly lines: readonly TextLine[]
}

/** Follows texts from frame to frame. */
export interface TextTracks {
  /** Takes the lines of the next frame; gives a caption for each credible text that is seen in it. */
  add(reading: FrameReading): Caption[]
}

/**
 * Follows texts over the frames of a stream. Lines close together are one text and one caption, its lines joined by line
 * breaks; each line's words are settled by a vote over its readings weighted by confidence. A text that leaves the view
 * and comes back goes on as the same track, lines that scroll into view join it, and two that differ in a figure that was
 * read surely stay two. Memory is bounded: it does not grow with the length of the stream.
 */
export function createTextTracks({ source, maxTexts = 200 }: TextTracksOptions): TextTracks {
  let blocks: TextBlock[] = []
  let count = 0
  const open = (seconds: number) => openBlock(`text:${++count}@${seconds.toFixed(2)}`, seconds)

  return {
    add({ frame, seconds, aspect, lines }) {
      const groups = groupLines(lines.filter(isText), aspect)
      const touched = new Map<TextBlock, TextRow[]>()
      for (const { rows, pieces, block = open(seconds) } of assignRows(groups, blocks, seconds)) {
        block.rows = block.rows.filter((row) => !pieces.has(row))
        insertRows(block, rows)
        touched.set(block, [...(touched.get(block) ?? []), ...rows.map(({ row }) => row)])
      }
      for (const [block, rows] of touched) extend(block, rows, frame, seconds)
      blocks = [...blocks.filter((block) => !touched.has(block)), ...touched.keys()].slice(-maxTexts)
      return [...touched.keys()].flatMap((block) => toCaption(block, source) ?? [])
    },
  }
}

/** Single characters are mostly patterns and edges that look like one. */
function isText({ text }: TextLine): boolean {
  return countLetters(text) >= 2
}

function countLetters(text: string): number {
  return text.replace(/[^\p{L}\p{N}]/gu, '').length
}

/** A text is told once it was read twice, or once very surely and is long enough not to be chance. */
const SURE = 0.9
const LONG = 6
const NEARLY_ALL = 0.8
/** Lines that are settled less surely are left out; of lines read once, those read less surely. */
const CREDIBLE = 0.6
const CREDIBLE_ONCE = 0.85
/** A line that reaches the edge of the picture whenever it is read is told once it was read this often. */
const OFTEN = 3

function toCaption(block: TextBlock, source: string): Caption | undefined {
  const rows = block.rows.filter((row) => isCredible(row, block.seen))
  const text = rows.map((row) => row.settled.map((word) => word.text).join(' ')).join('\n')
  const confidence = meanConfidence(rows.flatMap((row) => row.settled))
  if ((block.seen < 2 && !isSure(text, confidence, block)) || !/[\p{L}\p{N}]{3}/u.test(text)) return undefined
  const { track, firstSeconds, lastSeconds, frames, box } = block
  const evidence = { source, startSeconds: firstSeconds, endSeconds: lastSeconds, frames: [...frames], box }
  return { text, origin: 'read', confidence, evidence, track }
}

/** Whether one reading is enough: long, sure, and nearly all of the text that is there. */
function isSure(text: string, confidence: number, { rows }: TextBlock): boolean {
  const letters = countLetters(text)
  const all = rows.reduce((sum, { key }) => sum + countLetters(key), 0)
  return confidence >= SURE && letters >= LONG && letters >= NEARLY_ALL * all
}

/**
 * A line that is not read again where the lines around it are was something else misread; one read once in a text read
 * often was mostly something beside it, unless it was read surely.
 */
function isCredible({ settled, seen, missed, cut }: RowTrack, seenText: number): boolean {
  if ((cut && seen < OFTEN) || missed >= 2 * seen - 1) return false
  const least = seen > 1 ? CREDIBLE : seenText >= 4 ? SURE : CREDIBLE_ONCE
  return meanConfidence(settled) >= least
}
