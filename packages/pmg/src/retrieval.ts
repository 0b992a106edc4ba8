import type { MemoryQuery, RetrievedMemory } from '@perstream/spec'
import { type AnchorTimes, addAnchored, anchorTimes } from './anchor'
import type { Background } from './background'
import { type Candidate, type Candidates, gather, ordered, scoreOf } from './candidates'
import { confidenceOf, unknownShare } from './confidence'
import { entityKey } from './entity-key'
import { evidenceUntil } from './evidence'
import type { GraphState } from './graph-state'
import type { MemoryEntry } from './memory-entry'
import { addNewerValues } from './newer-values'
import { type QuestionReading, upTo } from './question'
import { saysTheSame } from './same-fact'
import { SlotSet } from './slot-set'
import { day } from './time-words'
import { walk } from './walk'
import { searchTerms } from './words'
import type { ZoneClock } from './zone-clock'

/** How much each part of a score counts; 0 leaves the part out. The unit is one deviation of the similarities of a question. */
export interface RetrievalWeights {
  /** A memory that has all words of the question. Default 4. */
  readonly lexical: number
  /** What a walk over shared entities brings, at most. Default 0.5. */
  readonly graph: number
  /**
   * The lead of a newer value over an older one; twice for a fitting hour, four times for a fitting event. With 0 no time in a question is
   * read. Default 0.5.
   */
  readonly time: number
  /** Names that the memories link to rare words of the question, against those words (0..1). Default 0.5. */
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
  /** Undefined for a question that is a vector alone: then vectors alone rank. */
  readonly reading: QuestionReading | undefined
  readonly vectors: QueryVectors
  readonly clock: ZoneClock
  readonly weights: RetrievalWeights
}

export const defaultWeights: RetrievalWeights = { lexical: 4, graph: 0.5, time: 0.5, names: 0.5 }

const seeds = 8
/** The prototype's `delta_dfs_threshold`. */
const defaultActivation = 0.3
const hoursLead = 2

/**
 * Ranks memories. The nearest by vector and the best by words are scored by both; a walk from the best of them adds what shares
 * entities with them; times in the question leave out what was not then, or speak for what was; newer values come before older ones. One
 * order over memories; of several that say the same, only the best takes a slot.
 */
export function rank(state: GraphState, query: ReadyQuery): RetrievedMemory[] {
  const { reading, vectors, weights, owner } = query
  const allowed = allowedSlots(state, query)
  const scope = inScope(state, reading, allowed)
  const look = (text: string, vector: Float32Array | undefined, count = query.limit * 4 + 32) =>
    gather(state, { vector, text, owner, allowed: scope, count }, weights)
  const found = look(reading?.words ?? '', vectors.about)
  if (reading && scope && asksForEvents(reading)) found.add(latest(state, scope, query.limit * 4 + 32))
  if (reading) addMeaning(state, found, { ...query, reading }, look, scope)
  const chosen = distinct(state, ordered(state, found.bySlot.values()), query)
  const terms = [...new Set(searchTerms(reading?.words ?? ''))]
  const unknown = unknownShare(state.lexical, terms, allowed)
  const searched = {
    background: found.background,
    terms,
    unknown,
    timed: reading !== undefined && asksForEvents(reading),
  }
  return chosen.map((candidate) => explain(state, candidate, query, searched))
}

const mostInTime = 4096

/** The last of the memories of a time: what happened then is an answer even where no word of it is known. Empty for long times. */
function latest(state: GraphState, scope: SlotSet, count: number): number[] {
  if (scope.count > mostInTime) return []
  return [...scope].sort((a, c) => state.filters.momentOf(c) - state.filters.momentOf(a)).slice(0, count)
}

type Look = (text: string, vector: Float32Array | undefined, count?: number) => Candidates

/** Adds what a question means beside its words: entities, hours, events it is hung on, the value it wants. */
function addMeaning(
  state: GraphState,
  found: Candidates,
  query: ReadyQuery & { readonly reading: QuestionReading },
  look: Look,
  scope: SlotSet | undefined,
): void {
  const { reading, vectors, weights, clock } = query
  const { anchor, hours } = reading
  let times: AnchorTimes = []
  if (anchor && weights.time > 0) times = anchorTimes(state, look(anchor.words, vectors.anchor, 8).bySlot.values())
  if (anchor && times.length > 0)
    addAnchored(state, found, look(anchor.rest, vectors.rest), { anchor, times, weight: weights.time, allowed: scope })
  addGraph(state, found, query, scope)
  for (const candidate of hours && weights.time > 0 ? found.bySlot.values() : [])
    if (fitsHours(state.filters.momentOf(candidate.slot), hours!, clock)) candidate.time += hoursLead * weights.time
  if (weights.time > 0 && !asksForEvents(reading))
    addNewerValues(state, found, { reading, times, lead: weights.time, allowed: scope })
}

/** What the filters leave; undefined when there are none. */
function allowedSlots(state: GraphState, query: ReadyQuery): SlotSet | undefined {
  const slotOf = (id: string) => state.entries.slotOf(id)
  const allowed = state.filters.allowed(query, slotOf, (slot) => state.at(slot)!.memory)
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
    for (const slot of record ? state.table.slotsOf(record.id) : []) slots.add(slot)
  }
  return slots
}

/** What happened at the times a question names; of a state, all that had begun by then. */
function inScope(state: GraphState, reading: QuestionReading | undefined, allowed: SlotSet | undefined) {
  if (!reading || reading.ranges.length === 0) return allowed
  if (asksForEvents(reading)) return state.filters.happenedIn(reading.ranges, allowed)
  return state.filters.happenedIn(upTo(reading.ranges), allowed)
}

function asksForEvents({ ranges, asks }: QuestionReading): boolean {
  return ranges.length > 0 && asks === 'event'
}

function fitsHours(moment: number, [from, to]: readonly [number, number], clock: ZoneClock): boolean {
  const minutes = clock.wallOf(moment) % day
  return (from <= minutes && minutes < to) || minutes < to - day
}

function addGraph(state: GraphState, { bySlot, add }: Candidates, query: ReadyQuery, scope: SlotSet | undefined): void {
  const { activation = defaultActivation, weights } = query
  if (weights.graph === 0) return
  const starts = ordered(state, bySlot.values())
    .filter((candidate) => scoreOf(candidate) > 0 && !(candidate.similarity < activation))
    .slice(0, seeds)
  const best = starts[0] && scoreOf(starts[0])
  const reached = walk(
    state,
    starts.map((candidate) => [candidate.slot, scoreOf(candidate) / best!]),
    (slot) => scope?.has(slot) ?? true,
  )
  add(reached.keys())
  for (const [slot, { strength, entity }] of reached) {
    const candidate = bySlot.get(slot)!
    candidate.graph = weights.graph * strength
    candidate.entity = entity
  }
}

const utf8 = new TextEncoder()

/** The best that say different things, as many as are asked for and fit. */
function distinct(state: GraphState, candidates: readonly Candidate[], { limit, maxBytes }: ReadyQuery): Candidate[] {
  const chosen: Candidate[] = []
  const entries: MemoryEntry[] = []
  let left = maxBytes ?? Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    if (chosen.length === limit) break
    const entry = state.at(candidate.slot)!
    if (entries.some((other) => saysTheSame(state, entry, other))) continue
    if (maxBytes !== undefined) left -= utf8.encode(entry.memory.text).length
    if (chosen.length > 0 && left < 0) break
    chosen.push(candidate)
    entries.push(entry)
  }
  return chosen
}

/** What the results of a search are explained by. */
interface Searched {
  readonly background: Background | undefined
  readonly terms: readonly string[]
  readonly unknown: number
  readonly timed: boolean
}

function explain(state: GraphState, candidate: Candidate, query: ReadyQuery, searched: Searched): RetrievedMemory {
  const { slot, similarity, vector, lexical, graph, time, entity } = candidate
  const { memory } = state.at(slot)!
  const { until } = query
  const words = new Set(searchTerms(memory.text))
  const covered = query.weights.lexical === 0 ? 0 : lexical / query.weights.lexical
  return {
    memory: until ? { ...memory, evidence: evidenceUntil(memory.evidence, until) } : memory,
    score: scoreOf(candidate),
    parts: { vector, lexical, graph, time },
    similarity: Number.isNaN(similarity) ? undefined : similarity,
    confidence: confidenceOf(candidate.support, searched.background, { ...searched, covered }),
    terms: searched.terms.filter((term) => words.has(term)),
    entities: entity === undefined ? [] : [state.entities.get(entity)!.record.label],
  }
}
