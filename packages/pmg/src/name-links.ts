import type { LexicalIndex, WeightedTerm } from './lexical-index'
import { searchTerms } from './words'

/** A word in more memories than these names nothing in particular. */
const rare = 3

/**
 * Words to look for beside those of a question: names that the memories give to what it calls otherwise. "The landlord" occurs in one
 * memory, "signed R. Pfeiffer, landlord", so what is said of Pfeiffer is of the landlord. Only rare words are followed, one step, and
 * to capitalised words alone; a name weighs less the more of them there are.
 */
export function linkedNames(
  terms: readonly string[],
  lexical: LexicalIndex,
  textAt: (slot: number) => string | undefined,
  share: number,
): WeightedTerm[] {
  const asked = new Set(terms)
  const links = new Map<string, number>()
  for (const term of asked) {
    const count = lexical.frequency(term)
    if (count === 0 || count > rare) continue
    for (const slot of lexical.slotsOf(term, rare)) {
      const names = namesIn(textAt(slot) ?? '').filter((name) => !asked.has(name))
      for (const name of names)
        links.set(name, Math.max(links.get(name) ?? 0, share / (count * Math.sqrt(names.length))))
    }
  }
  return Array.from(links, ([term, weight]) => ({ term, weight }))
}

/** The terms of words that are capitalised where a sentence does not ask for it. */
export function namesIn(text: string): string[] {
  const words = text.matchAll(
    /(?<=[\p{L}\p{N},;)'"’”] )\p{Lu}[\p{L}\p{M}'’-]+|(?<=: |^)\p{Lu}[\p{L}\p{M}'’-]+(?= \p{Lu})/gu,
  )
  return [...new Set(Array.from(words, ([word]) => searchTerms(word)).flat())]
}
