import type { Reranker } from '@perstream/spec'
import { Option } from 'commander'
import type { CommandContext } from './context'
import { findModel } from './model-names'
import { type OpeningFlags, openingOptions } from './opening-options'
import { publishedReranker } from './published-models'

/** What a reranker is opened with. */
export interface RerankerFlags extends OpeningFlags {
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
  { reranker, ...flags }: RerankerFlags,
  { signal }: CommandContext,
): Promise<(Reranker & AsyncDisposable) | undefined> {
  if (reranker === undefined) return undefined
  const { folder } = await findModel(reranker, flags)
  const { createCrossEncoder } = await import('@perstream/backends/models')
  return createCrossEncoder({ folder, ...(await openingOptions(flags)), signal })
}
