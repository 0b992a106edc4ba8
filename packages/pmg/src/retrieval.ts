import type { Memory, MemoryQuery, RetrievedMemory } from '@perstream/spec'
import { type Anchored, addAnchored, eventTimes, widened } from './anchor'
import { answerTypeOf } from './answer-type'
import { type Candidates, gather, ordered, scoreOf } from './candidates'
import { CentredSpace } from './centred-space'
import { type Askable, confidenceOf, unknownShare } from './confidence'
import { entityKey } from './entity-key'
import { evidenceUntil } from './evidence'
import type { GraphState } from './graph-state'
import { memoryAsOf } from './history'
import type { MemoryEntry } from './memory-entry'
import { addNewerValues } from './newer-values'
import { type Hours, type QuestionReading, upTo } from './question'
import { type Chosen, choose } from './selection'
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
   * The lead of a newer value over an older one; six times for a fitting hour, twelve times for lying to an event as the question says.
   * With 0 no time in a question is read. Default 0.5.
   */
  readonly time: number
  /** What a memory loses that means the same as one before it; nothing where it is asked what happened at some time. Default 0.5. */
  readonly variety: number
  /** What one deviation among the scores of a reranker counts, where there is one. Default 0.3. */
  readonly reranker: number
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
  /** Milliseconds since 1970 UTC. */
  readonly now: number
  /** Undefined for a question that is a vector alone: then vectors alone rank. */
  readonly reading: QuestionReading | undefined
  readonly vectors: QueryVectors
  readonly clock: ZoneClock
  readonly weights: RetrievalWeights
  /** What a reranker said of the best memories, by id, in deviations from their mean. */
  readonly reranked?: ReadonlyMap<string, number> | undefined
}

export const defaultWeights: RetrievalWeights = { lexical: 4, graph: 0.5, time: 0.5, variety: 0.5, reranker: 0.3 }

const seeds = 8
/** The prototype's `delta_dfs_threshold`. */
const defaultActivation = 0.3
const hoursLead = 6
/** Of how many memories the time of an event is taken. */
const tellers = 32

/** What a search goes over. */
interface Searching {
  readonly query: ReadyQuery
  /** What filters and times leave; undefined when that is all. */
  readonly scope: SlotSet | undefined
  readonly centred: CentredSpace | undefined
  look(text: string, vector: Float32Array | undefined, count?: number): Candidates
}

/**
 * Ranks memories. The nearest by vector and the best by words are scored by both; a walk from the best of them adds what shares
 * entities with them; times in the question leave out what was not then, or speak for what was; newer values come before older ones. One
 * order over memories; of several that say the same, only the best takes a slot.
 */
export function rank(state: GraphState, query: ReadyQuery): RetrievedMemory[] {
  const { reading, weights, limit, maxBytes } = query
  const { found, allowed, centred, timed } = find(state, query)
  const variety = timed || !reading ? 0 : weights.variety
  const chosen = choose(state, ordered(state, found.bySlot.values()), { limit, maxBytes, centred, variety })
  const terms = [...new Set(searchTerms(reading?.words ?? ''))]
  const unknown = unknownShare(state.lexical, terms, allowed)
  const asked = {
    unknown,
    timed: timed || (reading?.ranges.length ?? 0) > 0,
    type: reading && answerTypeOf(reading.words),
  }
  return chosen.map((each) => explain(state, each, query, { terms, asked }))
}

/** The best memories before any choice among them, each with what it said at the time the query is for. */
export function shortlist(state: GraphState, query: ReadyQuery, count: number): Memory[] {
  const { found } = find(state, query)
  const best = ordered(state, found.bySlot.values()).slice(0, count)
  return best.map(({ slot }) => asToldThen(state.at(slot)!, query))
}

/** Finds what may be returned and scores it. */
function find(state: GraphState, query: ReadyQuery) {
  const { reading, vectors, weights, owner, limit } = query
  const allowed = allowedSlots(state, query)
  const scope = inScope(state, reading, allowed)
  // A vector alone asks for what is nearest to it, and for nothing else.
  const centred = reading ? state.centred : state.vectors && new CentredSpace(state.vectors, state.slotCount, 'origin')
  const many = limit * 4 + 32
  const look = (text: string, vector: Float32Array | undefined, count = many) =>
    gather(state, { vector, text, owner, allowed: scope, count, centred }, weights.lexical)
  const found = look(reading?.words ?? '', vectors.about)
  if (reading && scope && asksForEvents(reading)) found.add(latest(state, scope, many))
  const timed = reading !== undefined && addMeaning(state, found, reading, { query, scope, centred, look })
  return { found, allowed, centred, timed }
}

const mostInTime = 4096

/** The last of the memories of a time: what happened then is an answer even where no word of it is known. Empty for long times. */
function latest(state: GraphState, scope: SlotSet, count: number): number[] {
  if (scope.count > mostInTime) return []
  return [...scope].sort((a, c) => state.filters.momentOf(c) - state.filters.momentOf(a)).slice(0, count)
}

/**
 * Adds what a question means beside its words: entities, hours, events it is hung on, the value it wants.
 * @returns whether it asks what happened at some time
 */
function addMeaning(state: GraphState, found: Candidates, reading: QuestionReading, searching: Searching): boolean {
  const { query, scope, centred, look } = searching
  const { time } = query.weights
  const { hours, asks } = reading
  const anchored = time > 0 ? findEvent(state, reading, searching) : undefined
  if (anchored) {
    const rest = look(anchored.anchor.rest, query.vectors.rest)
    addAnchored(state, found, rest, { ...anchored, asks, weight: time, allowed: scope })
  }
  addGraph(state, found, query, scope)
  for (const candidate of hours && time > 0 ? found.bySlot.values() : [])
    candidate.time += hoursLead * time * fitsHours(state.filters.momentOf(candidate.slot), hours!, query.clock)
  addReranked(state, found, query, scope)
  const happened = asks === 'event' && (reading.ranges.length > 0 || anchored !== undefined)
  if (time > 0 && !happened) addNewerValues(state, found, { reading, anchored, lead: time, allowed: scope, centred })
  return happened
}

/** When what a question is hung on was; undefined when it is hung on nothing, or no memory says. */
function findEvent(state: GraphState, { anchor }: QuestionReading, { query, look }: Searching): Anchored | undefined {
  if (!anchor) return undefined
  const times = eventTimes(state, look(anchor.words, query.vectors.anchor, tellers).bySlot.values(), query)
  return times.length === 0 ? undefined : { anchor, times: widened(times, anchor, query.clock) }
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

/** How well a moment fits some hours of the day, 0..1: best in the middle of a meal's, all the same in a part of the day. */
function fitsHours(moment: number, { from, to, meal }: Hours, clock: ZoneClock): number {
  const minutes = clock.wallOf(moment) % day
  if (!(from <= minutes && minutes < to) && !(minutes < to - day)) return 0
  const middle = (from + to) / 2
  return meal ? 1 - Math.abs(minutes - middle) / (to - middle) : 1
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

/** Adds what a reranker said, before the newer of two values takes the place of the older: that they tell of one thing it cannot know. */
function addReranked(state: GraphState, { bySlot, add }: Candidates, query: ReadyQuery, scope: SlotSet | undefined) {
  const { reranked, weights } = query
  if (!reranked) return
  const read = [...reranked].flatMap(([id, deviations]) => {
    const slot = state.entries.slotOf(id)
    const isThere = slot !== undefined && (scope?.has(slot) ?? true) // It may have gone, or changed, while the reranker read.
    return isThere ? [[slot, deviations] as const] : []
  })
  add(read.map(([slot]) => slot))
  for (const [slot, deviations] of read) bySlot.get(slot)!.reranker = weights.reranker * deviations
}

/** What the results of a search are explained by. */
interface Explanation {
  /** The words of the question, as they are indexed. */
  readonly terms: readonly string[]
  readonly asked: Askable
}

function explain(state: GraphState, { candidate, loss }: Chosen, query: ReadyQuery, { terms, asked }: Explanation) {
  const { slot, similarity, support, vector, lexical, graph, time, reranker, entity } = candidate
  const entry = state.at(slot)!
  const words = new Set(searchTerms(entry.memory.text))
  const covered = query.weights.lexical === 0 ? 0 : lexical / query.weights.lexical
  return {
    memory: asToldThen(entry, query),
    score: scoreOf(candidate) - loss,
    parts: { vector: vector - loss, lexical, graph, time, ...(query.reranked && { reranker }) },
    similarity: Number.isNaN(similarity) ? undefined : similarity,
    confidence: confidenceOf(Number.isNaN(support) ? covered : support, entry.memory.text, asked),
    terms: terms.filter((term) => words.has(term)),
    entities: entity === undefined ? [] : [state.entities.get(entity)!.record.label],
  }
}

/** A memory with what it said and showed at the time a query is for. */
function asToldThen(entry: MemoryEntry, { asOf, until }: MemoryQuery): Memory {
  const memory = asOf === undefined ? entry.memory : memoryAsOf(entry, asOf)
  return until ? { ...memory, evidence: evidenceUntil(memory.evidence, until) } : memory
}
