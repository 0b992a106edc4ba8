import { PerStreamError } from '@perstream/spec'
import { parseJson } from '../prompt/tokenizer'

/** How images become patches: what `preprocessor_config.json` says. */
export interface ImageProcessorConfig {
  readonly patchSize: number
  readonly mergeSize: number
  /** How many equal frames stand for one image. */
  readonly temporalPatchSize: number
  readonly minPixels: number
  readonly maxPixels: number
  /** Of red, green and blue, for values of 0..1. */
  readonly mean: readonly number[]
  readonly deviation: readonly number[]
  readonly rescale: number
}

/**
 * Reads `preprocessor_config.json` of a Qwen model, older (`min_pixels`) and newer (`size.shortest_edge`) forms. What
 * is left out has the value that the family was released with.
 * @throws PerStreamError `model-invalid` for a wrong value, `model-unsupported` for another kind of preparation
 */
export function readImageProcessorConfig(text: string): ImageProcessorConfig {
  const config = parseJson<Record<string, unknown>>(text, 'preprocessor_config.json')
  const size = (config.size ?? {}) as Record<string, unknown>
  for (const step of ['do_resize', 'do_rescale', 'do_normalize']) {
    if (config[step] === false) throw unsupported(step, false)
  }
  if ((config.resample ?? 3) !== 3) throw unsupported('resample', config.resample)
  return {
    patchSize: readCount('patch_size', config.patch_size, 14),
    mergeSize: readCount('merge_size', config.merge_size, 2),
    temporalPatchSize: readCount('temporal_patch_size', config.temporal_patch_size, 2),
    minPixels: readCount('min_pixels', config.min_pixels ?? size.shortest_edge, 56 * 56),
    maxPixels: readCount('max_pixels', config.max_pixels ?? size.longest_edge, 28 * 28 * 1280),
    mean: readColours('image_mean', config.image_mean, [0.48145466, 0.4578275, 0.40821073]),
    deviation: readColours('image_std', config.image_std, [0.26862954, 0.26130258, 0.27577711]),
    rescale: readNumber('rescale_factor', config.rescale_factor, 1 / 255),
  }
}

function readNumber(key: string, value: unknown, fallback: number): number {
  if (value === undefined || value === null) return fallback
  if (typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY) return value
  throw invalid(key, value, 'a number above 0')
}

function readCount(key: string, value: unknown, fallback: number): number {
  const number = readNumber(key, value, fallback)
  if (Number.isInteger(number)) return number
  throw invalid(key, value, 'a whole number, 1 or more')
}

function readColours(key: string, value: unknown, fallback: readonly number[]): readonly number[] {
  if (value === undefined || value === null) return fallback
  const isColours = Array.isArray(value) && value.length === 3 && value.every((each) => Number.isFinite(each))
  if (isColours) return value as number[]
  throw invalid(key, value, 'three numbers')
}

function invalid(key: string, value: unknown, wanted: string): PerStreamError {
  return new PerStreamError(
    'model-invalid',
    `preprocessor_config.json: "${key}" is ${JSON.stringify(value)}; it must be ${wanted}`,
    { fields: { key, value } },
  )
}

function unsupported(key: string, value: unknown): PerStreamError {
  return new PerStreamError(
    'model-unsupported',
    `preprocessor_config.json: "${key}" is ${JSON.stringify(value)}, and images are prepared as for Qwen's vision towers alone`,
    { fields: { key, value } },
  )
}
