import type { TextEncoder } from '@perstream/spec'
import { encoderOfSession } from './encoder-of-session'
import type { OpenSentenceOptions } from './open-sentence-options'
import { baseOf, openServedBert, type ServedBertOptions } from './served-bert'

/** Options of {@link createServedSentenceEncoder}. */
export interface ServedSentenceEncoderOptions extends OpenSentenceOptions, ServedBertOptions {}

/**
 * Opens a ready-made BERT encoder of sentences from the URL of its folder, in browsers too; else as `createSentenceEncoder`.
 * @throws PerStreamError `model-missing` for a file that the server does not have, `model-invalid`, `model-unsupported`, and
 * what `runtime.open` throws
 */
export async function createServedSentenceEncoder(
  options: ServedSentenceEncoderOptions,
): Promise<TextEncoder & AsyncDisposable> {
  const base = baseOf(options.url)
  const { space = base.slice(base.lastIndexOf('/') + 1) } = options
  return encoderOfSession(await openServedBert(options, 'rows'), space)
}
