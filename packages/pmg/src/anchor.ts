import { type Candidate, type Candidates, scoreOf } from './candidates'
import type { GraphState } from './graph-state'
import type { Anchor } from './question'
import type { SlotSet } from './slot-set'
import { namedDays } from './time-expressions'
import { day, dayParts, monthOf, startOfDay, startOfMonth, startOfWeek } from './time-words'
import type { ZoneClock } from './zone-clock'

/** A time at which what a question is hung on may have happened; milliseconds since 1970 UTC, both inclusive. */
export interface EventTime {
  readonly from: number
  readonly to: number
  /** How likely it is against the likeliest time of the event, 0..1. */
  readonly share: number
}

/** So many deviations above what any memory scores, the best must lie for the anchor to count as found. */
const foundAt = 3
const hits = 12
/** By so many deviations a memory must be better than another to count e times as much for when an event was. */
const evenness = 2
const hour = 3_600_000
/** What happened within so long of each other is one occasion. */
const occasion = 2 * hour
/** Occasions less likely than this against the likeliest are noise. */
const leastShare = 0.1

/** A memory's word on when an event was. */
interface Vote {
  readonly from: number
  readonly to: number
  readonly weight: number
}

/**
 * Finds when something happened: at the moments of the memories that tell of it, and on the days that they name ("my ticket: 22 October"),
 * taken together by occasion. Empty when no memory speaks of it, or when there is but one moment: that tells nothing.
 */
export function eventTimes(
  state: GraphState,
  candidates: Iterable<Candidate>,
  { now, clock }: { readonly now: number; readonly clock: ZoneClock },
): EventTime[] {
  const all = [...candidates]
  if (all.length > 1 && new Set(all.map(({ slot }) => state.filters.momentOf(slot))).size === 1) return []
  const best = all
    .filter((candidate) => scoreOf(candidate) >= foundAt)
    .sort((a, c) => scoreOf(c) - scoreOf(a))
    .slice(0, hits)
  if (!best[0]) return []
  const highest = scoreOf(best[0])
  const votes = best.flatMap((candidate): Vote[] => {
    const weight = Math.exp((scoreOf(candidate) - highest) / evenness)
    const at = state.filters.momentOf(candidate.slot)
    const days = namedDays(state.at(candidate.slot)!.memory.text, at, clock).filter(({ from }) => from <= now)
    const own = weight / (1 + 2 * days.length)
    return [{ from: at, to: at, weight: own }, ...days.map(({ from, to }) => ({ from, to: to - 1, weight: 2 * own }))]
  })
  return occasionsOf(votes)
}

/** The occasions that votes are for: each all that lie near the one with most votes around it. */
function occasionsOf(votes: readonly Vote[]): EventTime[] {
  const occasions: { from: number; to: number; weight: number }[] = []
  let left = [...votes]
  while (left.length > 0) {
    const peak = left.reduce((top, vote) => (around(vote, left) > around(top, left) ? vote : top))
    const near = left.filter((vote) => gap(vote, peak) <= occasion)
    occasions.push({
      from: Math.min(...near.map(({ from }) => from)),
      to: Math.max(...near.map(({ to }) => to)),
      weight: near.reduce((sum, { weight }) => sum + weight, 0),
    })
    left = left.filter((vote) => !near.includes(vote))
  }
  const most = Math.max(...occasions.map(({ weight }) => weight))
  return occasions
    .map(({ from, to, weight }) => ({ from, to, share: (weight / most) ** 2 }))
    .filter(({ share }) => share >= leastShare)
}

function around(vote: Vote, votes: readonly Vote[]): number {
  return votes.reduce((sum, other) => sum + other.weight * Math.exp(-gap(vote, other) / occasion), 0)
}

function gap(a: Pick<Vote, 'from' | 'to'>, b: Pick<Vote, 'from' | 'to'>): number {
  return Math.max(0, a.from - b.to, b.from - a.to)
}

/** How fast nearness to an event fades. */
const reach = 6 * hour
/** How long being somewhere may last beyond what is told of it. */
const stay = 48 * hour
/** What was so shortly before something happened was told on the same occasion. */
const leadIn = hour

/** What a question is hung on. */
export interface Anchored {
  readonly anchor: Anchor
  readonly times: readonly EventTime[]
}

/** How well a moment lies to an event that a question for what happened is hung on, 0..1: before it, soon after it, or around it. */
function fitsEvent(moment: number, { anchor, times }: Anchored): number {
  let fit = 0
  for (const time of times) fit += time.share * fitsTime(moment, time, anchor)
  return Math.min(1, fit)
}

function fitsTime(moment: number, { from, to }: EventTime, { side, leaving }: Anchor): number {
  if (side === 'before') return moment < from ? 1 - Math.exp((moment - from) / leadIn) : 0
  // A stay ends some time after the last that is told of it.
  if (side === 'after' && leaving) return moment > to ? Math.exp(Math.min(0, to + stay - moment) / stay) : 0
  if (side === 'after') return moment > to ? Math.exp((to - moment) / reach) : 0
  if (from <= moment && moment <= to) return 1
  return Math.exp(-Math.max(from - moment, moment - to) / reach)
}

/** How likely something was so by the time that a question for what was so is hung on, 0..1. */
export function heldBy(moment: number, { anchor, times }: Anchored): number {
  let held = 0
  for (const { from, to, share } of times) {
    if (anchor.side === 'before') held += moment < from ? share * (1 - Math.exp((moment - from) / leadIn)) : 0
    else if (anchor.side === 'after' && !anchor.leaving) held += moment >= from ? share : 0
    else held += moment <= (anchor.leaving ? to + stay : to) ? share : 0
  }
  return Math.min(1, held)
}

/** The times of an event, widened to what the question names around it: the week of it, its first day. */
export function widened(times: readonly EventTime[], { extent }: Anchor, clock: ZoneClock): readonly EventTime[] {
  if (!extent) return times
  return times.map(({ from, to, share }) => {
    const wall = clock.wallOf(extent.which === 'last' ? to : from)
    const [start, end] = extentOf(wall, extent)
    return { from: clock.instantOf(start), to: clock.instantOf(end, true) - 1, share }
  })
}

function extentOf(wall: number, { unit }: NonNullable<Anchor['extent']>): readonly [number, number] {
  if (unit === 'week') return [startOfWeek(wall), startOfWeek(wall) + 7 * day]
  if (unit === 'weekend') return [startOfWeek(wall) + 5 * day, startOfWeek(wall) + 7 * day]
  const { year, month } = monthOf(wall)
  if (unit === 'month') return [startOfMonth(year, month), startOfMonth(year, month + 1)]
  const hours = dayParts[unit]
  if (!hours) return [startOfDay(wall), startOfDay(wall) + day]
  const evening = wall - (hours[1] > day ? hours[1] - day : 0)
  return [startOfDay(evening) + hours[0], startOfDay(evening) + hours[1]]
}

/** Where an event is looked for. */
interface AnchorSearch extends Anchored {
  readonly weight: number
  readonly asks: 'event' | 'state'
  readonly allowed: SlotSet | undefined
}

/** What lying to an event as the question says is worth against the lead of a newer value: more than words can be. */
const lead = 12
/** Memories so near to an event are looked at whatever they say. */
const nearby = 12 * hour

/**
 * Scores candidates by the words without the anchor, and speaks for what lies to it as the question says. Around an event, what tells of
 * the event itself may be the answer, so that both readings count half.
 *
 * @param rest what was found by the words without the anchor
 */
export function addAnchored(state: GraphState, found: Candidates, rest: Candidates, search: AnchorSearch): void {
  const { anchor, times, weight, asks, allowed } = search
  const ranges = times.map(({ from, to }) => ({ from: from - nearby, to: to + nearby }))
  const all = [...found.bySlot.keys(), ...rest.bySlot.keys()]
  if (asks === 'event') all.push(...state.filters.happenedIn(ranges, allowed))
  found.add(all)
  rest.add(all)
  const kept = anchor.side === 'around' && !anchor.leaving && asks === 'event' ? 0.5 : 0
  for (const [slot, candidate] of found.bySlot) {
    const other = rest.bySlot.get(slot)!
    candidate.vector = kept * candidate.vector + (1 - kept) * other.vector
    candidate.lexical = kept * candidate.lexical + (1 - kept) * other.lexical
    const moment = state.filters.momentOf(slot)
    candidate.time += lead * weight * (asks === 'event' ? fitsEvent(moment, search) : heldBy(moment, search))
  }
}
