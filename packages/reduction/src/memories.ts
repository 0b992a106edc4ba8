import type { PartTable } from '@perstream/spec'
import { risingOrder } from './rising-order'

/** The memories of a table: the parts of memory m are `starts[m]` up to before `starts[m + 1]`. */
export class Memories {
  readonly starts: Uint32Array
  readonly count: number
  readonly #table: PartTable

  constructor(table: PartTable) {
    const { owner, length } = table
    const starts = new Uint32Array(length + 1)
    let count = 0
    for (let part = 0; part < length; part++) if (part === 0 || owner[part] !== owner[part - 1]) starts[count++] = part
    starts[count] = length
    this.starts = starts.subarray(0, count + 1)
    this.count = count
    this.#table = table
  }

  /** By a column, the lowest first; of equals, in the order of the table. */
  by(column: Float64Array): Uint32Array {
    const values = new Float64Array(this.count)
    for (let memory = 0; memory < this.count; memory++) values[memory] = column[this.starts[memory]!]!
    return risingOrder(values)
  }

  /** Of each memory, how many warmer ones say nearly the same; of equally warm ones, the later in the table counts as warmer. */
  repeats(): Uint32Array {
    const { alike, heat } = this.#table
    const coldFirst = this.by(heat)
    const repeats = new Uint32Array(this.count)
    const counter = new Counter(this.count)
    for (let i = coldFirst.length - 1; i >= 0; i--) {
      const memory = coldFirst[i]!
      repeats[memory] = counter.count(alike[this.starts[memory]!]!)
    }
    return repeats
  }
}

/** Counts how often each of at most so many 32-bit numbers came: a table of open places, a fifth of the time of a Map. */
class Counter {
  readonly #numbers: Uint32Array
  readonly #counts: Uint32Array

  constructor(most: number) {
    const places = 2 ** Math.ceil(Math.log2(2 * most + 2))
    this.#numbers = new Uint32Array(places)
    this.#counts = new Uint32Array(places)
  }

  /** Counts a number, and tells how often it came before. */
  count(number: number): number {
    const last = this.#numbers.length - 1
    let place = (Math.imul(number, 0x9e3779b1) >>> 7) & last
    while (this.#counts[place]! > 0 && this.#numbers[place] !== number) place = (place + 1) & last
    this.#numbers[place] = number
    return this.#counts[place]!++
  }
}
