import { granularities } from '@perstream/kit'
import type { CoarserPrecision, Granularity, PartTable, ReductionStep } from '@perstream/spec'
import type { PartList } from './part-list'

/** One part of some memories, and what becomes of it. */
export interface PartReduction {
  readonly part: Granularity
  readonly to: ReductionStep['to']
  readonly slots: readonly number[]
}

/** What becomes of a part, by number; 0 where nothing does. The last of several steps holds. */
const outcomes: readonly ReductionStep['to'][] = ['f16', 'i8', 'b1', 'gone']
const gone = 4

/**
 * What steps come to: which part of which memories is kept less exactly, or goes. A grid that is kept less exactly is so for all that have it.
 * @throws TypeError when a step names a part that is not there, or keeps words less exactly
 */
export function reductionOf({ table, slots }: PartList, steps: readonly ReductionStep[]): readonly PartReduction[] {
  const outcomeOf = new Uint8Array(table.length)
  const sharedOutcome = new Map<number, number>()
  for (const step of steps) {
    const outcome = checked(table, step)
    outcomeOf[step.part] = Math.max(outcomeOf[step.part]!, outcome)
    if (outcome === gone || table.granularity[step.part]! > 1) continue
    const shared = table.shared[step.part]!
    sharedOutcome.set(shared, Math.max(sharedOutcome.get(shared) ?? 0, outcome))
  }
  const lists = new Map<number, number[]>()
  for (let part = 0; part < table.length; part++) {
    const shared = table.granularity[part]! > 1 ? undefined : sharedOutcome.get(table.shared[part]!)
    const outcome = Math.max(outcomeOf[part]!, shared ?? 0)
    if (outcome === 0) continue
    const key = table.granularity[part]! * 8 + outcome
    const list = lists.get(key) ?? []
    list.push(slots[table.owner[part]!]!)
    lists.set(key, list)
  }
  return Array.from(lists, ([key, list]) => ({
    part: granularities[key >> 3]!,
    to: outcomes[(key & 7) - 1]!,
    slots: list,
  }))
}

function checked(table: PartTable, { part, to }: ReductionStep): number {
  if (!(Number.isInteger(part) && part >= 0 && part < table.length))
    throw new TypeError(`a step names part ${part}: the parts are 0 to ${table.length - 1}`)
  const outcome = outcomes.indexOf(to as CoarserPrecision) + 1
  if (outcome === 0) throw new TypeError(`a step makes part ${part} ${JSON.stringify(to)}: give f16, i8, b1 or gone`)
  if (outcome < gone && table.granularity[part] === 3)
    throw new TypeError(`a step keeps the words of part ${part} as ${to}: words can only be gone`)
  return outcome
}
