import type { PartTable, ReductionStep, ReductionStrategy } from '@perstream/spec'
import { Memories } from './memories'
import { bytesAs } from './part-table'
import { risingOrder } from './rising-order'

/**
 * What a part gives to finding its memory again, by its number: pictures little, since few ask by picture; words and the embedding beside them as much as each
 * other, since a memory that has only one of them falls behind those that have both.
 */
const shares = [0.05, 0.1, 0.5, 0.5]
/** By precision, how much of its share a part has lost; all of it when it is gone. Signs keep the angle between vectors to about a tenth. */
const lost = [0, 0.001, 0.01, 0.1, 1]
const outcomes = ['f16', 'i8', 'b1', 'gone'] as const
const gone = 4
const words = 3

/**
 * What gives least by byte goes first. A memory is worth what it tells, the bytes of its words, times its heat, divided by how many say nearly the same: itself and
 * warmer ones. A part is worth its share of that; what a step costs is the worth it takes by the bytes it frees, be it a precision or the whole part. The steps of one memory stay in order, fine
 * to coarse: where a later one costs less, both are taken as one (pool adjacent violators), so that what is taken is best for its bytes.
 * O(n log n) at most: linear, but for ordering.
 */
export const valuePerByte: ReductionStrategy = (table) => {
  const ladders = new Ladders(4 * table.length)
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
  const groups = shared.reduce((most, group) => Math.max(most, group + 1), 0)
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
  let precision = table.precision[part]!
  let bytes = table.bytes[part]!
  const isLeader = leaders.leader[group] === part && table.values[part]! > 0
  for (let next = isLeader ? precision + 1 : gone; next <= gone; next++) {
    const left = bytesAs(table, part, outcomes[next - 1]!)
    if (next < gone && left >= bytes) continue
    const freed = next === gone ? bytes / leaders.users[group]! : bytes - left
    ladders.add(part, next, share * (lost[next]! - lost[precision]!), freed)
    precision = next
    bytes = left
  }
}

/** Steps that are taken as one. */
interface Run {
  start: number
  cost: number
  freed: number
}

/** The steps of all memories, each memory's in order, with what they cost by byte. */
class Ladders {
  #length = 0
  readonly #parts: Uint32Array
  readonly #outcomes: Uint8Array
  readonly #ratios: Float64Array
  /** Of the memory at hand: each costs more by byte than the one before it. */
  #runs: Run[] = []

  constructor(mostSteps: number) {
    this.#parts = new Uint32Array(mostSteps)
    this.#outcomes = new Uint8Array(mostSteps)
    this.#ratios = new Float64Array(mostSteps)
  }

  add(part: number, outcome: number, cost: number, freed: number): void {
    this.#parts[this.#length] = part
    this.#outcomes[this.#length] = outcome
    const run: Run = { start: this.#length++, cost, freed }
    for (let last = this.#runs.at(-1); last && ratioOf(last) > ratioOf(run); last = this.#runs.at(-1)) {
      this.#runs.pop()
      Object.assign(run, { start: last.start, cost: run.cost + last.cost, freed: run.freed + last.freed })
    }
    this.#runs.push(run)
  }

  /** Ends the steps of a memory. */
  end(): void {
    this.#runs.forEach((run, i) => {
      this.#ratios.fill(ratioOf(run), run.start, this.#runs[i + 1]?.start ?? this.#length)
    })
    this.#runs = []
  }

  *steps(): Generator<ReductionStep, void, void> {
    const order = risingOrder(this.#ratios.subarray(0, this.#length))
    for (let i = 0; i < order.length; i++) {
      const step = order[i]!
      yield { part: this.#parts[step]!, to: outcomes[this.#outcomes[step]! - 1]! }
    }
  }
}

function ratioOf({ cost, freed }: Run): number {
  return freed > 0 ? cost / freed : Number.POSITIVE_INFINITY
}
