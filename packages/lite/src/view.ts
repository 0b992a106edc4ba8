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

/** Takes in a picture; costs about a pass over its pixels. */
export function viewOf(image: RgbImage): View {
  const grey = toGrey(image)
  return {
    cells: toCells(grey, image.width, image.height),
    sharpness: laplacianVariance(grey, image.width, image.height),
  }
}

/** The mean difference of two views in grey levels: about 0 for the same, 2 to 4 with noise, more when anything moved. */
export function viewDifference(a: View, b: View): number {
  let sum = 0
  for (let i = 0; i < a.cells.length; i++) sum += Math.abs(a.cells[i]! - b.cells[i]!)
  return sum / a.cells.length
}

function toGrey({ data }: RgbImage): Float32Array {
  const grey = new Float32Array(data.length / 3)
  for (let i = 0, j = 0; i < grey.length; i++, j += 3)
    grey[i] = 0.299 * data[j]! + 0.587 * data[j + 1]! + 0.114 * data[j + 2]!
  return grey
}

function toCells(grey: Float32Array, width: number, height: number): Float32Array {
  const sums = new Float32Array(ROWS * COLUMNS)
  const counts = new Float32Array(ROWS * COLUMNS)
  const columns = Uint8Array.from({ length: width }, (_, x) => Math.floor((x * COLUMNS) / width))
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * ROWS) / height) * COLUMNS
    for (let x = 0; x < width; x++) {
      const cell = row + columns[x]!
      sums[cell]! += grey[y * width + x]!
      counts[cell]!++
    }
  }
  const mean = sums.reduce((sum, value) => sum + value, 0) / Math.max(1, grey.length)
  return sums.map((sum, i) => (counts[i] === 0 ? 0 : sum / counts[i]! - mean))
}

function laplacianVariance(grey: Float32Array, width: number, height: number): number {
  let sum = 0
  let squares = 0
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x
      const value = grey[at - 1]! + grey[at + 1]! + grey[at - width]! + grey[at + width]! - 4 * grey[at]!
      sum += value
      squares += value * value
    }
  const count = Math.max(1, (width - 2) * (height - 2))
  return squares / count - (sum / count) ** 2
}
