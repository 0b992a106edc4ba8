import { dot } from '@perstream/kit'
import { type Background, backgroundOf } from './background'
import { type Candidate, scoreOf } from './candidates'
import type { GraphState } from './graph-state'

const compared = 16
const sampled = 32
/** So many deviations more alike than any two memories, two are as likely to tell of one thing as not. */
const evenly = 3
const slope = 2
/** A memory that fits the question less than half as well as another takes no place from it. */
const leastShare = 0.5

/** The slot of what took a memory's place. */
export function successorOf(state: GraphState, slot: number): number | undefined {
  const { supersededBy } = state.slots[slot]!.memory
  return supersededBy === undefined ? undefined : state.entries.get(supersededBy)?.slot
}

/** How likely two memories tell of one thing, by the similarity of their vectors. */
function sameness(similarity: number, { mean, deviation }: Background): number {
  return 1 / (1 + Math.exp(-slope * ((similarity - mean) / deviation - evenly)))
}

/** What a memory gained by taking the place of another. */
export interface Gain {
  readonly gain: number
  readonly of: number
}

/**
 * What a value that changed gains over the older ones: of two memories that tell of the same thing, the later takes the place of the
 * earlier, as far as it is likely that they do; what it gained counts for the next.
 * @param order which of two memories is the later one: usually their moments
 * @returns gains by slot, of those that have one, with the slot of the memory whose place was taken
 */
export function newerValues(
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
