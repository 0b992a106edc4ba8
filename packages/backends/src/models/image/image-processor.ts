import { PerStreamError, type RgbImage, type Tensor } from '@perstream/spec'
import { resizeBicubic } from './bicubic'
import { smartResize } from './smart-resize'

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

/** An image as a vision tower takes it. */
export interface ProcessedImage {
  /** float32 [patches, channels * time * patch * patch], merge block by merge block. */
  readonly pixelValues: Tensor
  /** Raw patches from top to bottom and from left to right. */
  readonly gridRows: number
  readonly gridColumns: number
}

/**
 * Reads `preprocessor_config.json` of a Qwen model, older (`min_pixels`) and newer (`size.shortest_edge`) forms.
 * @throws PerStreamError `model-invalid` when it is no JSON object, `model-unsupported` for another kind of preparation
 */
export function readImageProcessorConfig(text: string): ImageProcessorConfig {
  const config = parseObject(text)
  const size = (config.size ?? {}) as Record<string, unknown>
  const number = (value: unknown, fallback: number) => (typeof value === 'number' ? value : fallback)
  const numbers = (value: unknown, fallback: readonly number[]) =>
    Array.isArray(value) && value.length === 3 ? (value as number[]) : fallback
  for (const step of ['do_resize', 'do_rescale', 'do_normalize']) {
    if (config[step] === false) throw unsupported(step, false)
  }
  if (config.resample !== undefined && config.resample !== 3) throw unsupported('resample', config.resample)
  return {
    patchSize: number(config.patch_size, 14),
    mergeSize: number(config.merge_size, 2),
    temporalPatchSize: number(config.temporal_patch_size, 2),
    minPixels: number(config.min_pixels ?? size.shortest_edge, 56 * 56),
    maxPixels: number(config.max_pixels ?? size.longest_edge, 28 * 28 * 1280),
    mean: numbers(config.image_mean, [0.48145466, 0.4578275, 0.40821073]),
    deviation: numbers(config.image_std, [0.26862954, 0.26130258, 0.27577711]),
    rescale: number(config.rescale_factor, 1 / 255),
  }
}

function parseObject(text: string): Record<string, unknown> {
  let cause: unknown
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (error) {
    cause = error
  }
  throw new PerStreamError(
    'model-invalid',
    'preprocessor_config.json is no JSON object: fetch the model again',
    cause === undefined ? {} : { cause },
  )
}

function unsupported(option: string, value: unknown): PerStreamError {
  return new PerStreamError(
    'model-unsupported',
    `preprocessor_config.json says ${option} = ${JSON.stringify(value)}, which is not built: use a Qwen vision model`,
    { fields: { option, value } },
  )
}

/**
 * Resizes, normalises and cuts an image into the patches of a Qwen vision tower. A row has channel, time, y, x.
 * @throws TypeError when the image has no pixels or the wrong number of bytes
 * @throws PerStreamError `input-invalid` when one side is more than 200 times the other
 */
export function processImage(image: RgbImage, config: ImageProcessorConfig): ProcessedImage {
  checkImage(image)
  const { patchSize, mergeSize, minPixels, maxPixels } = config
  const size = smartResize(image, { factor: patchSize * mergeSize, minPixels, maxPixels })
  const resized = resizeBicubic(image, size)
  const gridRows = size.height / patchSize
  const gridColumns = size.width / patchSize
  const rowLength = 3 * config.temporalPatchSize * patchSize * patchSize
  const data = new Float32Array(gridRows * gridColumns * rowLength)
  const values = normalizedValues(config)
  let patch = 0
  for (let top = 0; top < gridRows; top += mergeSize) {
    for (let left = 0; left < gridColumns; left += mergeSize) {
      for (let row = top; row < top + mergeSize; row++) {
        for (let column = left; column < left + mergeSize; column++, patch++) {
          writePatch(
            resized,
            { row, column, config, values },
            data.subarray(patch * rowLength, (patch + 1) * rowLength),
          )
        }
      }
    }
  }
  return {
    pixelValues: { type: 'float32', shape: [gridRows * gridColumns, rowLength], data },
    gridRows,
    gridColumns,
  }
}

function checkImage({ width, height, data }: RgbImage): void {
  if (!(width > 0 && height > 0) || data.length !== width * height * 3) {
    throw new TypeError(
      `image has ${data.length} bytes for ${width} x ${height} pixels: it must have 3 bytes a pixel, and at least one`,
    )
  }
}

/** What each of the 256 values of each channel becomes. */
function normalizedValues({ mean, deviation, rescale }: ImageProcessorConfig): Float32Array {
  const values = new Float32Array(3 * 256)
  for (let channel = 0; channel < 3; channel++) {
    for (let value = 0; value < 256; value++) {
      values[channel * 256 + value] = (value * rescale - mean[channel]!) / deviation[channel]!
    }
  }
  return values
}

interface PatchPlace {
  readonly row: number
  readonly column: number
  readonly config: ImageProcessorConfig
  readonly values: Float32Array
}

function writePatch({ data, width }: RgbImage, { row, column, config, values }: PatchPlace, out: Float32Array): void {
  const { patchSize, temporalPatchSize } = config
  const area = patchSize * patchSize
  for (let channel = 0; channel < 3; channel++) {
    const at = channel * temporalPatchSize * area
    for (let y = 0; y < patchSize; y++) {
      let from = ((row * patchSize + y) * width + column * patchSize) * 3 + channel
      const end = at + (y + 1) * patchSize
      for (let to = at + y * patchSize; to < end; to++, from += 3) out[to] = values[channel * 256 + data[from]!]!
    }
    for (let time = 1; time < temporalPatchSize; time++) out.copyWithin(at + time * area, at, at + area)
  }
}
