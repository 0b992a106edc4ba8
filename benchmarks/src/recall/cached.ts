import { encodeAll } from '@perstream/kit'
import type { TextEncoder, TripletExtractor } from '@perstream/spec'

/** An encoder that encodes each text once in a run. */
export function cachedEncoder(encoder: TextEncoder): TextEncoder {
  const known = new Map<string, Float32Array>()
  return {
    space: encoder.space,
    dimensions: encoder.dimensions,
    maxBatchSize: Number.POSITIVE_INFINITY,
    async encode(texts, options = {}) {
      const fresh = [...new Set(texts.filter((text) => !known.has(text)))]
      const vectors = await encodeAll(encoder, fresh, options)
      fresh.forEach((text, i) => {
        known.set(text, vectors[i]!)
      })
      return texts.map((text) => known.get(text)!)
    },
  }
}

/** An extractor that reads each text once in a run. */
export function cachedTriplets(extractor: TripletExtractor): TripletExtractor {
  const known = new Map<string, ReturnType<TripletExtractor['extract']>>()
  return {
    extract(text, options) {
      const found = known.get(text) ?? extractor.extract(text, options)
      known.set(text, found)
      return found
    },
  }
}
