import type { Memory, MemoryQuery } from '@perstream/spec'
import { evidenceUntil } from './evidence'
import { SlotSet } from './slot-set'
import type { TimeRange } from './time-expressions'

/** Which memories a query may return, by indexes: sets of slots for what is equal, columns of numbers for times. */
export class MemoryFilters {
  readonly #all = new SlotSet()
  readonly #superseded = new SlotSet()
  readonly #byOwner = new Map<string, SlotSet>()
  readonly #byCategory = new Map<string, SlotSet>()
  readonly #bySource = new Map<string, SlotSet>()
  #learnedAt = new Float64Array(64)
  #validFrom = new Float64Array(64)
  #validTo = new Float64Array(64)

  /** The slots in use. */
  get all(): SlotSet {
    return this.#all
  }

  /** Whose memories there are. */
  owners(): Iterable<string> {
    return this.#byOwner.keys()
  }

  put(slot: number, memory: Memory): void {
    if (slot >= this.#learnedAt.length) this.#grow(slot)
    this.#all.add(slot)
    if (memory.supersededBy !== undefined) this.#superseded.add(slot)
    for (const set of this.#setsOf(memory)) set.add(slot)
    this.#learnedAt[slot] = memory.learnedAt
    this.#validFrom[slot] = memory.validFrom ?? Number.NEGATIVE_INFINITY
    this.#validTo[slot] = memory.validTo ?? Number.POSITIVE_INFINITY
  }

  delete(slot: number, memory: Memory): void {
    this.#all.delete(slot)
    this.#superseded.delete(slot)
    for (const set of this.#setsOf(memory)) set.delete(slot)
  }

  /** When it happened, as far as is known: when it began to be true, else when it was learned. */
  momentOf(slot: number): number {
    const from = this.#validFrom[slot]!
    return from === Number.NEGATIVE_INFINITY ? this.#learnedAt[slot]! : from
  }

  isSuperseded(slot: number): boolean {
    return this.#superseded.has(slot)
  }

  /** The slots of memories that happened within one of the ranges. */
  happenedIn(ranges: readonly TimeRange[], allowed: SlotSet | undefined): SlotSet {
    return (allowed ?? this.#all).filter((slot) => {
      const moment = this.momentOf(slot)
      return ranges.some(({ from, to }) => from <= moment && moment < to)
    })
  }

  /** The slots of memories that happened at most so long before or after one of some moments. */
  near(moments: readonly number[], within: number, allowed: SlotSet | undefined): SlotSet {
    return this.happenedIn(
      moments.map((at) => ({ from: at - within, to: at + within })),
      allowed,
    )
  }

  /**
   * What the filters of a query leave; undefined when it has none.
   * @param memoryOf read for `until` alone, and of memories with evidence of its source alone
   */
  allowed(
    query: MemoryQuery,
    slotOf: (id: string) => number | undefined,
    memoryOf: (slot: number) => Memory,
  ): SlotSet | undefined {
    const { owner, categories, source, until, asOf, validAt, exclude = [], superseded, during } = query
    let left: SlotSet | undefined
    const keep = (set: SlotSet | undefined) => {
      left = left ? left.and(set ?? none) : (set ?? none)
    }
    if (owner !== undefined) keep(this.#byOwner.get(owner))
    if (categories) keep(categories.map((name) => this.#byCategory.get(name) ?? none).reduce((a, c) => a.or(c), none))
    if (source !== undefined) keep(this.#bySource.get(source))
    if (superseded === 'exclude') keep(this.#all.andNot(this.#superseded))
    if (asOf !== undefined) keep((left ?? this.#all).filter((slot) => this.#learnedAt[slot]! <= asOf))
    if (validAt !== undefined)
      keep((left ?? this.#all).filter((slot) => this.#validFrom[slot]! <= validAt && validAt < this.#validTo[slot]!))
    if (during) {
      const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = during
      keep((left ?? this.#all).filter((slot) => this.momentOf(slot) < to && from < this.#validTo[slot]!))
    }
    if (until) {
      const late = (left ?? this.#all).and(this.#bySource.get(until.source) ?? none).filter((slot) => {
        return evidenceUntil(memoryOf(slot).evidence, until).length === 0
      })
      keep((left ?? this.#all).andNot(late))
    }
    const excluded = new SlotSet(exclude.flatMap((id) => slotOf(id) ?? []))
    if (excluded.count > 0) keep((left ?? this.#all).andNot(excluded))
    return left
  }

  *#setsOf({ owner, category, evidence }: Memory): Generator<SlotSet> {
    yield setOf(this.#byOwner, owner)
    yield setOf(this.#byCategory, category)
    for (const { source } of evidence) yield setOf(this.#bySource, source)
  }

  #grow(slot: number): void {
    const capacity = Math.max(slot + 1, this.#learnedAt.length * 2)
    this.#learnedAt = grown(this.#learnedAt, capacity)
    this.#validFrom = grown(this.#validFrom, capacity)
    this.#validTo = grown(this.#validTo, capacity)
  }
}

const none = new SlotSet()

function setOf(sets: Map<string, SlotSet>, key: string): SlotSet {
  const set = sets.get(key) ?? new SlotSet()
  sets.set(key, set)
  return set
}

function grown(column: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(capacity)
  larger.set(column)
  return larger
}
