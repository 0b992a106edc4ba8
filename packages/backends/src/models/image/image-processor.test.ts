import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PerStreamError } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { difference, modelFolder, readGolden, tinyModels } from '../../../test/golden'
import { shared } from '../test-material'
import { resizeBicubic } from './bicubic'
import { processImage } from './image-processor'
import { readImageProcessorConfig } from './image-processor-config'
import { smartResize } from './smart-resize'

const limits = { factor: 28, minPixels: 3136, maxPixels: 12_845_056 }

describe('smartResize', () => {
  it.each([
    [224, 398, 224, 392],
    [224, 298, 224, 308],
    [224, 280, 224, 280],
    [28, 28, 56, 56],
    [42, 42, 56, 56],
    [98, 98, 112, 112],
    [84, 84, 84, 84],
    [224, 126, 224, 112],
    [4000, 6000, 2912, 4368],
    [14, 2000, 28, 672],
  ])('gives %i x %i (height x width) as %i x %i (vector B1)', (height, width, toHeight, toWidth) => {
    expect(smartResize({ width, height }, limits)).toEqual({ width: toWidth, height: toHeight })
  })

  it('refuses a strip', () => {
    expect(() => smartResize({ width: 2010, height: 10 }, limits)).toThrow(PerStreamError)
  })
})

describe('resizeBicubic', () => {
  it('leaves an image of its size alone, and one colour one colour', () => {
    const image = { data: new Uint8Array(7 * 5 * 3).fill(201), width: 7, height: 5 }
    expect(resizeBicubic(image, { width: 7, height: 5 })).toBe(image)
    const { data } = resizeBicubic(image, { width: 28, height: 3 })
    expect(data.length).toBe(28 * 3 * 3)
    expect(data.every((value) => value === 201)).toBe(true)
  })
})

describe('readImageProcessorConfig', () => {
  it('reads older and newer bounds', () => {
    expect(readImageProcessorConfig('{"min_pixels": 3136, "max_pixels": 12845056}')).toMatchObject({
      maxPixels: 12845056,
    })
    const newer = '{"size": {"shortest_edge": 65536, "longest_edge": 16777216}, "patch_size": 16}'
    expect(readImageProcessorConfig(newer)).toMatchObject({ minPixels: 65536, maxPixels: 16777216, patchSize: 16 })
  })

  it.each([
    ['[', 'model-invalid', /no JSON/],
    ['{"min_pixels": "many"}', 'model-invalid', /"min_pixels" is "many"/],
    ['{"patch_size": 1.5}', 'model-invalid', /"patch_size" is 1.5/],
    ['{"image_mean": [1, 2]}', 'model-invalid', /"image_mean" is \[1,2\]/],
    ['{"resample": 2}', 'model-unsupported', /"resample" is 2/],
    ['{"do_resize": false}', 'model-unsupported', /"do_resize" is false/],
  ])('refuses %s', (text, code, message) => {
    expect(() => readImageProcessorConfig(text)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    )
  })
})

describe.skipIf(!shared).each(tinyModels)('the images of %s (skipped without shared material)', (name) => {
  it('are resized as Pillow does, and cut as the golden pixel values are', async () => {
    const golden = await readGolden(name)
    const config = readImageProcessorConfig(await readFile(join(modelFolder(name), 'preprocessor_config.json'), 'utf8'))
    for (const { image, pixel_values, resized, image_grid_thw, ...sums } of golden.images) {
      const source = golden.image(image)
      const { pixelValues, gridRows, gridColumns } = processImage(source, config)
      expect([1, gridRows, gridColumns]).toEqual(image_grid_thw[0])
      const values = pixelValues.data as Float32Array
      if (pixel_values) expect(difference(values, golden.floats(pixel_values))).toBeLessThan(1e-6)
      expect(difference(values.subarray(0, 8), sums.pixel_values_row0_first8)).toBeLessThan(1e-6)
      expect(values.reduce((sum, value) => sum + Math.abs(value), 0) / sums.pixel_values_sum_abs).toBeCloseTo(1, 5)
      if (resized) {
        const wanted = golden.image(resized)
        expect(difference(resizeBicubic(source, wanted).data, wanted.data)).toBe(0)
      }
    }
  })
})
