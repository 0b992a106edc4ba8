import type { RgbImage } from '@perstream/spec'

/** The size of a frame at a height: width keeps the aspect, truncated to whole pixels, never enlarged. (vector A1) */
export function fitHeight(width: number, height: number, wanted: number): { width: number; height: number } {
  if (wanted >= height) return { width, height }
  return { width: Math.max(1, Math.trunc((wanted * width) / height)), height: wanted }
}

/**
 * Resizes an RGB image as OpenCV's INTER_AREA does: when shrinking, each pixel is the coverage-weighted mean of the box
 * it covers, rounded; when enlarging, the nearest pixel is repeated. (BEHAVIOUR 1.2, vector A8)
 * @throws TypeError when a size is not a whole number of 1 or more
 */
export function resizeArea(image: RgbImage, width: number, height: number): RgbImage {
  const columns = coverage(image.width, width, 'width')
  const rows = coverage(image.height, height, 'height')
  const narrow = new Float64Array(width * image.height * 3)
  for (let y = 0; y < image.height; y++)
    mixAxis(image.data, y * image.width * 3, 3, columns, narrow, y * width * 3, 3, 3)
  const mixed = new Float64Array(width * height * 3)
  mixAxis(narrow, 0, width * 3, rows, mixed, 0, width * 3, width * 3)
  return { data: Uint8Array.from(mixed, Math.round), width, height }
}

/** Which source cells an output cell covers, and how much of each; the weights of a cell add up to 1. */
interface Cell {
  readonly first: number
  readonly weights: readonly number[]
}

function coverage(from: number, to: number, name: string): Cell[] {
  if (!Number.isInteger(to) || to < 1) throw new TypeError(`${name} is ${to}: it must be a whole number, 1 or more`)
  const scale = from / to
  return Array.from({ length: to }, (_, i) => {
    if (scale <= 1) return { first: Math.min(from - 1, Math.floor(i * scale)), weights: [1] }
    const start = i * scale
    const end = Math.min(from, start + scale)
    const first = Math.floor(start + 1e-9)
    const last = Math.ceil(end - 1e-9)
    const weights = Array.from({ length: last - first }, (_, k) => {
      const covered = Math.min(end, first + k + 1) - Math.max(start, first + k)
      return covered / (end - start)
    })
    return { first, weights }
  })
}

function mixAxis(
  source: ArrayLike<number>,
  from: number,
  fromStep: number,
  cells: readonly Cell[],
  target: Float64Array,
  to: number,
  toStep: number,
  count: number,
): void {
  for (let i = 0; i < cells.length; i++) {
    const { first, weights } = cells[i]!
    for (let k = 0; k < weights.length; k++) {
      const weight = weights[k]!
      const start = from + (first + k) * fromStep
      for (let c = 0; c < count; c++) target[to + i * toStep + c]! += weight * source[start + c]!
    }
  }
}
