import { join } from 'node:path'
import { type ModelFlags, modelsFolder } from './models-folder'

/** What commands open models of sentences with. */
export interface OpeningFlags extends ModelFlags {
  readonly threads?: number
}

/** What they run on, and where those that are imported on the way are kept. */
export async function openingOptions({ threads, ...flags }: OpeningFlags) {
  const { createOnnxRuntime } = await import('@perstream/backends/onnx')
  return { runtime: createOnnxRuntime({ threads }), threads, cacheFolder: join(modelsFolder(flags), 'opened') }
}
