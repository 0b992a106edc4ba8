import { precisions } from '@perstream/kit'
import type { CoarserPrecision, PartTable, ReductionStep, ReductionStrategy } from '@perstream/spec'
import { bytesAs, groupsOf } from './part-table'

/** What is to go, and what that frees. */
export interface ReductionPlan {
  /** In the order of the strategy. */
  readonly steps: readonly ReductionStep[]
  /** Bytes that are free after it: what others still share is not. */
  readonly freedBytes: number
  /** Whether it frees as much as was asked for. */
  readonly isEnough: boolean
}

/**
 * Takes the steps of a strategy, in its order, until so many bytes are free; of the last steps all that were needed, so that at most
 * one part more than needed goes. Linear in the steps.
 * @param bytes to free, 0 or more
 * @throws TypeError when `bytes` is none, or the strategy names a part that is not there, takes one away twice or makes one more exact
 */
export function planReduction(table: PartTable, strategy: ReductionStrategy, bytes: number): ReductionPlan {
  if (!(bytes >= 0)) throw new TypeError(`bytes is ${bytes}: it must be a number of 0 or more`)
  const ledger = new Ledger(table)
  const steps: ReductionStep[] = []
  if (bytes === 0) return { steps, freedBytes: 0, isEnough: true }
  for (const step of strategy(table)) {
    ledger.take(step)
    steps.push(step)
    if (ledger.freedBytes >= bytes) break
  }
  return { steps, freedBytes: ledger.freedBytes, isEnough: ledger.freedBytes >= bytes }
}

/** What of a table is still there. */
class Ledger {
  freedBytes = 0
  readonly #table: PartTable
  readonly #isGone: Uint8Array
  /** How exactly each part is to be kept; bytes that it shares may be kept less exactly for another. */
  readonly #precision: Uint8Array
  /** By the number of shared bytes: parts that lie on them, and how many bytes that takes. */
  readonly #users: Uint32Array
  readonly #bytes: Float64Array

  constructor(table: PartTable) {
    this.#table = table
    this.#isGone = new Uint8Array(table.length)
    this.#precision = table.precision.slice()
    const groups = groupsOf(table.shared)
    this.#users = new Uint32Array(groups)
    this.#bytes = new Float64Array(groups)
    for (let part = 0; part < table.length; part++) {
      const group = table.shared[part]!
      this.#users[group]!++
      this.#bytes[group] = table.bytes[part]!
    }
  }

  take({ part, to }: ReductionStep): void {
    if (!(Number.isInteger(part) && part >= 0 && part < this.#table.length))
      throw new TypeError(`the strategy names part ${part}: the parts are 0 to ${this.#table.length - 1}`)
    if (this.#isGone[part]) throw new TypeError(`the strategy names part ${part} after it was taken away`)
    const group = this.#table.shared[part]!
    if (to === 'gone') this.#remove(part, group)
    else this.#demote(part, group, to)
  }

  #remove(part: number, group: number): void {
    this.#isGone[part] = 1
    this.#users[group]!--
    if (this.#users[group] === 0) this.freedBytes += this.#bytes[group]!
  }

  #demote(part: number, group: number, to: CoarserPrecision): void {
    const precision = precisions.indexOf(to)
    if (precision < 1 || this.#table.values[part] === 0)
      throw new TypeError(
        `the strategy keeps part ${part} as ${JSON.stringify(to)}: numbers can be kept as "f16", "i8" or "b1"`,
      )
    if (precision < this.#precision[part]!)
      throw new TypeError(`the strategy keeps part ${part} as ${to}, which is more exact than it is`)
    const bytes = bytesAs(this.#table, part, to)
    this.freedBytes += Math.max(0, this.#bytes[group]! - bytes)
    this.#bytes[group] = Math.min(this.#bytes[group]!, bytes)
    this.#precision[part] = precision
  }
}
