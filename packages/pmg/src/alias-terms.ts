import { entityKey } from './entity-key'
import type { GraphState } from './graph-state'
import type { WeightedTerm } from './lexical-index'
import { searchTerms } from './words'

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
