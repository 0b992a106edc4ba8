import { type Candidate, type Candidates, scoreOf } from './candidates'
import type { GraphState } from './graph-state'
import type { Anchor } from './question'
import type { SlotSet } from './slot-set'

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

/** What a question is hung on. */
export interface Anchored {
  readonly anchor: Anchor
  readonly times: AnchorTimes
  readonly weight: number
  readonly allowed: SlotSet | undefined
}

const lead = 4
/** Memories so near to an anchor are looked at whatever they say. */
const nearby = 12 * hour

/**
 * Scores candidates by the words without the anchor, and speaks for what lies to it as the question says. What tells of the anchor itself
 * is no answer to what was before or after it; around it, it may be, so that both readings count half.
 *
 * @param rest what was found by the words without the anchor
 */
export function addAnchored(state: GraphState, found: Candidates, rest: Candidates, anchored: Anchored): void {
  const { anchor, times, weight, allowed } = anchored
  const moments = times.map(({ at }) => at)
  const all = [...found.bySlot.keys(), ...rest.bySlot.keys(), ...state.filters.near(moments, nearby, allowed)]
  found.add(all)
  rest.add(all)
  const told = new Map(times.map(({ slot, share }) => [slot, share / times[0]!.share]))
  const kept = anchor.side === 'around' ? 0.5 : 0
  for (const [slot, candidate] of found.bySlot) {
    const other = rest.bySlot.get(slot)!
    candidate.vector = kept * candidate.vector + (1 - kept) * other.vector
    candidate.lexical = kept * candidate.lexical + (1 - kept) * other.lexical
    const tells = anchor.side === 'around' ? undefined : told.get(slot)
    const fit = tells === undefined ? fitsAnchor(state.filters.momentOf(slot), times, anchor.side) : -tells
    candidate.time += lead * weight * fit
  }
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
