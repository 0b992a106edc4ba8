import type { Memory, MemoryInput, MemoryQuery } from '@perstream/spec'
import { evidenceUntil } from './evidence'
import { grown } from './grown'
import type { SectionReader, SectionWriter } from './sections'
import { SlotGroups } from './slot-groups'
import { SlotSet } from './slot-set'
import type { TimeRange } from './time-expressions'

/** When something was true. Milliseconds since 1970 UTC; absent: unknown or open. */
export type Window = Pick<MemoryInput, 'validFrom' | 'validTo'>

/** Which memories a query may return, by indexes: sets of slots for what is equal, columns of numbers for times. */
export class MemoryFilters {
  #all = new SlotSet()
  #superseded = new SlotSet()
  #conflicting = new SlotSet()
  #forgotten = new SlotSet()
  readonly #byOwner = new SlotGroups()
  readonly #byCategory = new SlotGroups()
  readonly #bySource = new SlotGroups()
  #learnedAt: Float64Array = new Float64Array(64)
  #validFrom: Float64Array = new Float64Array(64)
  #validTo: Float64Array = new Float64Array(64)

  /** The slots of memories that have words: those alone can be found. */
  get all(): SlotSet {
    return this.#all
  }

  /** The slots of memories whose words were let go. They are in no other set but that of the superseded. */
  get forgotten(): SlotSet {
    return this.#forgotten
  }

  /** The slots of memories that have conflicts. */
  get conflicting(): SlotSet {
    return this.#conflicting
  }

  /** The slots of memories that others have superseded. */
  get superseded(): SlotSet {
    return this.#superseded
  }

  /** How many memories each category has, of those that have any. */
  categoryCounts(): Iterable<readonly [category: string, memories: number]> {
    return this.#byCategory.counts()
  }

  /** Whose memories there are. */
  owners(): Iterable<string> {
    return this.#byOwner.keys()
  }

  put(slot: number, memory: Memory): void {
    this.#learnedAt = grown(this.#learnedAt, slot + 1)
    this.#validFrom = grown(this.#validFrom, slot + 1)
    this.#validTo = grown(this.#validTo, slot + 1)
    if (memory.supersededBy !== undefined) this.#superseded.add(slot)
    if (memory.forgottenAt !== undefined) this.#forgotten.add(slot)
    else this.#putLive(slot, memory)
    this.#learnedAt[slot] = memory.learnedAt
    this.#validFrom[slot] = memory.validFrom ?? Number.NEGATIVE_INFINITY
    this.#validTo[slot] = memory.validTo ?? Number.POSITIVE_INFINITY
  }

  delete(slot: number, memory: Memory): void {
    if (memory.forgottenAt !== undefined) this.#forgotten.delete(slot)
    for (const slots of [this.#all, this.#superseded, this.#conflicting]) slots.delete(slot)
    for (const [groups, key] of this.#groupsOf(memory)) groups.delete(key, slot)
  }

  /** Takes memories whose words are let go out of all sets. */
  forget(slots: SlotSet): void {
    this.#all = this.#all.andNot(slots)
    this.#conflicting = this.#conflicting.andNot(slots)
    this.#forgotten = this.#forgotten.or(slots)
    for (const groups of [this.#byOwner, this.#byCategory, this.#bySource]) groups.deleteAll(slots)
  }

  /** When it happened, as far as is known: when it began to be true, else when it was learned. */
  momentOf(slot: number): number {
    const from = this.#validFrom[slot]!
    return from === Number.NEGATIVE_INFINITY ? this.#learnedAt[slot]! : from
  }

  learnedAt(slot: number): number {
    return this.#learnedAt[slot]!
  }

  /** Whether a memory is not superseded, and true at a time of a window: its ends belong to it. */
  standsIn(
    slot: number,
    { validFrom = Number.NEGATIVE_INFINITY, validTo = Number.POSITIVE_INFINITY }: Window,
  ): boolean {
    return !this.#superseded.has(slot) && this.#validFrom[slot]! <= validTo && validFrom <= this.#validTo[slot]!
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

  /** The slots of memories that are all that is given. */
  with({ owner, categories, source }: Pick<MemoryQuery, 'owner' | 'categories' | 'source'>): SlotSet {
    const owned = owner === undefined ? this.#all : this.#all.and(this.#byOwner.get(owner))
    const sorted = categories ? owned.and(this.#ofCategories(categories)) : owned
    return source === undefined ? sorted : sorted.and(this.#bySource.get(source))
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
    let left = this.#forgotten.count > 0 ? this.#all : undefined
    const keep = (set: SlotSet) => {
      left = left ? left.and(set) : set
    }
    if (owner !== undefined || categories || source !== undefined) keep(this.with({ owner, categories, source }))
    if (superseded === 'exclude') keep(this.#all.andNot(this.#superseded))
    if (asOf !== undefined) keep((left ?? this.#all).filter((slot) => this.#learnedAt[slot]! <= asOf))
    if (validAt !== undefined)
      keep((left ?? this.#all).filter((slot) => this.#validFrom[slot]! <= validAt && validAt < this.#validTo[slot]!))
    if (during) {
      const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = during
      keep((left ?? this.#all).filter((slot) => this.momentOf(slot) < to && from < this.#validTo[slot]!))
    }
    if (until) {
      const late = (left ?? this.#all).and(this.#bySource.get(until.source)).filter((slot) => {
        return evidenceUntil(memoryOf(slot).evidence, until).length === 0
      })
      keep((left ?? this.#all).andNot(late))
    }
    const excluded = new SlotSet(exclude.flatMap((id) => slotOf(id) ?? []))
    if (excluded.count > 0) keep((left ?? this.#all).andNot(excluded))
    return left
  }

  save(writer: SectionWriter, name: string): void {
    writer.numbers(`${name}.all`, this.#all.words)
    writer.numbers(`${name}.superseded`, this.#superseded.words)
    writer.numbers(`${name}.conflicting`, this.#conflicting.words)
    writer.numbers(`${name}.forgotten`, this.#forgotten.words)
    writer.numbers(`${name}.learnedAt`, this.#learnedAt)
    writer.numbers(`${name}.validFrom`, this.#validFrom)
    writer.numbers(`${name}.validTo`, this.#validTo)
    this.#byOwner.save(writer, `${name}.owner`)
    this.#byCategory.save(writer, `${name}.category`)
    this.#bySource.save(writer, `${name}.source`)
  }

  restore(reader: SectionReader, name: string): void {
    this.#all = SlotSet.ofWords(reader.uint32(`${name}.all`))
    this.#superseded = SlotSet.ofWords(reader.uint32(`${name}.superseded`))
    this.#conflicting = SlotSet.ofWords(reader.uint32(`${name}.conflicting`))
    this.#forgotten = SlotSet.ofWords(reader.uint32(`${name}.forgotten`))
    this.#learnedAt = reader.float64(`${name}.learnedAt`)
    this.#validFrom = reader.float64(`${name}.validFrom`)
    this.#validTo = reader.float64(`${name}.validTo`)
    this.#byOwner.restore(reader, `${name}.owner`)
    this.#byCategory.restore(reader, `${name}.category`)
    this.#bySource.restore(reader, `${name}.source`)
  }

  #putLive(slot: number, memory: Memory): void {
    this.#all.add(slot)
    if (memory.conflicts?.length) this.#conflicting.add(slot)
    for (const [groups, key] of this.#groupsOf(memory)) groups.add(key, slot)
  }

  #ofCategories(categories: readonly string[]): SlotSet {
    return categories.reduce((sum, name) => sum.or(this.#byCategory.get(name)), new SlotSet())
  }

  *#groupsOf({ owner, category, evidence }: Memory): Generator<readonly [SlotGroups, string]> {
    yield [this.#byOwner, owner]
    yield [this.#byCategory, category]
    for (const { source } of evidence) yield [this.#bySource, source]
  }
}
