import type { PatchGrid } from '@perstream/spec'

/**
 * The source range of each cell of adaptive average pooling along one axis: cell i of `out` covers
 * `floor(i * length / out)` (inclusive) to `ceil((i + 1) * length / out)` (exclusive). Cells overlap when `length` is not
 * a multiple of `out`, and repeat values when `out` is larger. (BEHAVIOUR: adaptive pooling, vector B3)
 */
export function poolingRanges(length: number, out: number): { start: number; end: number }[] {
  if (!Number.isInteger(length) || length < 1)
    throw new TypeError(`length is ${length}: it must be a whole number, 1 or more`)
  if (!Number.isInteger(out) || out < 1) throw new TypeError(`out is ${out}: it must be a whole number, 1 or more`)
  return Array.from({ length: out }, (_, i) => ({
    start: Math.floor((i * length) / out),
    end: Math.ceil(((i + 1) * length) / out),
  }))
}

/** Pools a patch grid to `rows x columns` by adaptive averaging; order and space are kept. */
export function poolGrid(grid: PatchGrid, rows: number, columns: number): PatchGrid {
  const { dimensions } = grid
  const data = new Float32Array(rows * columns * dimensions)
  const columnRanges = poolingRanges(grid.columns, columns)
  poolingRanges(grid.rows, rows).forEach((rowRange, r) => {
    columnRanges.forEach((columnRange, c) => {
      const cell = data.subarray((r * columns + c) * dimensions, (r * columns + c + 1) * dimensions)
      averageCell(grid, rowRange, columnRange, cell)
    })
  })
  return { data, rows, columns, dimensions, space: grid.space }
}

type Range = { start: number; end: number }

function averageCell(grid: PatchGrid, rowRange: Range, columnRange: Range, cell: Float32Array): void {
  const sum = new Float64Array(grid.dimensions)
  for (let r = rowRange.start; r < rowRange.end; r++) {
    for (let c = columnRange.start; c < columnRange.end; c++) {
      const base = (r * grid.columns + c) * grid.dimensions
      for (let d = 0; d < sum.length; d++) sum[d]! += grid.data[base + d]!
    }
  }
  const count = (rowRange.end - rowRange.start) * (columnRange.end - columnRange.start)
  for (let d = 0; d < sum.length; d++) cell[d] = sum[d]! / count
}
