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
    const known = new Map<number, number>()
    for (let i = coldFirst.length - 1; i >= 0; i--) {
      const memory = coldFirst[i]!
      const like = alike[this.starts[memory]!]!
      const warmer = known.get(like) ?? 0
      repeats[memory] = warmer
      known.set(like, warmer + 1)
    }
    return repeats
  }
}
