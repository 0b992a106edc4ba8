import { grown } from './grown'
import type { SectionReader, SectionWriter } from './sections'

/** A list in a block that is exactly as long as the list was when all were put together. */
const exact = 255

/**
 * Many ascending lists of whole numbers (0..2^32-1), each number once, the lists numbered densely from 0. They share one array; a list of
 * one takes no room in it. Finding costs the logarithm of a length; adding and deleting move what is behind.
 */
export class NumberLists {
  /** Where a list begins in the pool; of class 0, its only value. */
  #starts: Uint32Array = new Uint32Array(16)
  #lengths: Uint32Array = new Uint32Array(16)
  /** Class n has room for 2^n values; 0 for one. */
  #classes: Uint8Array = new Uint8Array(16)
  #pool: Uint32Array = new Uint32Array(64)
  #used = 0
  /** Places in the pool that nothing uses any more. */
  #wasted = 0
  /** Starts of blocks that are free, by class. */
  #free: number[][] = []

  lengthOf(list: number): number {
    return this.#lengths[list] ?? 0
  }

  /** The values of a list. A view, good until the next change of any list. */
  get(list: number): Uint32Array {
    const length = this.lengthOf(list)
    if (length === 0) return none
    const start = this.#starts[list]!
    return this.#classes[list] === 0
      ? this.#starts.subarray(list, list + 1)
      : this.#pool.subarray(start, start + length)
  }

  /** Adds a value; says whether it was not there. */
  add(list: number, value: number): boolean {
    if (list >= this.#starts.length) this.#growTable(list)
    if (this.#wasted > 1024 && this.#wasted > this.#used / 2) this.#compact()
    const values = this.get(list)
    const at = lowerBound(values, value)
    if (values[at] === value) return false
    const length = values.length
    this.#makeRoom(list, length + 1)
    this.#lengths[list] = length + 1
    if (this.#classes[list] === 0) this.#starts[list] = value
    else {
      const start = this.#starts[list]!
      this.#pool.copyWithin(start + at + 1, start + at, start + length)
      this.#pool[start + at] = value
    }
    return true
  }

  /** Deletes the first value of a range, `below` exclusive; says whether there was one. */
  delete(list: number, from: number, below = from + 1): boolean {
    const values = this.get(list)
    const at = lowerBound(values, from)
    if (at === values.length || values[at]! >= below) return false
    values.copyWithin(at, at + 1)
    this.#lengths[list] = values.length - 1
    if (values.length === 1) this.clear(list)
    return true
  }

  /** Deletes all values of a list that a mask marks, at the place of the value shifted right by so many bits. */
  deleteAll(list: number, dead: Uint8Array, shift = 0): void {
    if (this.lengthOf(list) === 0) return
    if (this.#classes[list] === 0) {
      if (dead[this.#starts[list]! >>> shift]) this.clear(list)
      return
    }
    const values = this.get(list)
    let left = 0
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (!dead[value >>> shift]) values[left++] = value
    }
    this.#lengths[list] = left
    if (left === 0) this.clear(list)
  }

  /** Empties a list. */
  clear(list: number): void {
    if (list >= this.#starts.length) return
    this.#release(list)
    this.#lengths[list] = 0
    this.#classes[list] = 0
  }

  /** @param count lists that are in use: those from there on are empty */
  save(writer: SectionWriter, name: string, count: number): void {
    this.#growTable(count)
    this.#compact()
    writer.numbers(`${name}.starts`, this.#starts.subarray(0, count))
    writer.numbers(`${name}.lengths`, this.#lengths.subarray(0, count))
    writer.numbers(`${name}.classes`, this.#classes.subarray(0, count))
    writer.numbers(`${name}.pool`, this.#pool.subarray(0, this.#used))
  }

  restore(reader: SectionReader, name: string): void {
    this.#starts = reader.uint32(`${name}.starts`)
    this.#lengths = reader.uint32(`${name}.lengths`)
    this.#classes = reader.bytes(`${name}.classes`)
    this.#pool = reader.uint32(`${name}.pool`)
    this.#used = this.#pool.length
    this.#wasted = 0
    this.#free = []
  }

  #makeRoom(list: number, length: number): void {
    const before = this.#classes[list]!
    if (before === exact || length > 2 ** before) this.#move(list, Math.ceil(Math.log2(length)))
  }

  #move(list: number, sizeClass: number): void {
    const start = this.#allocate(sizeClass)
    const values = this.get(list)
    this.#pool.set(values, start)
    this.#release(list)
    this.#starts[list] = start
    this.#classes[list] = sizeClass
  }

  #allocate(sizeClass: number): number {
    const free = this.#free[sizeClass]?.pop()
    if (free !== undefined) return free
    const start = this.#used
    this.#used += 2 ** sizeClass
    if (this.#used > this.#pool.length) this.#pool = grown(this.#pool, this.#used, 1.5)
    return start
  }

  #release(list: number): void {
    const sizeClass = this.#classes[list]!
    if (sizeClass === 0) return
    if (sizeClass === exact) this.#wasted += this.#lengths[list]!
    else {
      this.#free[sizeClass] ??= []
      this.#free[sizeClass].push(this.#starts[list]!)
    }
  }

  /** Puts the lists one behind the other. */
  #compact(): void {
    const lengths = this.#lengths
    const inPool = (list: number) => this.#classes[list] !== 0
    const total = lengths.reduce((sum, length, list) => (inPool(list) ? sum + length : sum), 0)
    const pool = new Uint32Array(Math.max(64, total))
    let used = 0
    for (let list = 0; list < lengths.length; list++) {
      if (!inPool(list)) continue
      const values = this.get(list)
      pool.set(values, used)
      if (values.length === 1) {
        this.#starts[list] = values[0]!
        this.#classes[list] = 0
        continue
      }
      this.#starts[list] = used
      this.#classes[list] = exact
      used += values.length
    }
    this.#pool = pool
    this.#used = used
    this.#wasted = 0
    this.#free = []
  }

  #growTable(list: number): void {
    this.#starts = grown(this.#starts, list + 1)
    this.#lengths = grown(this.#lengths, list + 1)
    this.#classes = grown(this.#classes, list + 1)
  }
}

const none = new Uint32Array(0)

/** The first place whose value is not below; values mostly come in order, so the end is tried first. */
function lowerBound(values: Uint32Array, value: number): number {
  const { length } = values
  if (length === 0 || values[length - 1]! < value) return length
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
