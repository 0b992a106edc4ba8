import type { CallOptions, TextEncoder } from '@perstream/spec'

/** Encodes any number of texts in batches the encoder takes: one vector each, input order. */
export async function encodeAll(
  encoder: TextEncoder,
  texts: readonly string[],
  { signal }: CallOptions = {},
): Promise<Float32Array[]> {
  const vectors: Float32Array[] = []
  for (let i = 0; i < texts.length; i += encoder.maxBatchSize)
    vectors.push(...(await encoder.encode(texts.slice(i, i + encoder.maxBatchSize), { signal })))
  return vectors
}
