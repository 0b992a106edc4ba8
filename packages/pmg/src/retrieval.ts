import type { Memory, MemoryQuery, RetrievedMemory, ScoreParts, SourceProgress } from '@perstream/spec'
import { evidenceUntil } from './evidence'
import type { GraphState, MemoryEntry } from './graph-state'
import { saysTheSame } from './same-fact'
import { topIndices } from './top'
import { walk } from './walk'
import { searchTerms } from './words'

const lexicalWeight = 0.3
const graphWeight = 0.1
const seeds = 8
/** The prototype's `delta_dfs_threshold`. */
const defaultActivation = 0.3

/** A question whose vector, if it has one, is of the graph's space and length 1. */
interface ReadyQuery extends MemoryQuery {
  readonly limit: number
}

/**
 * Ranks memories: how much nearer than the average memory a vector is, plus BM25 relative to the best, plus what a
 * walk from the best of both brings over shared entities. One order over memories; of several that say the same, only the
 * best takes a slot. Linear in the memories for the vectors, in the posting lists for the words; the walk is bounded.
 */
export function rank(state: GraphState, query: ReadyQuery): RetrievedMemory[] {
  const allowed = allowedSlots(state, query)
  const similarities = similaritiesOf(state, query.vector, allowed)
  const vector = aboveAverage(similarities)
  const lexical = lexicalParts(state, query.text, allowed)
  const scores = new Float64Array(state.slots.length).fill(Number.NaN)
  const add = (slot: number, part: number) => {
    scores[slot] = (Number.isNaN(scores[slot]!) ? 0 : scores[slot]!) + part
  }
  for (let slot = 0; slot < vector.length; slot++) if (!Number.isNaN(vector[slot]!)) add(slot, vector[slot]!)
  for (const [slot, part] of lexical) add(slot, part)
  const { activation = defaultActivation } = query
  const near = (slot: number) => !((similarities?.[slot] ?? 1) < activation)
  const graph = walk(
    state,
    starts(scores).filter(([slot]) => near(slot)),
    allowed,
  )
  for (const [slot, strength] of graph) add(slot, graphWeight * strength)
  return distinct(state, scores, query.limit).map((entry) => {
    const nearness = vector[entry.slot]
    const parts = {
      vector: nearness === undefined || Number.isNaN(nearness) ? 0 : nearness,
      lexical: lexical.get(entry.slot) ?? 0,
      graph: graphWeight * (graph.get(entry.slot) ?? 0),
      time: 0,
    }
    return found(entry.memory, parts, similarities?.[entry.slot], query)
  })
}

function found(memory: Memory, parts: ScoreParts, similarity: number | undefined, query: MemoryQuery): RetrievedMemory {
  const { until } = query
  return {
    memory: until ? { ...memory, evidence: evidenceUntil(memory.evidence, until) } : memory,
    score: parts.vector + parts.lexical + parts.graph + parts.time,
    parts,
    similarity: similarity === undefined || Number.isNaN(similarity) ? undefined : similarity,
  }
}

type Allowed = (slot: number) => boolean

function allowedSlots(state: GraphState, query: MemoryQuery): Allowed {
  const { owner, source, asOf, validAt, until } = query
  const categories = query.categories && new Set(query.categories)
  const exclude = new Set(query.exclude)
  const passes = (memory: Memory) =>
    !exclude.has(memory.id) &&
    (owner === undefined || memory.owner === owner) &&
    (!categories || categories.has(memory.category)) &&
    (source === undefined || memory.evidence.some((seen) => seen.source === source)) &&
    (until === undefined || wasShown(memory, until)) &&
    (asOf === undefined || memory.learnedAt <= asOf) &&
    (validAt === undefined || isValidAt(memory, validAt))
  const mask = new Uint8Array(state.slots.length)
  for (const [slot, entry] of state.slots.entries()) if (entry && passes(entry.memory)) mask[slot] = 1
  return (slot) => mask[slot] === 1
}

/** What has no evidence was told, and is no source's to hold back. */
function wasShown({ evidence }: Memory, until: SourceProgress): boolean {
  return evidence.length === 0 || evidenceUntil(evidence, until).length > 0
}

/** True from `validFrom` (inclusive) to `validTo` (exclusive). */
function isValidAt({ validFrom, validTo }: Memory, moment: number): boolean {
  return (validFrom === undefined || validFrom <= moment) && (validTo === undefined || moment < validTo)
}

/** Dot products of the query's vector with the embeddings in allowed slots, by slot; NaN for the other slots. */
function similaritiesOf(
  state: GraphState,
  vector: Float32Array | undefined,
  allowed: Allowed,
): Float32Array | undefined {
  if (!vector || !state.vectors) return undefined
  const slots = Uint32Array.from([...state.slots.keys()].filter(allowed))
  const found = state.vectors.scoresOf(vector, slots)
  const similarities = new Float32Array(state.slots.length).fill(Number.NaN)
  slots.forEach((slot, i) => {
    similarities[slot] = found[i]!
  })
  return similarities
}

/** Similarities less their mean: a memory without a vector then counts as an average one, not as the worst. */
function aboveAverage(similarities: Float32Array | undefined): Float32Array {
  if (!similarities) return new Float32Array(0)
  let sum = 0
  let count = 0
  for (let slot = 0; slot < similarities.length; slot++) {
    if (Number.isNaN(similarities[slot]!)) continue
    sum += similarities[slot]!
    count++
  }
  const average = sum / Math.max(1, count)
  return similarities.map((similarity) => similarity - average)
}

function lexicalParts(state: GraphState, text: string | undefined, allowed: Allowed): Map<number, number> {
  const scores = state.lexical.search(text === undefined ? [] : searchTerms(text), allowed)
  let highest = 0
  for (const score of scores.values()) highest = Math.max(highest, score)
  for (const [slot, score] of scores) scores.set(slot, (lexicalWeight * score) / highest)
  return scores
}

/** Where the walk starts: the best, each with its strength against the very best. */
function starts(scores: Float64Array): [slot: number, strength: number][] {
  const top = topIndices(scores, seeds).filter((slot) => scores[slot]! > 0)
  return top.map((slot) => [slot, scores[slot]! / scores[top[0]!]!])
}

/** The best that say different things; of equals, what was learned last. */
function distinct(state: GraphState, scores: Float64Array, limit: number): MemoryEntry[] {
  for (let count = limit * 4 + 32; ; count *= 4) {
    const top = topIndices(scores, count)
    const ranked = top
      .map((slot) => state.slots[slot]!)
      .sort((a, b) => scores[b.slot]! - scores[a.slot]! || b.memory.learnedAt - a.memory.learnedAt)
    const chosen: MemoryEntry[] = []
    for (const entry of ranked) {
      if (chosen.length === limit) break
      if (!chosen.some((other) => saysTheSame(state, entry, other))) chosen.push(entry)
    }
    if (chosen.length === limit || top.length < count) return chosen
  }
}
