import type { MemoryQuery, RetrievedMemory } from '@perstream/spec'
import { type AnchorTimes, anchorTimes, fitsAnchor } from './anchor'
import type { Background } from './background'
import { type Candidate, type Candidates, gather, ordered, scoreOf } from './candidates'
import { confidenceOf, unknownShare } from './confidence'
import { evidenceUntil } from './evidence'
import { entityKey, type GraphState, type MemoryEntry } from './graph-state'
import { newerValues, successorOf } from './newer-values'
import type { QuestionReading } from './question'
import { saysTheSame } from './same-fact'
import { SlotSet } from './slot-set'
import { day } from './time-words'
import { walk } from './walk'
import { searchTerms } from './words'
import type { ZoneClock } from './zone-clock'

/** How much each part of a score counts; 0 leaves the part out. */
export interface RetrievalWeights {
  /** A memory with all words of the question, against one deviation of similarity. Default 4. */
  readonly lexical: number
  /** What a walk over shared entities brings, at most. Default 0.5. */
  readonly graph: number
  /** The lead of a newer value over an older one, and what fitting a time that the words only suggest brings. Default 0.5. */
  readonly time: number
  /** Names that the memories link to rare words of the question, against those words. Default 0.5. */
  readonly names: number
}

/** The vectors of a question, of the graph's space and length 1. */
export interface QueryVectors {
  readonly about?: Float32Array | undefined
  /** Of what its anchor in time says, and of the words without it. */
  readonly anchor?: Float32Array | undefined
  readonly rest?: Float32Array | undefined
}

/** A question made ready. */
export interface ReadyQuery extends MemoryQuery {
  readonly limit: number
  readonly reading: QuestionReading | undefined
  readonly vectors: QueryVectors
  readonly clock: ZoneClock
  readonly weights: RetrievalWeights
}

export const defaultWeights: RetrievalWeights = { lexical: 4, graph: 0.5, time: 0.5, names: 0.5 }

const seeds = 8
/** The prototype's `delta_dfs_threshold`. */
const defaultActivation = 0.3

/**
 * Ranks memories. The nearest by vector and the best by words are scored by both; a walk from the best of them adds what shares
 * entities with them; times in the question leave out what was not then, or speak for what was; newer values come before older ones. One
 * order over memories; of several that say the same, only the best takes a slot.
 */
export function rank(state: GraphState, query: ReadyQuery): RetrievedMemory[] {
  const { reading, limit, vectors, weights } = query
  const allowed = allowedSlots(state, query)
  const scope = inScope(state, reading, allowed)
  const count = limit * 4 + 32
  const times = anchorsOf(state, query, scope)
  const found = gather(
    state,
    { vector: vectors.about, text: reading?.words ?? '', owner: query.owner, allowed: scope, count },
    weights,
  )
  if (times.length > 0) hangOn(state, found, times, query, scope)
  addGraph(state, found, query, scope)
  if (reading?.hours && weights.time > 0) addHours(state, found, reading.hours, query)
  addNewer(state, found, query, times, scope)
  const chosen = distinct(state, ordered(state, found.bySlot.values()), query)
  const terms = [...new Set(searchTerms(reading?.words ?? ''))]
  const timed = reading !== undefined && reading.ranges.length > 0 && reading.asks === 'event'
  const unknown = unknownShare(state.lexical, terms, allowed)
  return chosen.map((candidate) =>
    explain(state, candidate, query, { background: found.background, terms, unknown, timed }),
  )
}

/**
 * Looks once more, for the words without the anchor, and speaks for what lies to it as the question says. What tells of the anchor itself is
 * no answer to what was before or after it.
 */
function hangOn(
  state: GraphState,
  found: Candidates,
  times: AnchorTimes,
  query: ReadyQuery,
  allowed: SlotSet | undefined,
): void {
  const { reading, vectors, weights, limit } = query
  const { side, rest } = reading!.anchor!
  const again = gather(
    state,
    { vector: vectors.rest, text: rest, owner: query.owner, allowed, count: limit * 4 + 32 },
    weights,
  )
  const moments = times.map(({ at }) => at)
  const all = [...found.bySlot.keys(), ...again.bySlot.keys(), ...state.filters.near(moments, nearby, allowed)]
  found.add(all)
  again.add(all)
  const told = new Set(times.map(({ slot }) => slot))
  for (const [slot, candidate] of found.bySlot) {
    const other = again.bySlot.get(slot)!
    const share = side === 'around' ? 0.5 : 0
    candidate.vector = share * candidate.vector + (1 - share) * other.vector
    candidate.lexical = share * candidate.lexical + (1 - share) * other.lexical
    if (side === 'around' || !told.has(slot))
      candidate.time += anchorLead * weights.time * fitsAnchor(state.filters.momentOf(slot), times, side)
  }
}

const nearby = 12 * 3_600_000
const anchorLead = 4

function addHours(
  state: GraphState,
  { bySlot }: Candidates,
  hours: readonly [number, number],
  { clock, weights }: ReadyQuery,
): void {
  for (const candidate of bySlot.values())
    if (fitsHours(state.filters.momentOf(candidate.slot), hours, clock)) candidate.time += 2 * weights.time
}

/** What the filters leave; undefined when there are none. */
function allowedSlots(state: GraphState, query: ReadyQuery): SlotSet | undefined {
  const slotOf = (id: string) => state.entries.get(id)?.slot
  const allowed = state.filters.allowed(query, slotOf, (slot) => state.slots[slot]!.memory)
  return (query.participants ?? []).reduce<SlotSet | undefined>((left, participant) => {
    const slots = speakingOf(state, participant, query.owner)
    return left ? left.and(slots) : slots
  }, allowed)
}

/** The slots of memories that speak of an entity, by its label or an alias. */
function speakingOf(state: GraphState, label: string, owner: string | undefined): SlotSet {
  const slots = new SlotSet()
  for (const each of owner === undefined ? state.filters.owners() : [owner]) {
    const record = state.entityByLabel(each, entityKey(label))
    for (const id of record ? state.memoriesOf(record.id) : []) slots.add(state.entries.get(id)!.slot)
  }
  return slots
}

function fitsHours(moment: number, [from, to]: readonly [number, number], clock: ZoneClock): boolean {
  const minutes = clock.wallOf(moment) % day
  return (from <= minutes && minutes < to) || minutes < to - day
}

function anchorsOf(state: GraphState, query: ReadyQuery, allowed: SlotSet | undefined) {
  const { reading, vectors, weights } = query
  if (!reading?.anchor || weights.time === 0) return []
  const found = gather(
    state,
    { vector: vectors.anchor, text: reading.anchor.words, owner: query.owner, allowed, count: 8 },
    weights,
  )
  return anchorTimes(state, found.bySlot.values())
}

/** What happened at the times a question names; of a state, all that had begun by then. */
function inScope(
  state: GraphState,
  reading: QuestionReading | undefined,
  allowed: SlotSet | undefined,
): SlotSet | undefined {
  if (!reading || reading.ranges.length === 0) return allowed
  const { ranges, asks } = reading
  if (asks === 'event') return state.filters.happenedIn(ranges, allowed)
  const to = Math.max(...ranges.map((range) => range.to))
  return state.filters.happenedIn([{ from: Number.NEGATIVE_INFINITY, to }], allowed)
}

function addGraph(
  state: GraphState,
  { bySlot, add }: Candidates,
  query: ReadyQuery,
  allowed: SlotSet | undefined,
): void {
  const { activation = defaultActivation, weights } = query
  if (weights.graph === 0) return
  const starts = ordered(state, bySlot.values())
    .filter((candidate) => scoreOf(candidate) > 0 && !(candidate.similarity < activation))
    .slice(0, seeds)
  const best = starts[0] && scoreOf(starts[0])
  const reached = walk(
    state,
    starts.map((candidate) => [candidate.slot, scoreOf(candidate) / best!]),
    (slot) => allowed?.has(slot) ?? true,
  )
  add(reached.keys())
  for (const [slot, { strength, entity }] of reached) {
    const candidate = bySlot.get(slot)!
    candidate.graph = weights.graph * strength
    candidate.entity = entity
  }
}

function addNewer(
  state: GraphState,
  found: Candidates,
  { reading, weights }: ReadyQuery,
  times: AnchorTimes,
  allowed: SlotSet | undefined,
): void {
  const { bySlot } = found
  if (weights.time === 0 || (reading && reading.ranges.length > 0 && reading.asks === 'event')) return
  const { filters } = state
  addSuccessors(state, found, allowed)
  const sign = reading && reading.value !== 'newest' ? -1 : 1
  const before = reading?.anchor?.side === 'before' && times.length > 0
  const order = (slot: number) => {
    const moment = filters.momentOf(slot)
    return before && fitsAnchor(moment, times, 'before') < 0.5 ? moment - 1e14 : sign * moment
  }
  for (const [slot, { gain, of }] of newerValues(state, ordered(state, bySlot.values()), weights.time, order)) {
    const candidate = bySlot.get(slot)!
    candidate.time += gain
    candidate.support = Math.max(candidate.support, bySlot.get(of)!.support)
  }
}

/** Adds what took the place of what was found, as far as it may be returned. */
function addSuccessors(state: GraphState, { bySlot, add }: Candidates, allowed: SlotSet | undefined): void {
  const slots = new Set<number>()
  for (const start of bySlot.keys())
    for (let slot = successorOf(state, start); slot !== undefined && !slots.has(slot); slot = successorOf(state, slot))
      if (!allowed || allowed.has(slot)) slots.add(slot)
  add(slots)
}

const utf8 = new TextEncoder()

/** The best that say different things, as many as are asked for and fit. */
function distinct(state: GraphState, candidates: readonly Candidate[], { limit, maxBytes }: ReadyQuery): Candidate[] {
  const chosen: Candidate[] = []
  const entries: MemoryEntry[] = []
  let left = maxBytes ?? Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    if (chosen.length === limit) break
    const entry = state.slots[candidate.slot]!
    if (entries.some((other) => saysTheSame(state, entry, other))) continue
    if (maxBytes !== undefined) left -= utf8.encode(entry.memory.text).length
    if (chosen.length > 0 && left < 0) break
    chosen.push(candidate)
    entries.push(entry)
  }
  return chosen
}

function explain(state: GraphState, candidate: Candidate, query: ReadyQuery, search: Searched): RetrievedMemory {
  const { slot, similarity, vector, lexical, graph, time, entity } = candidate
  const { memory } = state.slots[slot]!
  const { until } = query
  const words = new Set(searchTerms(memory.text))
  const covered = query.weights.lexical === 0 ? 0 : lexical / query.weights.lexical
  return {
    memory: until ? { ...memory, evidence: evidenceUntil(memory.evidence, until) } : memory,
    score: scoreOf(candidate),
    parts: { vector, lexical, graph, time },
    similarity: Number.isNaN(similarity) ? undefined : similarity,
    confidence: confidenceOf(candidate.support, search.background, { ...search, covered }),
    terms: search.terms.filter((term) => words.has(term)),
    entities: entity === undefined ? [] : [state.entities.get(entity)!.record.label],
  }
}

/** What the results of a search are explained by. */
interface Searched {
  readonly background: Background | undefined
  readonly terms: readonly string[]
  readonly unknown: number
  readonly timed: boolean
}
