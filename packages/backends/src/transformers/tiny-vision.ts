import { createGraph } from '@perstream/onnx'
import { type LookAlikeFolder, matrix, patchRows } from './look-alikes'

export const size = 8
export const width = 12
export const projection = matrix(3 * size * size, width, 1, 0.2)
export const processor = {
  ...{ do_resize: true, do_rescale: true, do_normalize: true, resample: 3 },
  ...{ image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
}

/** A vision transformer without its transformer: patches, behind tokens that belong to no place. */
export function visionGraph(prefix: number, output = 'last_hidden_state') {
  const graph = createGraph({ name: 'vision' })
  const pixels = graph.input('pixel_values', 'float32', ['b', 3, 'h', 'w'])
  const patches = patchRows(graph, pixels, projection, size)
  const tokens = { type: 'float32', shape: [1, prefix, width], data: new Float32Array(prefix * width).fill(9) } as const
  const all =
    prefix === 0 ? patches : graph.node('Concat', [graph.constant(tokens), patches], { attributes: { axis: 1 } })
  graph.output(output, all, 'float32', ['b', 'tokens', width])
  return graph
}

export const settings = { patch_size: size, hidden_size: width }

/** Writes a DINOv2 of patches alone, for images of 48 x 32. */
export async function writeDinov2(folder: LookAlikeFolder): Promise<void> {
  await folder.json('config.json', { model_type: 'dinov2', ...settings })
  await folder.json('preprocessor_config.json', { ...processor, size: { width: 48, height: 32 } })
  await folder.model('model', visionGraph(1))
}
