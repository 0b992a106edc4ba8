import { entityKey } from './entity-key'
import type { GraphState } from './graph-state'
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
function namesIn(text: string): string[] {
  const words = text.matchAll(
    /(?<=[\p{L}\p{N},;)'"’”] )\p{Lu}[\p{L}\p{M}'’-]+|(?<=: |^)\p{Lu}[\p{L}\p{M}'’-]+(?= \p{Lu})/gu,
  )
  return [...new Set(Array.from(words, ([word]) => searchTerms(word)).flat())]
}

const longestLabel = 4

/**
 * Words to look for because an entity of the question is called by them too: its label and aliases. They weigh as much as the words of
 * the question themselves.
 */
export function aliasTerms(state: GraphState, text: string, owners: Iterable<string>): WeightedTerm[] {
  const asked = new Set(searchTerms(text))
  const words = text.match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}.'’-]*/gu) ?? []
  const names = new Set<string>()
  for (const owner of owners)
    for (let start = 0; start < words.length; start++)
      for (let end = start + 1; end <= Math.min(words.length, start + longestLabel); end++) {
        const record = state.entityByLabel(owner, entityKey(words.slice(start, end).join(' ')))
        if (!record || record.kind === 'owner' || record.aliases.length === 0) continue
        for (const label of [record.label, ...record.aliases]) for (const term of searchTerms(label)) names.add(term)
      }
  return [...names].filter((term) => !asked.has(term)).map((term) => ({ term, weight: 1 }))
}
