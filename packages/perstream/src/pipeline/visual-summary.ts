import { cosine, mean, poolGrid } from '@perstream/kit'
import type { PatchGrid } from '@perstream/spec'

/** What is kept of the frames of one moment: their mean grid, and the frame's grid that lies nearest to it. */
export interface VisualSummary {
  readonly mean: PatchGrid
  readonly nearest: PatchGrid
  /** Which of the grids is the nearest. */
  readonly nearestIndex: number
}

/**
 * Summarises the grids of one moment, pooled to one size. A frame's score is the mean over patches of the cosine with the
 * mean grid; the first of the best wins; a zero patch scores 0. (BEHAVIOUR 5.3 and B-25; vector E1)
 * @throws TypeError when there are no grids
 */
export function summarizeGrids(grids: readonly PatchGrid[], poolSize: readonly [number, number]): VisualSummary {
  const pooled = grids.map((grid) => poolGrid(grid, ...poolSize))
  const first = pooled[0]
  if (!first) throw new TypeError('grids is empty: a visual summary needs at least one')
  const average: PatchGrid = { ...first, data: mean(pooled.map((grid) => grid.data)) }
  const scores = pooled.map((grid) => meanPatchCosine(grid, average))
  const nearestIndex = scores.indexOf(Math.max(...scores))
  return { mean: average, nearest: pooled[nearestIndex]!, nearestIndex }
}

/** Mean over patches of the cosine of two grids of one shape. */
function meanPatchCosine(a: PatchGrid, b: PatchGrid): number {
  const patches = a.rows * a.columns
  let sum = 0
  for (let patch = 0; patch < patches; patch++) sum += cosine(patchOf(a, patch), patchOf(b, patch))
  return sum / patches
}

function patchOf(grid: PatchGrid, patch: number): Float32Array {
  return grid.data.subarray(patch * grid.dimensions, (patch + 1) * grid.dimensions)
}
