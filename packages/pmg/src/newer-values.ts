import { dot } from '@perstream/kit'
import { type AnchorTimes, fitsAnchor } from './anchor'
import { type Background, backgroundOf } from './background'
import { type Candidate, type Candidates, ordered, scoreOf } from './candidates'
import type { GraphState } from './graph-state'
import type { QuestionReading } from './question'
import type { SlotSet } from './slot-set'

const compared = 16
const sampled = 32
/** So many deviations more alike than any two memories, two are as likely to tell of one thing as not. */
const evenly = 3
const slope = 2
/** A memory that fits the question less than half as well as another takes no place from it. */
const leastShare = 0.5

/** The slot of what took a memory's place. */
function successorOf(state: GraphState, slot: number): number | undefined {
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

/**
 * What a value that changed gains over the older ones: of two memories that tell of the same thing, the later takes the place of the
 * earlier, as far as it is likely that they do; what it gained counts for the next.
 * @param order which of two memories is the later one: usually their moments
 * @returns gains by slot, of those that have one, with the slot of the memory whose place was taken
 */
function newerValues(
  state: GraphState,
  candidates: readonly Candidate[],
  lead: number,
  order: (slot: number) => number,
): Map<number, Gain> {
  const top = candidates.slice(0, compared).sort((a, c) => order(a.slot) - order(c.slot))
  const vectors = top.map(({ slot }) => state.vectors?.get(slot))
  const gains = new Map<number, Gain>()
  const scores = top.map(scoreOf)
  top.forEach((candidate, i) => {
    const vector = vectors[i]
    const background = vector && backgroundOf(state, vector, sampled)
    const own = scores[i]!
    let best: Gain | undefined
    for (let j = 0; j < i; j++) {
      const earlier = top[j]!
      const replaced = successorOf(state, earlier.slot) === candidate.slot
      const theirs = vectors[j]
      if (order(earlier.slot) === order(candidate.slot)) continue
      if (!replaced && own < leastShare * scoreOf(earlier)) continue
      const same = replaced ? 1 : background && theirs ? sameness(dot(vector!, theirs), background) : 0
      const gain = same * (Math.max(0, scores[j]! - own) + lead)
      if (gain > (best?.gain ?? 0)) best = { gain, of: earlier.slot }
    }
    if (!best) return
    scores[i] = own + best.gain
    gains.set(candidate.slot, best)
  })
  return gains
}

/** Which value of what it is about a question wants. */
export interface WantedValue {
  readonly reading: QuestionReading
  readonly times: AnchorTimes
  readonly lead: number
  readonly allowed: SlotSet | undefined
}

/** More than any two moments differ by. */
const ages = 1e16

/**
 * Puts the value that a question wants before the others: the newest, the oldest where it asks for the first, and none of after the event
 * that it asks for the state before.
 */
export function addNewerValues(state: GraphState, found: Candidates, wanted: WantedValue): void {
  const { reading, times, lead, allowed } = wanted
  addSuccessors(state, found, allowed)
  const sign = reading.value === 'newest' ? 1 : -1
  const side = times.length > 0 ? reading.anchor?.side : undefined
  const held = side === 'before' || (side === 'around' && reading.asks === 'state')
  const order = (slot: number) => {
    const moment = state.filters.momentOf(slot)
    return held && fitsAnchor(moment, times, 'before') < 0.5 ? moment - ages : sign * moment
  }
  const { bySlot } = found
  for (const [slot, { gain, of }] of newerValues(state, ordered(state, bySlot.values()), lead, order)) {
    const candidate = bySlot.get(slot)!
    candidate.time += gain
    candidate.support = Math.max(candidate.support, bySlot.get(of)!.support)
  }
}

/** Adds what took the place of what was found, as far as it may be returned. */
function addSuccessors(state: GraphState, { bySlot, add }: Candidates, allowed: SlotSet | undefined): void {
  const seen = new Set(bySlot.keys())
  for (const start of bySlot.keys())
    for (let slot = successorOf(state, start); slot !== undefined && !seen.has(slot); slot = successorOf(state, slot))
      seen.add(slot)
  add([...seen].filter((slot) => allowed?.has(slot) ?? true))
}
