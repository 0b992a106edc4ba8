import type { Reranker } from '@perstream/spec'
import type { OpenedBert } from './opened-bert'
import { runTexts } from './run-texts'
import { batchByLength } from './sentence-batches'
import { tokenizePair } from './tokenize-sentences'

/** Makes a reranker of a session that scores pairs. Closing it closes the session. */
export function crossEncoderOfSession({ settings, session }: OpenedBert): Reranker & AsyncDisposable {
  return {
    async score(question, texts, { signal } = {}) {
      signal?.throwIfAborted()
      const scores = new Float32Array(texts.length)
      const pairs = texts.map((text) => tokenizePair(settings, question, text))
      for (const batch of batchByLength(pairs.map(({ ids }) => ids.length))) {
        const logits = await runTexts(session, pairs, batch, { output: 'logits', signal })
        batch.places.forEach((place, row) => {
          scores[place] = logits[row]!
        })
      }
      return scores
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}
