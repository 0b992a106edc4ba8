import { type Candidate, scoreOf } from './candidates'
import type { CentredSpace } from './centred-space'
import type { GraphState } from './graph-state'
import { saysTheSame } from './same-fact'

/** How many results are wanted, what they may take, and how much they should differ. */
export interface Selection {
  readonly limit: number
  readonly maxBytes?: number | undefined
  readonly centred: CentredSpace | undefined
  /** What a memory loses that means the same as one before it. */
  readonly variety: number
}

/** A candidate that is returned, with what it lost for its likeness to those before it. */
export interface Chosen {
  readonly candidate: Candidate
  readonly loss: number
}

const utf8 = new TextEncoder()

/**
 * Chooses as many as are asked for and fit: each time the one with the highest score, less a share for its likeness to the likest one
 * before it (maximal marginal relevance, Carbonell and Goldstein 1998). What says the same as one before it is left out.
 * @param candidates best first
 */
export function choose(state: GraphState, candidates: readonly Candidate[], selection: Selection): Chosen[] {
  const { limit, maxBytes, variety } = selection
  const chosen: Chosen[] = []
  let left: readonly Chosen[] = candidates.map((candidate) => ({ candidate, loss: 0 }))
  let bytes = maxBytes ?? Number.POSITIVE_INFINITY
  while (left.length > 0 && chosen.length < limit) {
    const best = left.reduce((top, each) => (worth(each) > worth(top) ? each : top))
    left = left.filter((each) => each !== best)
    const entry = state.at(best.candidate.slot)!
    if (chosen.some(({ candidate }) => saysTheSame(state, entry, state.at(candidate.slot)!))) continue
    if (maxBytes !== undefined) bytes -= utf8.encode(entry.memory.text).length
    if (chosen.length > 0 && bytes < 0) break
    chosen.push(best)
    if (variety > 0) left = lessened(state, left, best, selection)
  }
  return chosen
}

/** What is left, each with what it loses by its likeness to the one just chosen. */
function lessened(state: GraphState, left: readonly Chosen[], { candidate }: Chosen, { centred, variety }: Selection) {
  const vector = state.vectors?.get(candidate.slot)
  if (!vector || !centred) return left
  const slots = left.map(({ candidate }) => candidate.slot)
  const likeness = centred.similarities(vector, slots)
  return left.map((each, i) => {
    const loss = variety * likeness[i]!
    return loss > each.loss ? { candidate: each.candidate, loss } : each
  })
}

function worth({ candidate, loss }: Chosen): number {
  return scoreOf(candidate) - loss
}
