import { poolingRanges } from '@perstream/kit'
import type { PatchGrid, RgbImage, VisionEncoder } from '@perstream/spec'

const orientations = 8
/** Mean and deviation of red, green and blue, then how strong edges are in each direction. */
const dimensions = 6 + orientations

/** Options of {@link createReferenceVisionEncoder}. */
export interface ReferenceVisionEncoderOptions {
  /** Patches from top to bottom, 1 or more. Default 8. */
  readonly rows?: number | undefined
  /** Patches from left to right, 1 or more. Default 8. */
  readonly columns?: number | undefined
  /** Height at which frames are looked at. Default 224. */
  readonly height?: number | undefined
}

/**
 * Makes a vision encoder of colour and edge statistics: each patch has the mean and deviation of red, green and blue
 * (0..1) and a histogram of eight edge directions (mean strength, 0..1). It tells places and light apart, not things.
 * Deterministic, no weights, no dependencies.
 */
export function createReferenceVisionEncoder({
  rows = 8,
  columns = 8,
  height = 224,
}: ReferenceVisionEncoderOptions = {}): VisionEncoder {
  for (const [field, value] of Object.entries({ rows, columns, height })) {
    if (!Number.isInteger(value) || value < 1)
      throw new TypeError(`${field} is ${value}: it must be a whole number, 1 or more`)
  }
  const space = 'reference-vision-14'
  return {
    space,
    dimensions,
    async encode(frames, { signal } = {}) {
      const grids: PatchGrid[] = []
      for (const frame of frames) {
        signal?.throwIfAborted()
        const image = await frame.pixels({ height, signal })
        grids.push({ data: encodeImage(image, rows, columns), rows, columns, dimensions, space })
      }
      signal?.throwIfAborted()
      return grids
    },
  }
}

function encodeImage(image: RgbImage, rows: number, columns: number): Float32Array {
  const data = new Float32Array(rows * columns * dimensions)
  const columnRanges = poolingRanges(image.width, columns)
  poolingRanges(image.height, rows).forEach((rowRange, r) => {
    columnRanges.forEach((columnRange, c) => {
      const cell = data.subarray((r * columns + c) * dimensions, (r * columns + c + 1) * dimensions)
      describeCell(image, rowRange, columnRange, cell)
    })
  })
  return data
}

type Range = { start: number; end: number }

function describeCell(image: RgbImage, rowRange: Range, columnRange: Range, cell: Float32Array): void {
  const sums = new Float64Array(dimensions)
  for (let y = rowRange.start; y < rowRange.end; y++) {
    for (let x = columnRange.start; x < columnRange.end; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const value = image.data[(y * image.width + x) * 3 + channel]! / 255
        sums[channel]! += value
        sums[3 + channel]! += value * value
      }
      addEdge(image, x, y, sums)
    }
  }
  const count = (rowRange.end - rowRange.start) * (columnRange.end - columnRange.start)
  for (let channel = 0; channel < 3; channel++) {
    const mean = sums[channel]! / count
    cell[channel] = mean
    cell[3 + channel] = Math.sqrt(Math.max(0, sums[3 + channel]! / count - mean * mean))
  }
  for (let i = 6; i < dimensions; i++) cell[i] = sums[i]! / count
}

/** Adds the strength of the edge at a pixel, by central differences of the luma, to its direction. */
function addEdge(image: RgbImage, x: number, y: number, sums: Float64Array): void {
  const dx = (luma(image, x + 1, y) - luma(image, x - 1, y)) / 2
  const dy = (luma(image, x, y + 1) - luma(image, x, y - 1)) / 2
  const strength = Math.hypot(dx, dy)
  if (strength === 0) return
  const turn = Math.atan2(dy, dx) / (2 * Math.PI) + 0.5
  sums[6 + (Math.round(turn * orientations) % orientations)]! += strength
}

/** Luma 0..1 (BT.601 weights); beyond the border the nearest pixel counts. */
function luma({ data, width, height }: RgbImage, x: number, y: number): number {
  const at = (Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1)) * 3
  return (0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!) / 255
}
