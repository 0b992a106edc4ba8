import { type Anchored, heldBy } from './anchor'
import { type Candidate, type Candidates, ordered, scoreOf } from './candidates'
import type { Background, CentredSpace } from './centred-space'
import type { GraphState } from './graph-state'
import type { QuestionReading } from './question'
import type { SlotSet } from './slot-set'
import { searchTerms } from './words'

const compared = 16
const sampled = 32
/** So many deviations more alike than any two memories, two are as likely to tell of one thing as not. */
const evenly = 3
const slope = 2
/** A memory that fits the question less than half as well as another takes no place from it. */
const leastShare = 0.5

/** The slot of what took a memory's place. */
function successorOf(state: GraphState, slot: number): number | undefined {
  if (!state.filters.isSuperseded(slot)) return undefined
  const { supersededBy } = state.at(slot)!.memory
  return supersededBy === undefined ? undefined : state.entries.get(supersededBy)?.slot
}

/** How likely two memories tell of one thing, by the similarity of their vectors. */
function sameness(similarity: number, { mean, deviation }: Background): number {
  return 1 / (1 + Math.exp(-slope * ((similarity - mean) / deviation - evenly)))
}

/** What a memory gained by taking the place of another. */
interface Gain {
  readonly gain: number
  readonly of: number
}

/** How memories are put in order of their values. */
interface Succession {
  readonly lead: number
  readonly centred: CentredSpace | undefined
  /** Which of two memories is the later one: usually their moments. */
  order(slot: number): number
}

/**
 * What a value that changed gains over the older ones: of two memories that tell of the same thing, the later takes the place of the
 * earlier, as far as it is likely that they do; what it gained counts for the next.
 * @returns gains by slot, of those that have one, with the slot of the memory whose place was taken
 */
function newerValues(
  state: GraphState,
  candidates: readonly Candidate[],
  { lead, centred, order }: Succession,
): Map<number, Gain> {
  const top = candidates.slice(0, compared).sort((a, c) => order(a.slot) - order(c.slot))
  const gains = new Map<number, Gain>()
  const scores = top.map(scoreOf)
  top.forEach((candidate, i) => {
    const likely = likelySame(state, candidate, top, centred)
    const own = scores[i]!
    let best: Gain | undefined
    for (let j = 0; j < i; j++) {
      const earlier = top[j]!
      const replaced = successorOf(state, earlier.slot) === candidate.slot
      if (order(earlier.slot) === order(candidate.slot)) continue
      if (!replaced && own < leastShare * scoreOf(earlier)) continue
      const gain = (replaced ? 1 : likely[j]!) * (Math.max(0, scores[j]! - own) + lead)
      if (gain > (best?.gain ?? 0)) best = { gain, of: earlier.slot }
    }
    if (!best) return
    scores[i] = own + best.gain
    gains.set(candidate.slot, best)
  })
  return gains
}

/** How likely a memory tells of the same thing as each of others, 0..1; 0 where vectors are missing. */
function likelySame(
  state: GraphState,
  { slot }: Candidate,
  others: readonly Candidate[],
  centred: CentredSpace | undefined,
): readonly number[] {
  const vector = state.vectors?.get(slot)
  if (!vector || !centred) return others.map(() => 0)
  const background = centred.backgroundOf(vector, sampled)
  const slots = others.map((other) => other.slot)
  return Array.from(centred.similarities(vector, slots), (similarity) =>
    Number.isNaN(similarity) ? 0 : sameness(similarity, background),
  )
}

/** Which value of what it is about a question wants. */
export interface WantedValue {
  readonly reading: QuestionReading
  readonly anchored: Anchored | undefined
  readonly lead: number
  readonly allowed: SlotSet | undefined
  readonly centred: CentredSpace | undefined
}

/** More than any two moments differ by. */
const ages = 1e16

/**
 * Puts the value that a question wants before the others: the newest, the oldest where it asks for the first, the one before the newest,
 * and none of after the event that it asks for the state before.
 */
export function addNewerValues(state: GraphState, found: Candidates, wanted: WantedValue): void {
  const { reading, anchored, lead, allowed, centred } = wanted
  addSuccessors(state, found, allowed)
  const sign = reading.value === 'oldest' ? -1 : 1
  const order = (slot: number) => {
    const moment = state.filters.momentOf(slot)
    return anchored && heldBy(moment, anchored) < 0.5 ? moment - ages : sign * moment
  }
  const succession = { lead, centred, order }
  const all = ordered(state, found.bySlot.values())
  const values = reading.value === 'previous' ? withoutNewest(state, all, succession, reading.words) : all
  for (const [slot, { gain, of }] of newerValues(state, values, succession)) {
    const candidate = found.bySlot.get(slot)!
    candidate.time += gain
    candidate.support = Math.max(candidate.support, found.bySlot.get(of)!.support)
  }
}

/** Against a value that is not asked for, this speaks in leads of a newer value: more than its words can speak for it. */
const pastLeads = 12

/** Leaves out what tells the newest value, and lets it fall behind: the memory that leads the others, and those that name its value. */
function withoutNewest(
  state: GraphState,
  candidates: readonly Candidate[],
  succession: Succession,
  question: string,
): readonly Candidate[] {
  const gains = newerValues(state, candidates, succession)
  const total = (candidate: Candidate) => scoreOf(candidate) + (gains.get(candidate.slot)?.gain ?? 0)
  const newest = candidates.reduce((top, each) => (total(each) > total(top) ? each : top), candidates[0]!)
  if (!newest || !gains.has(newest.slot)) return candidates
  const asked = new Set(searchTerms(question))
  const value = valueTermsOf(state, newest).filter((term) => !asked.has(term))
  const tells = (candidate: Candidate) =>
    candidate === newest || (value.length > 0 && value.every((term) => termsOf(state, candidate).has(term)))
  for (const candidate of candidates) if (tells(candidate)) candidate.time -= pastLeads * succession.lead
  return candidates.filter((candidate) => !tells(candidate))
}

/** The terms that make a memory's value: its numbers, or else its names. */
function valueTermsOf(state: GraphState, { slot }: Candidate): string[] {
  const { text } = state.at(slot)!.memory
  const numbers = searchTerms(text).filter((term) => /\p{N}/u.test(term))
  if (numbers.length > 0) return [...new Set(numbers)]
  const names = text.match(/(?<=[\p{L}\p{N},;)] )\p{Lu}[\p{L}'’-]+/gu) ?? []
  return [...new Set(names.flatMap(searchTerms))]
}

function termsOf(state: GraphState, { slot }: Candidate): ReadonlySet<string> {
  return new Set(searchTerms(state.at(slot)!.memory.text))
}

/** Adds what took the place of what was found, as far as it may be returned. */
function addSuccessors(state: GraphState, { bySlot, add }: Candidates, allowed: SlotSet | undefined): void {
  const seen = new Set(bySlot.keys())
  for (const start of bySlot.keys())
    for (let slot = successorOf(state, start); slot !== undefined && !seen.has(slot); slot = successorOf(state, slot))
      seen.add(slot)
  add([...seen].filter((slot) => allowed?.has(slot) ?? true))
}
