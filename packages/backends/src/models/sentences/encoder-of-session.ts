import type { CallOptions, Tensor, TensorSession, TextEncoder } from '@perstream/spec'
import { poolRows } from './pool-rows'
import { batchByLength, type SentenceBatch } from './sentence-batches'
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
      const ids = told.map((i) => tokenize(texts[i]!))
      for (const batch of batchByLength(ids.map((each) => each.length))) {
        const rows = await runBatch(session, ids, batch, { signal: stop })
        batch.places.forEach((place, row) => {
          const own = rows.subarray(row * batch.length * width)
          vectors[told[place]!] = poolRows(own, { count: ids[place]!.length, width, pooling: settings.pooling })
        })
      }
      return vectors
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}

/** The rows of the last layer, [texts, length, width]. */
async function runBatch(
  session: TensorSession,
  ids: readonly (readonly number[])[],
  { places, length }: SentenceBatch,
  options: CallOptions,
): Promise<Float32Array> {
  const shape = [places.length, length]
  const [inputs, mask] = [new BigInt64Array(places.length * length), new BigInt64Array(places.length * length)]
  places.forEach((place, row) => {
    ids[place]!.forEach((id, i) => {
      inputs[row * length + i] = BigInt(id)
      mask[row * length + i] = 1n
    })
  })
  const all: Record<string, Tensor> = {
    input_ids: { type: 'int64', shape, data: inputs },
    attention_mask: { type: 'int64', shape, data: mask },
    token_type_ids: { type: 'int64', shape, data: new BigInt64Array(inputs.length) },
  }
  const feeds = Object.fromEntries(session.inputs.map(({ name }) => [name, all[name]!]))
  const { last_hidden_state: rows } = await session.run(feeds, { ...options, outputs: ['last_hidden_state'] })
  return rows!.data as Float32Array
}
