import type { RgbImage } from '@perstream/spec'

/** What tells views apart cheaply: a coarse grey copy, and how sharp the picture is. */
export interface View {
  /** `ROWS * COLUMNS` mean grey levels less their mean, so that light that changes evenly is no change. */
  readonly cells: Float32Array
  /** Variance of the Laplacian, grey levels of 0..255. */
  readonly sharpness: number
}

const ROWS = 24
const COLUMNS = 32

/** Takes in a picture, whose sharpness may have been measured before; costs about a pass over its pixels. */
export function viewOf(image: RgbImage, sharpness: number = laplacianVariance(image)): View {
  return { cells: toCells(image), sharpness }
}

/** The mean difference of two views in grey levels: about 0 for the same, 2 to 4 with noise, more when anything moved. */
export function viewDifference(a: View, b: View): number {
  let sum = 0
  for (let i = 0; i < a.cells.length; i++) sum += Math.abs(a.cells[i]! - b.cells[i]!)
  return sum / a.cells.length
}

function toCells({ data, width, height }: RgbImage): Float32Array {
  const cells = new Float32Array(ROWS * COLUMNS)
  const counts = new Uint32Array(ROWS * COLUMNS)
  let total = 0
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * ROWS) / height) * COLUMNS
    let at = y * width * 3
    for (let column = 0; column < COLUMNS; column++) {
      const end = (y * width + Math.ceil(((column + 1) * width) / COLUMNS)) * 3
      counts[row + column]! += (end - at) / 3
      let sum = 0
      for (; at < end; at += 3) sum += grey(data, at)
      cells[row + column]! += sum
      total += sum
    }
  }
  const mean = total / Math.max(1, width * height)
  return cells.map((sum, i) => (counts[i] === 0 ? 0 : sum / counts[i]! - mean))
}

function laplacianVariance({ data, width, height }: RgbImage): number {
  const levels = Float32Array.from({ length: width * height }, (_, i) => grey(data, 3 * i))
  let sum = 0
  let squares = 0
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x
      const value = levels[at - 1]! + levels[at + 1]! + levels[at - width]! + levels[at + width]! - 4 * levels[at]!
      sum += value
      squares += value * value
    }
  const count = Math.max(1, (width - 2) * (height - 2))
  return squares / count - (sum / count) ** 2
}

function grey(data: Uint8Array, at: number): number {
  return 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!
}
