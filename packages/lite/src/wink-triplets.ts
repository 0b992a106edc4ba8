import type { TripletExtractor } from '@perstream/spec'
import { createTagger } from './tagged-words'
import { toTriplets } from './triplet-rules'

/**
 * Creates an extractor of triplets from plain English sentences by rules over part-of-speech tags (wink-nlp). The first
 * triplet tells the main clause, what qualifies its verb within the predicate: "Anna puts the cup on the table" gives
 * (Anna, puts on the table, the cup). A second one is given only for a second verb with the same subject. Fragments
 * without a verb, and texts of several lines (signs, bills), give none.
 */
export function createWinkTriplets(): TripletExtractor {
  const tag = createTagger()
  return {
    async extract(text, options = {}) {
      options.signal?.throwIfAborted()
      if (/\S\s*\n\s*\S/.test(text)) return []
      return tag(text).flatMap(toTriplets)
    },
  }
}
