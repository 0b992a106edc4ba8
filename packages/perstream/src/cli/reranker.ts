import { join } from 'node:path'
import type { Reranker } from '@perstream/spec'
import { Option } from 'commander'
import type { CommandContext } from './context'
import { findModel } from './model-names'
import { modelsFolder } from './models-folder'
import { publishedReranker } from './published-models'
import type { TextFlags } from './text-encoder'

/** What a reranker is opened with. */
export interface RerankerFlags extends Omit<TextFlags, 'text'> {
  readonly reranker?: string
}

/** The option that has a cross-encoder read questions with what was found. */
export function rerankerOption(): Option {
  return new Option(
    '--reranker <model>',
    `have a cross-encoder read the question with the best memories: name or folder, such as ${publishedReranker}`,
  )
}

/**
 * Opens the cross-encoder of an option, where one is given.
 * @throws PerStreamError `model-missing`, `model-unsupported` for a model that scores no pairs
 */
export async function openReranker(
  { reranker, threads, ...flags }: RerankerFlags,
  { signal }: CommandContext,
): Promise<(Reranker & AsyncDisposable) | undefined> {
  if (reranker === undefined) return undefined
  const { folder } = await findModel(reranker, flags)
  const [{ createCrossEncoder }, { createOnnxRuntime }] = await Promise.all([
    import('@perstream/backends/models'),
    import('@perstream/backends/onnx'),
  ])
  const cacheFolder = join(modelsFolder(flags), 'opened')
  return createCrossEncoder({ folder, runtime: createOnnxRuntime({ threads }), cacheFolder, threads, signal })
}
