import type { Background } from './background'
import type { LexicalIndex } from './lexical-index'
import { nearTerms } from './near-terms'
import type { SlotSet } from './slot-set'

/** What a memory's similarity is worth when a question's rarest words occur nowhere. */
const unknownCost = 0.5
/** Where an answer is as likely as none, and how sharply that turns. */
const evenly = 0.15
const slope = 8
const half = 0.5

/**
 * The share of a question's words, by their rarity, that none of the memories in question has: what was never seen is mostly asked for
 * in words that were never seen.
 */
export function unknownShare(lexical: LexicalIndex, terms: readonly string[], allowed: SlotSet | undefined): number {
  let unknown = 0
  let all = 0
  for (const term of new Set(terms)) {
    const rarity = lexical.rarity(term)
    all += rarity
    const spellings = lexical.frequency(term) > 0 ? [term] : nearTerms(lexical, term).map((near) => near.term)
    if (!spellings.some((spelling) => lexical.occurs(spelling, allowed))) unknown += rarity
  }
  return all === 0 ? 0 : unknown / all
}

/**
 * How much speaks for a memory answering a question, 0..1: how far its similarity lies between what any memory has and identity, less
 * the question's unknown words.
 *
 * @param covered the share of the question's words that it has, for memories without a vector
 * @param timed whether it is of a time that the question names: that alone is half an answer to what was then
 */
export function confidenceOf(
  similarity: number,
  background: Background | undefined,
  { covered, unknown, timed }: { readonly covered: number; readonly unknown: number; readonly timed: boolean },
): number {
  const own = background && !Number.isNaN(similarity) ? (similarity - background.mean) / (1 - background.mean) : covered
  const near = timed ? Math.max(own, half) : own
  return 1 / (1 + Math.exp(-slope * (near - unknownCost * unknown - evenly)))
}
