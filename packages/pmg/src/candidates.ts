import { aliasTerms } from './alias-terms'
import type { Background, CentredSpace } from './centred-space'
import type { GraphState } from './graph-state'
import type { LexicalMatches, WeightedTerm } from './lexical-index'
import { nearTerms } from './near-terms'
import type { SlotSet } from './slot-set'
import { otherForms } from './verb-forms'
import { searchTerms } from './words'

/** A memory that may be returned, with what speaks for it. */
export interface Candidate {
  readonly slot: number
  /** NaN where memory or question has no vector. */
  readonly similarity: number
  /** The similarity that speaks for it: its own, or that of an older value whose place it took. */
  support: number
  vector: number
  lexical: number
  graph: number
  time: number
  reranker: number
  /** The id of the entity that a walk came by. */
  entity?: string
}

/** What is looked for, and where. */
export interface Search {
  readonly vector: Float32Array | undefined
  readonly text: string
  /** Whose memories, where one person's alone are asked for. */
  readonly owner: string | undefined
  readonly allowed: SlotSet | undefined
  /** How many by vector, and how many by words. */
  readonly count: number
  /** Undefined in a graph without vectors. */
  readonly centred: CentredSpace | undefined
}

/** What makes candidates of slots. */
export interface Candidates {
  readonly bySlot: Map<number, Candidate>
  /** Scores further slots by vector and words, and adds them. */
  add(slots: Iterable<number>): void
}

export function scoreOf({ vector, lexical, graph, time, reranker }: Candidate): number {
  return vector + lexical + graph + time + reranker
}

/** The candidates, best first; of equals, what happened last. */
export function ordered(state: GraphState, candidates: Iterable<Candidate>): Candidate[] {
  const { filters } = state
  return [...candidates].sort((a, c) => scoreOf(c) - scoreOf(a) || filters.momentOf(c.slot) - filters.momentOf(a.slot))
}

/**
 * Finds the nearest by vector and the best by words, and scores all of them by both: how many deviations nearer than any memory a vector
 * is, and which share of the rarity of the words a memory has.
 */
export function gather(state: GraphState, search: Search, weight: number): Candidates {
  const { vector, allowed, count, centred } = search
  const background = vector && centred?.backgroundOf(vector)
  const near = vector && centred ? state.vectors!.search(vector, { limit: count, allowed }) : []
  const terms = weight > 0 ? termsOf(state, search) : []
  const words = state.lexical.search(terms, count, allowed)
  const bySlot = new Map<number, Candidate>()
  const vectorParts = (slots: Uint32Array) => {
    const products = vector && centred ? state.vectors!.scoresOf(vector, slots) : undefined
    const fromMean = products && centred!.centred(vector!, slots, products)
    return { products, parts: Array.from(slots, (_, i) => vectorPart(fromMean?.[i] ?? Number.NaN, background)) }
  }
  let slope: number | undefined
  const expected = (lexical: number) => {
    slope ??= slopeOf(words, weight, vectorParts)
    return slope * lexical
  }
  const add = (wanted: Iterable<number>) => {
    const slots = Uint32Array.from(new Set(wanted)).filter((slot) => !bySlot.has(slot))
    const { products, parts } = vectorParts(slots)
    slots.forEach((slot, i) => {
      const similarity = products?.[i] ?? Number.NaN
      const lexical = lexicalPart(words, slot, weight)
      const vector = Number.isNaN(parts[i]!) ? expected(lexical) : parts[i]!
      bySlot.set(slot, { slot, similarity, support: similarity, vector, lexical, graph: 0, time: 0, reranker: 0 })
    })
  }
  add([...near, ...words.top].map(({ slot }) => slot))
  return { bySlot, add }
}

/** How many deviations nearer than any memory; NaN where there is no vector. */
function vectorPart(similarity: number, background: Background | undefined): number {
  return background ? (similarity - background.mean) / background.deviation : Number.NaN
}

/**
 * How much a vector says, of those that have one, for each unit that words say: what can be expected of a memory whose embedding was let go. To take
 * nothing instead would put it behind all that have one.
 */
function slopeOf(
  words: LexicalMatches,
  weight: number,
  vectorParts: (slots: Uint32Array) => { parts: number[] },
): number {
  const slots = Uint32Array.from(words.top, ({ slot }) => slot)
  const { parts } = vectorParts(slots)
  let [products, squares] = [0, 0]
  slots.forEach((slot, i) => {
    const x = lexicalPart(words, slot, weight)
    const y = parts[i]!
    if (Number.isNaN(y)) return
    products += x * y
    squares += x * x
  })
  return squares > 0 ? Math.max(0, products / squares) : 0
}

function lexicalPart(words: LexicalMatches, slot: number, weight: number): number {
  return words.whole === 0 ? 0 : (weight * words.scoreOf(slot)) / words.whole
}

/** The words of a text, those that resemble what no memory has, and other names for what it speaks of. */
function termsOf(state: GraphState, { text, owner }: Search): WeightedTerm[] {
  const { lexical, filters } = state
  const terms = [...new Set(searchTerms(text))]
  const whole = terms.map((term) => ({ term, weight: 1, asked: true }))
  const near = terms.flatMap((term) => (lexical.frequency(term) === 0 ? nearTerms(lexical, term) : []))
  const asked = new Set(terms)
  const verbs = terms
    .flatMap((term) => otherForms(term))
    .filter((term) => !asked.has(term))
    .map((term) => ({ term, weight: 1 }))
  const owners = owner === undefined ? filters.owners() : [owner]
  return [...whole, ...near, ...verbs, ...aliasTerms(state, text, owners)]
}
