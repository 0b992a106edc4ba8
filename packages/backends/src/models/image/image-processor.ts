import type { RgbImage, Tensor } from '@perstream/spec'
import { resizeBicubic } from './bicubic'
import type { ImageProcessorConfig } from './image-processor-config'
import { smartResize } from './smart-resize'

/** An image as a vision tower takes it. */
export interface ProcessedImage {
  /** float32 [patches, channels * time * patch * patch], merge block by merge block. */
  readonly pixelValues: Tensor
  /** Raw patches from top to bottom and from left to right. */
  readonly gridRows: number
  readonly gridColumns: number
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
