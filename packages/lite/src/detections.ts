import type { Box, Detection } from '@perstream/spec'

/** How raw detections are read. */
interface ReadDetectionsOptions {
  readonly labels: readonly string[]
  /** Detections below are left out. */
  readonly threshold: number
  /** Size of the image in the unit of the boxes. */
  readonly width: number
  readonly height: number
}

/**
 * Reads rows of left, top, right, bottom, score and class number: those that score enough, best first, boxes cut to the
 * image. Of two of one class that overlap by half or more (intersection over union), the better stays.
 */
export function readDetections(rows: Float32Array, options: ReadDetectionsOptions): Detection[] {
  const kept: Detection[] = []
  for (const detection of parseRows(rows, options)) {
    const { label, box } = detection
    const repeats = kept.some((other) => other.label === label && overlap(other.box, box) >= 0.5)
    if (area(box) > 0 && !repeats) kept.push(detection)
  }
  return kept
}

function parseRows(rows: Float32Array, { labels, threshold, width, height }: ReadDetectionsOptions): Detection[] {
  const detections: Detection[] = []
  for (let at = 0; at < rows.length; at += 6) {
    const score = rows[at + 4]!
    if (!(score >= threshold)) continue
    const box = {
      left: part(rows[at]!, width),
      top: part(rows[at + 1]!, height),
      right: part(rows[at + 2]!, width),
      bottom: part(rows[at + 3]!, height),
    }
    detections.push({ label: labels[rows[at + 5]!]!, score, box })
  }
  return detections.sort((a, b) => b.score - a.score)
}

function part(value: number, length: number): number {
  return Math.min(Math.max(value / length, 0), 1)
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  if (width <= 0 || height <= 0) return 0
  const shared = width * height
  return shared / (area(a) + area(b) - shared)
}

function area({ left, top, right, bottom }: Box): number {
  return Math.max(0, right - left) * Math.max(0, bottom - top)
}
