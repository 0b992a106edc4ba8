import { gone, outcomes, StepList } from '@perstream/kit'
import type { PartTable, ReductionStrategy } from '@perstream/spec'
import { Memories } from './memories'
import { bytesAfter, groupsOf } from './part-table'
import { risingOrder } from './rising-order'

/**
 * What a part gives to finding its memory again, by its number: pictures little, since few ask by picture; words and the embedding beside them as much as each
 * other, since a memory that has only one of them falls behind those that have both.
 */
const shares = [0.05, 0.1, 0.5, 0.5]
/**
 * What may become of a part, by number, and how much of its share is lost by it. 16-bit floats are passed over: bytes lose nothing to speak
 * of. Signs keep the angle between two vectors to about a tenth.
 */
const lossOf = [0, 0, 0.01, 0.1, 1]
const bytesNumber = outcomes.indexOf('i8')
/** Steps of one part at most, and of a memory of four. */
const stepsPerPart = gone - bytesNumber + 1
const longestLadder = 4 * stepsPerPart
const words = 3

/**
 * What gives least by byte goes first. A memory is worth what it tells, the bytes of its words, times its heat, divided by how many say nearly the same: itself and
 * warmer ones. A part is worth its share of that; what a step costs is the worth it takes by the bytes it frees, be it a precision or the whole part. The steps of one memory stay in order, fine
 * to coarse: where a later one costs less, both are taken as one (pool adjacent violators), so that what is taken is best for its bytes.
 * O(n log n) at most: linear, but for ordering.
 */
export const valuePerByte: ReductionStrategy = (table) => {
  const ladders = new Ladders(table.length)
  const memories = new Memories(table)
  const repeats = memories.repeats()
  const leaders = leadersOf(table)
  for (let memory = 0; memory < memories.count; memory++) {
    const start = memories.starts[memory]!
    const end = memories.starts[memory + 1]!
    const told = table.granularity[end - 1] === words ? table.bytes[end - 1]! : 0
    const worth = (told * table.heat[start]!) / (1 + repeats[memory]!)
    for (let part = start; part < end; part++) addPart(ladders, { table, part, worth, leaders })
    ladders.end()
  }
  return ladders.steps()
}

/** Of parts on the same bytes: how many there are, and the warmest, whose steps decide how exactly they are kept. */
interface Leaders {
  readonly users: Uint32Array
  readonly leader: Int32Array
}

function leadersOf({ shared, heat, length }: PartTable): Leaders {
  const groups = groupsOf(shared)
  const users = new Uint32Array(groups)
  const leader = new Int32Array(groups).fill(-1)
  for (let part = 0; part < length; part++) {
    const group = shared[part]!
    users[group]!++
    if (leader[group]! < 0 || heat[part]! > heat[leader[group]!]!) leader[group] = part
  }
  return { users, leader }
}

interface PartWorth {
  readonly table: PartTable
  readonly part: number
  readonly worth: number
  readonly leaders: Leaders
}

function addPart(ladders: Ladders, { table, part, worth, leaders }: PartWorth): void {
  const group = table.shared[part]!
  const share = worth * shares[table.granularity[part]!]!
  let bytes = table.bytes[part]!
  let lost = 0
  if (leaders.leader[group] === part && table.values[part]! > 0)
    for (let outcome = Math.max(bytesNumber, table.precision[part]! + 1); outcome < gone; outcome++) {
      const left = bytesAfter(table, part, outcome)
      if (left >= bytes) continue
      ladders.add(part, outcome, share * (lossOf[outcome]! - lost), bytes - left)
      bytes = left
      lost = lossOf[outcome]!
    }
  ladders.add(part, gone, share * (1 - lost), bytes / leaders.users[group]!)
}

/** The steps of all memories, each memory's in order, with what they cost by byte. */
class Ladders {
  #length = 0
  readonly #parts: Uint32Array
  readonly #outcomes: Uint8Array
  readonly #ratios: Float32Array
  /** Steps of the memory at hand that are taken as one, by their first: each such run costs more by byte than the one before it. */
  #runs = 0
  readonly #starts = new Uint32Array(longestLadder)
  readonly #costs = new Float64Array(longestLadder)
  readonly #freed = new Float64Array(longestLadder)

  constructor(parts: number) {
    this.#parts = new Uint32Array(stepsPerPart * parts)
    this.#outcomes = new Uint8Array(stepsPerPart * parts)
    this.#ratios = new Float32Array(stepsPerPart * parts)
  }

  add(part: number, outcome: number, cost: number, freed: number): void {
    let run = this.#runs++
    this.#parts[this.#length] = part
    this.#outcomes[this.#length] = outcome
    this.#starts[run] = this.#length++
    this.#costs[run] = cost
    this.#freed[run] = freed
    while (run > 0 && this.#ratioOf(run - 1) > this.#ratioOf(run)) {
      this.#costs[run - 1]! += this.#costs[run]!
      this.#freed[run - 1]! += this.#freed[run]!
      run--
    }
    this.#runs = run + 1
  }

  /** Ends the steps of a memory. */
  end(): void {
    for (let run = 0; run < this.#runs; run++) {
      const end = run + 1 < this.#runs ? this.#starts[run + 1]! : this.#length
      const ratio = this.#ratioOf(run)
      for (let step = this.#starts[run]!; step < end; step++) this.#ratios[step] = ratio
    }
    this.#runs = 0
  }

  steps(): StepList {
    const order = risingOrder(this.#ratios.subarray(0, this.#length))
    const steps = new StepList(order.length)
    for (let i = 0; i < order.length; i++) steps.push(this.#parts[order[i]!]!, this.#outcomes[order[i]!]!)
    return steps
  }

  #ratioOf(run: number): number {
    return this.#freed[run]! > 0 ? this.#costs[run]! / this.#freed[run]! : Number.POSITIVE_INFINITY
  }
}
