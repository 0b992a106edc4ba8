import { type CallOptions, type PatchGrid, PerStreamError, type RgbImage, type Tensor } from '@perstream/spec'
import type { VisionLanguageConfig } from '../config/model-config'
import { processImage } from '../image/image-processor'
import { type ImageProcessorConfig, readImageProcessorConfig } from '../image/image-processor-config'
import { smartResize } from '../image/smart-resize'
import type { LanguageModelParts } from '../language-model-parts'

/** Bounds of what a vision tower is shown, and the name of its space. */
export interface VisionOptions {
  /** Images are enlarged to at least this many pixels. Default: what preprocessor_config.json says. */
  readonly minPixels?: number | undefined
  /**
   * Images are shrunk to at most this many pixels; one row of a grid stands for (patch * merge)² of them. Default:
   * what preprocessor_config.json says.
   */
  readonly maxPixels?: number | undefined
  /**
   * Id of the space of the grids. Default: the family and the width, 'qwen2_5_omni-3584'; name it where several
   * models of one family and width are used.
   */
  readonly space?: string | undefined
}

/** What a tower makes of an image. */
export interface EncodedImage {
  readonly grid: PatchGrid
  /** Qwen3-VL: what the first layers of the decoder read too, each as long as the grid's data. */
  readonly deepstack: readonly Float32Array[]
}

/** The vision tower of a language model. */
export interface VisionTower {
  /** The grid that an image will have, without encoding it. */
  measure(image: RgbImage): { readonly rows: number; readonly columns: number }
  encode(image: RgbImage, options?: CallOptions): Promise<EncodedImage>
}

/** The id of the space that a model's visual embeddings live in. */
export function visionSpace({ family, vision }: VisionLanguageConfig, space: string | undefined): string {
  return space ?? `${family}-${vision.outputWidth}`
}

/**
 * Makes the vision tower of a model; undefined when the model has none.
 * @throws PerStreamError `model-invalid` when preprocessor_config.json contradicts config.json
 */
export async function createVisionTower(
  parts: LanguageModelParts,
  { minPixels, maxPixels, space, signal }: VisionOptions & CallOptions = {},
): Promise<VisionTower | undefined> {
  const { config, vision: session } = parts
  if (!session || !('vision' in config)) return undefined
  const read = readImageProcessorConfig(await parts.readText('preprocessor_config.json', { signal }))
  const processor = { ...read, minPixels: minPixels ?? read.minPixels, maxPixels: maxPixels ?? read.maxPixels }
  checkProcessor(processor, config)
  const gridName = session.inputs.find(({ name }) => /^(image_)?grid_thw$/.test(name))?.name
  if (gridName === undefined) {
    throw new PerStreamError('model-invalid', 'The vision encoder has no input "image_grid_thw": export it with one')
  }
  const factor = processor.patchSize * processor.mergeSize
  const id = visionSpace(config, space)
  return {
    measure(image) {
      const { width, height } = smartResize(image, { factor, ...processor })
      return { rows: height / factor, columns: width / factor }
    },
    async encode(image, { signal } = {}) {
      const { pixelValues, gridRows, gridColumns } = processImage(image, processor)
      const grid = BigInt64Array.of(1n, BigInt(gridRows), BigInt(gridColumns))
      const outputs = await session.run(
        { pixel_values: pixelValues, [gridName]: { type: 'int64', shape: [1, 3], data: grid } },
        { signal },
      )
      const rows = gridRows / processor.mergeSize
      const columns = gridColumns / processor.mergeSize
      const data = floats(outputs, 'image_features')
      return {
        grid: { data, rows, columns, dimensions: config.vision.outputWidth, space: id },
        deepstack: config.vision.deepstackLayers.map((_, i) => floats(outputs, `deepstack_features.${i}`)),
      }
    },
  }
}

function checkProcessor(processor: ImageProcessorConfig, { vision }: VisionLanguageConfig): void {
  const pairs = [
    ['patch_size', processor.patchSize, vision.patch],
    ['merge_size', processor.mergeSize, vision.merge],
    ['temporal_patch_size', processor.temporalPatchSize, vision.temporalPatch],
  ] as const
  for (const [name, found, wanted] of pairs) {
    if (found !== wanted) {
      throw new PerStreamError(
        'model-invalid',
        `preprocessor_config.json says ${name} ${found}, config.json says ${wanted}: they belong to different models`,
        { fields: { name, found, wanted } },
      )
    }
  }
}

function floats(outputs: Readonly<Record<string, Tensor>>, name: string): Float32Array {
  const tensor = outputs[name]
  if (tensor?.data instanceof Float32Array) return tensor.data
  throw new PerStreamError('model-invalid', `The vision encoder gives no "${name}" of float32: export it with one`)
}
