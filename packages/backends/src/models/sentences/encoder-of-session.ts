import type { TextEncoder } from '@perstream/spec'
import type { OpenedBert } from './opened-bert'
import { poolRows } from './pool-rows'
import { runTexts } from './run-texts'
import { batchByLength } from './sentence-batches'
import { tokenizeSentence } from './tokenize-sentences'

/** Texts that one call takes: enough to find others of similar length. */
const maxBatchSize = 256

/**
 * Makes a text encoder of a session that gives rows: they are pooled as the settings say and brought to length 1. Closing it
 * closes the session.
 */
export function encoderOfSession({ settings, session }: OpenedBert, space: string): TextEncoder & AsyncDisposable {
  const { width } = settings.config
  return {
    space,
    dimensions: width,
    maxBatchSize,
    async encode(texts, { signal: stop } = {}) {
      stop?.throwIfAborted()
      if (texts.length > maxBatchSize) {
        throw new TypeError(`texts has ${texts.length} entries: one call takes ${maxBatchSize}; encode them in batches`)
      }
      const vectors: Float32Array[] = texts.map(() => new Float32Array(width))
      const told = texts.map((_, i) => i).filter((i) => texts[i]!.trim() !== '')
      const read = told.map((i) => ({ ids: tokenizeSentence(settings, texts[i]!) }))
      for (const batch of batchByLength(read.map(({ ids }) => ids.length))) {
        const rows = await runTexts(session, read, batch, { output: 'last_hidden_state', signal: stop })
        batch.places.forEach((place, row) => {
          const own = rows.subarray(row * batch.length * width)
          vectors[told[place]!] = poolRows(own, { count: read[place]!.ids.length, width, pooling: settings.pooling })
        })
      }
      return vectors
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}
