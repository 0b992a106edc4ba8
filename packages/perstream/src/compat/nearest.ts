import { mean } from '@perstream/kit'
import type { PatchGrid } from '@perstream/spec'

/** The prototype's nearest vector, with its fault: a zero patch makes a frame's score NaN, and NaN wins. (B-25, vector E1) */
export interface CompatNearest {
  /** Mean over frames, patch by patch: `rows * columns * dimensions` numbers. */
  readonly mean: Float32Array
  /** One score a frame; NaN where a patch is zero. */
  readonly scores: readonly number[]
  /** The first NaN if any, else the first maximum. */
  readonly chosen: number
}

/** Finds the nearest frame as shipped. All grids have one shape. */
export function compatNearest(grids: readonly PatchGrid[]): CompatNearest {
  const average = mean(grids.map(({ data }) => data))
  const scores = grids.map((grid) => score(grid, average))
  const firstNaN = scores.findIndex(Number.isNaN)
  return { mean: average, scores, chosen: firstNaN >= 0 ? firstNaN : scores.indexOf(Math.max(...scores)) }
}

function score({ data, rows, columns, dimensions }: PatchGrid, average: Float32Array): number {
  let sum = 0
  for (let start = 0; start < data.length; start += dimensions) sum += patchCosine(data, average, start, dimensions)
  return sum / (rows * columns)
}

/** 0 / 0 is NaN here by intent. */
function patchCosine(a: Float32Array, b: Float32Array, start: number, dimensions: number): number {
  let product = 0
  let aa = 0
  let bb = 0
  for (let i = start; i < start + dimensions; i++) {
    product += a[i]! * b[i]!
    aa += a[i]! ** 2
    bb += b[i]! ** 2
  }
  return product / (Math.sqrt(aa) * Math.sqrt(bb))
}
