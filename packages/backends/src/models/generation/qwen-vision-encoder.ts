import { poolGrid } from '@perstream/kit'
import { type CallOptions, type PatchGrid, PerStreamError, type VisionEncoder } from '@perstream/spec'
import type { LanguageModelParts } from '../language-model-parts'
import { createVisionTower, type VisionOptions, visionSpace } from './vision-tower'

/** Options of {@link createQwenVisionEncoder}. */
export interface QwenVisionEncoderOptions extends VisionOptions, CallOptions {
  /** Height at which frames are looked at. Default 224, the prototype's. */
  readonly height?: number | undefined
  /** Grids are pooled to this size, as the prototype does before it stores them. Default: they are kept as they are. */
  readonly pool?: { readonly rows: number; readonly columns: number } | undefined
}

/**
 * Makes a vision encoder of the vision tower of a Qwen model: one grid a frame, one row for each merged patch, in the
 * space that the model's decoder reads, so that a stored grid can stand in a later prompt. Frames are encoded one at
 * a time: memory grows with the square of a call's patches.
 * @throws PerStreamError `model-unsupported` when the model has no vision tower, `model-invalid`
 */
export async function createQwenVisionEncoder(
  parts: LanguageModelParts,
  { height = 224, pool, ...options }: QwenVisionEncoderOptions = {},
): Promise<VisionEncoder> {
  if (!Number.isInteger(height) || height < 1) {
    throw new TypeError(`height is ${height}: it must be a whole number, 1 or more`)
  }
  const tower = await createVisionTower(parts, options)
  const { config } = parts
  if (!tower || !('vision' in config)) {
    throw new PerStreamError('model-unsupported', 'The model has no vision tower: open a vision-language model')
  }
  return {
    space: visionSpace(config, options.space),
    dimensions: config.vision.outputWidth,
    async encode(frames, { signal } = {}) {
      const grids: PatchGrid[] = []
      for (const frame of frames) {
        signal?.throwIfAborted()
        const { grid } = await tower.encode(await frame.pixels({ height, signal }), { signal })
        grids.push(pool ? poolGrid(grid, pool.rows, pool.columns) : grid)
      }
      return grids
    },
  }
}
