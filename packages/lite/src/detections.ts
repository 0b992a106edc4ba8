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
  const { labels, threshold, width, height } = options
  const kept: Detection[] = []
  for (const detection of parseRows(rows, labels, width, height)) {
    const { label, score, box } = detection
    const repeats = kept.some((other) => other.label === label && overlap(other.box, box) >= 0.5)
    if (score >= threshold && area(box) > 0 && !repeats) kept.push(detection)
  }
  return kept
}

function parseRows(rows: Float32Array, labels: readonly string[], width: number, height: number): Detection[] {
  const detections = Array.from({ length: rows.length / 6 }, (_, i) => {
    const [left, top, right, bottom, score, number] = rows.subarray(i * 6, i * 6 + 6) as unknown as number[]
    const box = {
      left: part(left!, width),
      top: part(top!, height),
      right: part(right!, width),
      bottom: part(bottom!, height),
    }
    return { label: labels[number!]!, score: score!, box }
  })
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
