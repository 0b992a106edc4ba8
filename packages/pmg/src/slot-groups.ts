import { NameTable } from './name-table'
import { NumberLists } from './number-lists'
import type { SectionReader, SectionWriter } from './sections'
import { SlotSet } from './slot-set'

/** A group of more slots than these is kept as bits. */
const few = 4096

/** Sets of slots by name. A small one takes 4 bytes a slot, a large one a bit for each slot there is. */
export class SlotGroups {
  readonly #small = new NameTable()
  readonly #lists = new NumberLists()
  readonly #large = new Map<string, SlotSet>()

  /** The slots of a group, none where there is no such group. Not to be changed. */
  get(name: string): SlotSet {
    const large = this.#large.get(name)
    if (large) return large
    const number = this.#small.numberOf(name)
    return new SlotSet(number === undefined ? [] : this.#lists.get(number))
  }

  add(name: string, slot: number): void {
    const large = this.#large.get(name)
    if (large) {
      large.add(slot)
      return
    }
    const number = this.#small.add(name)
    this.#lists.add(number, slot)
    if (this.#lists.lengthOf(number) <= few) return
    this.#large.set(name, new SlotSet(this.#lists.get(number)))
    this.#lists.clear(number)
    this.#small.delete(name)
  }

  delete(name: string, slot: number): void {
    const large = this.#large.get(name)
    if (large) {
      large.delete(slot)
      if (large.count === 0) this.#large.delete(name)
      return
    }
    const number = this.#small.numberOf(name)
    if (number === undefined) return
    this.#lists.delete(number, slot)
    if (this.#lists.lengthOf(number) === 0) this.#small.delete(name)
  }

  /** Deletes slots from all groups. Costs all that the groups have. */
  deleteAll(dead: SlotSet): void {
    const mask = dead.mask()
    for (const [name, number] of [...this.#small]) {
      this.#lists.deleteAll(number, mask)
      if (this.#lists.lengthOf(number) === 0) this.#small.delete(name)
    }
    for (const [name, slots] of [...this.#large]) {
      const left = slots.andNot(dead)
      if (left.count > 0) this.#large.set(name, left)
      else this.#large.delete(name)
    }
  }

  /** The names of the groups that have slots. */
  *keys(): Generator<string, void, void> {
    for (const [name] of this.#small) yield name
    yield* this.#large.keys()
  }

  *counts(): Generator<readonly [name: string, count: number], void, void> {
    for (const [name, number] of this.#small) yield [name, this.#lists.lengthOf(number)]
    for (const [name, { count }] of this.#large) yield [name, count]
  }

  save(writer: SectionWriter, name: string): void {
    this.#small.save(writer, name)
    this.#lists.save(writer, name, this.#small.end)
    const large = [...this.#large]
    writer.json(
      `${name}.large`,
      large.map(([key]) => key),
    )
    for (const [i, [, { words }]] of large.entries()) writer.numbers(`${name}.large.${i}`, words)
  }

  restore(reader: SectionReader, name: string): void {
    this.#small.restore(reader, name)
    this.#lists.restore(reader, name)
    for (const [i, key] of reader.json<string[]>(`${name}.large`).entries())
      this.#large.set(key, SlotSet.ofWords(reader.uint32(`${name}.large.${i}`)))
  }
}
