import type { Reranker } from '@perstream/spec'
import { type BertFolderOptions, openBertFolder } from './bert-folder'
import { crossEncoderOfSession } from './cross-encoder-of-session'

/** Options of {@link createCrossEncoder}. */
export type CrossEncoderOptions = BertFolderOptions

/**
 * Opens a BERT cross-encoder: a model with a head of one class that reads a question and a text as one, such as
 * ms-marco-MiniLM-L6-v2. Scores are its logits. Of a pair that is too long the end of the text is cut. Whoever opened it closes it.
 * @throws PerStreamError what `importModel` and `runtime.open` throw; `model-missing`, `model-invalid`, and `model-unsupported` for a model that scores no
 * pairs, or gives more than one class
 * @example
 * const reranker = await createCrossEncoder({ folder: 'models/ms-marco-MiniLM-L6-v2', runtime: createOnnxRuntime() })
 * const graph = await createMemoryGraph({ store, text, reranker })
 */
export async function createCrossEncoder(options: CrossEncoderOptions): Promise<Reranker & AsyncDisposable> {
  return crossEncoderOfSession(await openBertFolder(options, 'score'))
}
