import type { TripletExtractor } from '@perstream/spec'
import { createTagger } from './tagged-words'
import { textTriplets } from './text-triplets'
import { toTriplets } from './triplet-rules'

/**
 * Creates an extractor of triplets by rules. Of a plain English sentence, over part-of-speech tags (wink-nlp), the first
 * triplet tells the main clause, what qualifies its verb within the predicate: "Anna puts the cup on the table" gives
 * (Anna, puts on the table, the cup). A second one is given only for a second verb with the same subject; a fragment
 * without a verb gives none. Of a text of several lines (a sign, a bill) what its form tells is given, six at most: "OLD
 * MILL / TOTAL 11.90" gives (OLD MILL, TOTAL, 11.90).
 */
export function createWinkTriplets(): TripletExtractor {
  const tag = createTagger()
  return {
    async extract(text, options = {}) {
      options.signal?.throwIfAborted()
      if (/\S\s*\n\s*\S/.test(text)) return textTriplets(text)
      return tag(text).flatMap(toTriplets)
    },
  }
}
