import { PerStreamError, type TextEncoder } from '@perstream/spec'

/**
 * Where the vectors of texts are kept, by a key that names the embedding space and the text. A `Map` is one; save its
 * entries and hand them in again, and a gate starts without running the encoder.
 */
export interface EmbeddingCache {
  get(key: string): Float32Array | undefined
  set(key: string, vector: Float32Array): unknown
}

const caches = new WeakMap<TextEncoder, EmbeddingCache>()

/** Embeds texts, each once per cache (one belongs to each encoder object by default), in batches the encoder takes. */
export async function embedOnce(
  encoder: TextEncoder,
  texts: readonly string[],
  { cache = cacheOf(encoder), signal }: { cache?: EmbeddingCache | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Float32Array[]> {
  const key = (text: string) => `${encoder.space}\n${text}`
  const missing = [...new Set(texts)].filter((text) => cache.get(key(text)) === undefined)
  for (let start = 0; start < missing.length; start += encoder.maxBatchSize) {
    signal?.throwIfAborted()
    const batch = missing.slice(start, start + encoder.maxBatchSize)
    const vectors = await encoder.encode(batch, { signal })
    for (const [i, text] of batch.entries()) cache.set(key(text), checked(encoder, text, vectors[i]))
  }
  return texts.map((text) => checked(encoder, text, cache.get(key(text))))
}

function cacheOf(encoder: TextEncoder): EmbeddingCache {
  const cache = caches.get(encoder) ?? new Map<string, Float32Array>()
  caches.set(encoder, cache)
  return cache
}

function checked({ space, dimensions }: TextEncoder, text: string, vector: Float32Array | undefined): Float32Array {
  if (vector?.length === dimensions && vector.every(Number.isFinite)) return vector
  const given = vector?.length === dimensions ? 'a vector that is not finite' : `${vector?.length ?? 'no'} elements`
  throw new PerStreamError(
    'model-invalid',
    `The text encoder "${space}" gave ${given} for "${text}": it must give ${dimensions} finite ones. Check the encoder, or the cache handed in.`,
    { fields: { space, text, length: vector?.length } },
  )
}
