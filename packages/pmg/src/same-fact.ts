import { dot } from '@perstream/kit'
import type { GraphState } from './graph-state'
import type { MemoryEntry } from './memory-entry'
import { searchTerms } from './words'

const wordAgreement = 0.75
const vectorAgreement = 0.85

/**
 * Says whether two memories tell the same so nearly that showing both would waste a slot: they share most of their terms and, where
 * both have one, their embeddings agree; numbers and negations are the same.
 */
export function saysTheSame(state: GraphState, a: MemoryEntry, b: MemoryEntry): boolean {
  const [first, second] = [new Set(searchTerms(a.memory.text)), new Set(searchTerms(b.memory.text))]
  let shared = 0
  for (const term of first) if (second.has(term)) shared++
  const all = first.size + second.size - shared
  if (all === 0 || shared / all < wordAgreement) return false
  if (facts(a) !== facts(b)) return false
  const [left, right] = [state.vectors?.get(a.slot), state.vectors?.get(b.slot)]
  return !left || !right || dot(left, right) >= vectorAgreement
}

/** What must not differ: numbers, negations and capitalised words, in order. */
function facts({ memory }: MemoryEntry): string {
  const words = memory.text.match(/[\p{L}\p{N}'’]+/gu) ?? []
  return words
    .filter((word, i) => /\p{N}/u.test(word) || (i > 0 && /^\p{Lu}/u.test(word)) || negation.test(word))
    .join(' ')
}

const negation = /^(?:no|not|never|none|nobody|nothing|without|\p{L}+n['’]t)$/iu
