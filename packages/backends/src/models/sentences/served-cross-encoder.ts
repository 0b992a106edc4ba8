import type { Reranker } from '@perstream/spec'
import { crossEncoderOfSession } from './cross-encoder-of-session'
import { openServedBert, type ServedBertOptions } from './served-bert'

/** Options of {@link createServedCrossEncoder}. */
export type ServedCrossEncoderOptions = ServedBertOptions

/**
 * Opens a ready-made BERT cross-encoder from the URL of its folder, in browsers too; else as `createCrossEncoder`.
 * @throws PerStreamError `model-missing` for a file that the server does not have, `model-invalid`, `model-unsupported`, and
 * what `runtime.open` throws
 */
export async function createServedCrossEncoder(
  options: ServedCrossEncoderOptions,
): Promise<Reranker & AsyncDisposable> {
  return crossEncoderOfSession(await openServedBert(options, 'score'))
}
