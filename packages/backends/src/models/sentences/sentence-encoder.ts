import { basename, resolve } from 'node:path'
import type { TextEncoder } from '@perstream/spec'
import { type BertFolderOptions, openBertFolder } from './bert-folder'
import { encoderOfSession } from './encoder-of-session'
import type { OpenSentenceOptions } from './open-sentence-options'

/** Options of {@link createSentenceEncoder}: `folder` holds a model of sentence-transformers, all-MiniLM-L6-v2 and its like. */
export interface SentenceEncoderOptions extends OpenSentenceOptions, BertFolderOptions {}

/**
 * Opens a BERT encoder of sentences: rows of the last layer, pooled as the folder says and brought to length 1. Texts are
 * run together with others of similar length; an empty or blank text gives the zero vector without a run. Whoever opened
 * it closes it.
 * @throws PerStreamError what `importModel` and `runtime.open` throw; `model-missing`, `model-invalid` and
 * `model-unsupported` for what lies beside the weights
 */
export async function createSentenceEncoder(options: SentenceEncoderOptions): Promise<TextEncoder & AsyncDisposable> {
  const { space = basename(resolve(options.folder)) } = options
  return encoderOfSession(await openBertFolder(options, 'rows'), space)
}
