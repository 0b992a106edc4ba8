import { poolGrid, roundHalfEven } from '@perstream/kit'
import { type PatchGrid, PerStreamError } from '@perstream/spec'

/** How the Qwen2-VL image processor sees an image. */
export interface QwenImageGrid {
  /** Pixels after its resize. */
  readonly height: number
  readonly width: number
  /** Raw 14-pixel patches: time, rows, columns. */
  readonly grid: readonly [time: number, rows: number, columns: number]
  /** Tokens, four raw patches each. */
  readonly tokens: number
}

const factor = 28
const leastPixels = 3136
const mostPixels = 12_845_056

/**
 * The size, grid and token count of an image: both sides rounded (half to even) to multiples of 28, scaled down with floor
 * above 12,845,056 pixels and up with ceil below 3,136. (Qwen2-VL image processor; vector B1)
 */
export function qwenImageGrid(height: number, width: number): QwenImageGrid {
  let h = Math.max(factor, roundHalfEven(height / factor) * factor)
  let w = Math.max(factor, roundHalfEven(width / factor) * factor)
  if (h * w > mostPixels) {
    const scale = Math.sqrt((height * width) / mostPixels)
    h = Math.max(factor, Math.floor(height / scale / factor) * factor)
    w = Math.max(factor, Math.floor(width / scale / factor) * factor)
  } else if (h * w < leastPixels) {
    const scale = Math.sqrt(leastPixels / (height * width))
    h = Math.ceil((height * scale) / factor) * factor
    w = Math.ceil((width * scale) / factor) * factor
  }
  return { height: h, width: w, grid: [1, h / 14, w / 14], tokens: (h / factor) * (w / factor) }
}

/**
 * Pools the vision features of one image, row-major over the merged grid, to `poolSize`. (BEHAVIOUR 2, vector B4)
 * @throws PerStreamError `input-invalid` when the number of features does not fit the grid (the prototype's B-14 is unchecked)
 */
export function poolQwenFeatures(
  features: Float32Array,
  dimensions: number,
  [time, rawRows, rawColumns]: readonly [number, number, number],
  poolSize: readonly [rows: number, columns: number],
  space: string,
): PatchGrid {
  const count = features.length / dimensions
  const rows = rawRows / 2
  const columns = rawColumns / 2
  if (time * rows * columns !== count)
    throw new PerStreamError(
      'input-invalid',
      `${count} vision features do not fit a grid of ${time} x ${rawRows} x ${rawColumns} raw patches, which has ${time * rows * columns} merged ones.`,
      { fields: { count, grid: [time, rawRows, rawColumns] } },
    )
  return poolGrid({ data: features, rows: time * rows, columns, dimensions, space }, ...poolSize)
}
