import { encodeAll } from '@perstream/kit'
import type { Reranker, TextEncoder, TripletExtractor } from '@perstream/spec'

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

/** A reranker that reads each text for a question once in a run. */
export function cachedReranker(reranker: Reranker): Reranker {
  const known = new Map<string, Map<string, number>>()
  return {
    async score(question, texts, options) {
      const scores = known.get(question) ?? new Map<string, number>()
      known.set(question, scores)
      const fresh = texts.filter((text) => !scores.has(text))
      const found = await reranker.score(question, fresh, options)
      fresh.forEach((text, i) => {
        scores.set(text, found[i]!)
      })
      return Float32Array.from(texts, (text) => scores.get(text)!)
    },
  }
}
