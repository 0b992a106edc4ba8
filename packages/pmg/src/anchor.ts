import type { Candidate } from './candidates'
import { scoreOf } from './candidates'
import type { GraphState } from './graph-state'
import type { Anchor } from './question'

/** Moments at which what a question is hung on may have happened, with how likely each is. */
export type AnchorTimes = readonly { readonly slot: number; readonly at: number; readonly share: number }[]

/** So many deviations above what any memory scores, the best must lie for the anchor to count as found. */
const foundAt = 3
const hits = 5
const hour = 3_600_000
/** How fast the nearness to an anchor fades. */
const reach = 6 * hour

/** Takes the best memories of what happened for the times at which it did. Empty when none speaks of it, or
 * when they are all of one moment: then their times tell nothing. */
export function anchorTimes(state: GraphState, candidates: Iterable<Candidate>): AnchorTimes {
  const best = [...candidates].sort((a, c) => scoreOf(c) - scoreOf(a)).slice(0, hits)
  if (!best[0] || scoreOf(best[0]) < foundAt) return []
  const moments = new Set(best.map(({ slot }) => state.filters.momentOf(slot)))
  if (best.length > 1 && moments.size === 1) return []
  const highest = scoreOf(best[0])
  const weights = best.map((candidate) => Math.exp(scoreOf(candidate) - highest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return best.map(({ slot }, i) => ({ slot, at: state.filters.momentOf(slot), share: weights[i]! / total }))
}

/** How well a moment lies to an anchor, 0..1: before it, soon after it, or around it. */
export function fitsAnchor(moment: number, times: AnchorTimes, side: Anchor['side']): number {
  let fit = 0
  for (const { at, share } of times) {
    const later = moment - at
    if (side === 'before') fit += later < 0 ? share : 0
    else if (side === 'after') fit += later > 0 ? share * Math.exp(-later / reach) : 0
    else fit += share * Math.exp(-Math.abs(later) / reach)
  }
  return fit
}
