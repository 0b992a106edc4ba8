import type { Memory, MemoryQuery, RetrievedMemory, ScoreParts } from '@perstream/spec'
import { evidenceUntil } from './evidence'
import type { GraphState, MemoryEntry } from './graph-state'
import { saysTheSame } from './same-fact'
import { walk } from './walk'
import { searchTerms } from './words'

const lexicalWeight = 0.3
const graphWeight = 0.1
const seeds = 8
/** The prototype's `delta_dfs_threshold`. */
const defaultActivation = 0.3

/** A question whose vector, if it has one, is of the graph's space and length 1. */
export interface ReadyQuery extends MemoryQuery {
  readonly limit: number
}

/**
 * Ranks memories: how much nearer than the average memory a vector is, plus BM25 relative to the best, plus what a
 * walk from the best of both brings over shared entities. One order over memories; of several that say the same, only the
 * best takes a slot. Linear in the memories for the vectors, in the posting lists for the words; the walk is bounded.
 */
export function rank(state: GraphState, query: ReadyQuery): RetrievedMemory[] {
  const allowed = allowedSlots(state, query)
  const vector = vectorParts(state, query.vector, allowed)
  const lexical = lexicalParts(state, query.text, allowed)
  const base = new Map<number, number>()
  for (const slot of new Set([...vector.parts.keys(), ...lexical.keys()]))
    base.set(slot, (vector.parts.get(slot) ?? 0) + (lexical.get(slot) ?? 0))
  const { activation = defaultActivation } = query
  const starts = best(base, seeds).filter(([slot]) => !((vector.similarities?.[slot] ?? 1) < activation))
  const graph = walk(state, starts, allowed)
  for (const [slot, activation] of graph) base.set(slot, (base.get(slot) ?? 0) + graphWeight * activation)
  const ranked = ranking(state, base)
  return distinct(state, ranked, query.limit).map((entry) => {
    const parts = {
      vector: vector.parts.get(entry.slot) ?? 0,
      lexical: lexical.get(entry.slot) ?? 0,
      graph: graphWeight * (graph.get(entry.slot) ?? 0),
      time: 0,
    }
    return found(entry.memory, parts, vector.similarities?.[entry.slot], query)
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
  const passes = ({ id, category, evidence, ...memory }: Memory) =>
    !exclude.has(id) &&
    (owner === undefined || memory.owner === owner) &&
    (!categories || categories.has(category)) &&
    (source === undefined || evidence.some((seen) => seen.source === source)) &&
    (until === undefined || evidence.length === 0 || evidenceUntil(evidence, until).length > 0) &&
    (asOf === undefined || memory.learnedAt <= asOf) &&
    (validAt === undefined || isValidAt(memory, validAt))
  const mask = Uint8Array.from(state.slots, (entry) => (entry && passes(entry.memory) ? 1 : 0))
  return (slot) => mask[slot] === 1
}

/** True from `validFrom` (inclusive) to `validTo` (exclusive). */
function isValidAt({ validFrom, validTo }: Pick<Memory, 'validFrom' | 'validTo'>, moment: number): boolean {
  return (validFrom === undefined || validFrom <= moment) && (validTo === undefined || moment < validTo)
}

/** Similarities less their mean: a memory without a vector then counts as an average one, not as the worst. */
function vectorParts(state: GraphState, query: Float32Array | undefined, allowed: Allowed) {
  const parts = new Map<number, number>()
  if (!query || !state.vectors) return { parts, similarities: undefined }
  const similarities = state.vectors.search(query, allowed)
  let sum = 0
  let count = 0
  for (const similarity of similarities) {
    if (Number.isNaN(similarity)) continue
    sum += similarity
    count++
  }
  const average = sum / Math.max(1, count)
  similarities.forEach((similarity, slot) => {
    if (!Number.isNaN(similarity)) parts.set(slot, similarity - average)
  })
  return { parts, similarities }
}

function lexicalParts(state: GraphState, text: string | undefined, allowed: Allowed): Map<number, number> {
  const scores = state.lexical.search(text === undefined ? [] : searchTerms(text), allowed)
  let highest = 0
  for (const score of scores.values()) highest = Math.max(highest, score)
  for (const [slot, score] of scores) scores.set(slot, (lexicalWeight * score) / highest)
  return scores
}

function best(scores: ReadonlyMap<number, number>, count: number): [slot: number, score: number][] {
  const sorted = [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, count)
  const highest = sorted[0]?.[1] ?? 0
  return highest > 0 ? sorted.filter(([, score]) => score > 0).map(([slot, score]) => [slot, score / highest]) : []
}

/** Best first; of equals, what was learned last. */
function ranking(state: GraphState, scores: ReadonlyMap<number, number>): MemoryEntry[] {
  return [...scores]
    .map(([slot, score]) => ({ entry: state.slots[slot]!, score }))
    .sort((a, b) => b.score - a.score || b.entry.memory.learnedAt - a.entry.memory.learnedAt)
    .map(({ entry }) => entry)
}

function distinct(state: GraphState, ranked: readonly MemoryEntry[], limit: number): MemoryEntry[] {
  const chosen: MemoryEntry[] = []
  for (const entry of ranked) {
    if (chosen.length === limit) break
    if (!chosen.some((other) => saysTheSame(state, entry, other))) chosen.push(entry)
  }
  return chosen
}
