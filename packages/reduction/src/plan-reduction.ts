import { gone, precisions, StepList } from '@perstream/kit'
import type { PartTable, ReductionStep, ReductionStrategy } from '@perstream/spec'
import { bytesAfter, groupsOf } from './part-table'

/** What is to go, and what that frees. */
export interface ReductionPlan {
  /** In the order of the strategy. */
  readonly steps: StepList
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
  if (bytes === 0) return { steps: new StepList(0), freedBytes: 0, isEnough: true }
  const ledger = new Ledger(table)
  const given = strategy(table)
  const steps = given instanceof StepList ? takeColumns(ledger, given, bytes) : takeSteps(ledger, given, bytes)
  return { steps, freedBytes: ledger.freedBytes, isEnough: ledger.freedBytes >= bytes }
}

function takeColumns(ledger: Ledger, given: StepList, bytes: number): StepList {
  const { parts, outcomes, length } = given
  let taken = 0
  while (taken < length && ledger.freedBytes < bytes) ledger.take(parts[taken]!, outcomes[taken++]!)
  return given.first(taken)
}

function takeSteps(ledger: Ledger, given: Iterable<ReductionStep>, bytes: number): StepList {
  const steps = new StepList()
  for (const step of given) {
    ledger.take(step.part, steps.add(step))
    if (ledger.freedBytes >= bytes) break
  }
  return steps
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

  take(part: number, outcome: number): void {
    if (part >= this.#table.length)
      throw new TypeError(`the strategy names part ${part}: the parts are 0 to ${this.#table.length - 1}`)
    if (this.#isGone[part]) throw new TypeError(`the strategy names part ${part} after it was taken away`)
    const group = this.#table.shared[part]!
    if (outcome === gone) this.#remove(part, group)
    else this.#demote(part, group, outcome)
  }

  #remove(part: number, group: number): void {
    this.#isGone[part] = 1
    this.#users[group]!--
    if (this.#users[group] === 0) this.freedBytes += this.#bytes[group]!
  }

  #demote(part: number, group: number, precision: number): void {
    if (this.#table.values[part] === 0)
      throw new TypeError(`the strategy keeps part ${part} as ${precisions[precision]}: words can only be gone`)
    if (precision < this.#precision[part]!)
      throw new TypeError(`the strategy keeps part ${part} as ${precisions[precision]}, which is more exact than it is`)
    this.#precision[part] = precision
    const bytes = bytesAfter(this.#table, part, precision)
    if (bytes >= this.#bytes[group]!) return
    this.freedBytes += this.#bytes[group]! - bytes
    this.#bytes[group] = bytes
  }
}
