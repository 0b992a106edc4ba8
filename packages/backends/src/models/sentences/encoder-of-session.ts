import type { TensorSession, TextEncoder } from '@perstream/spec'
import { poolRows } from './pool-rows'
import { runTexts } from './run-texts'
import { batchByLength } from './sentence-batches'
import type { SentenceSettings } from './sentence-settings'
import { createSentenceTokenizer } from './tokenize-sentences'

/** What a sentence encoder consists of. */
interface SentenceEncoderParts {
  readonly settings: SentenceSettings
  readonly session: TensorSession
  readonly space: string
  readonly maxTokens: number
}

/** Texts that one call takes: enough to find others of similar length. */
const maxBatchSize = 256

/**
 * Makes a text encoder of a session that gives rows: they are pooled as the settings say and brought to length 1. Closing it
 * closes the session.
 * @throws PerStreamError `model-invalid` when the tokenizer cannot be used
 */
export function encoderOfSession({
  settings,
  session,
  space,
  maxTokens,
}: SentenceEncoderParts): TextEncoder & AsyncDisposable {
  const tokenize = createSentenceTokenizer(settings, maxTokens)
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
      const read = told.map((i) => ({ ids: tokenize(texts[i]!) }))
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
