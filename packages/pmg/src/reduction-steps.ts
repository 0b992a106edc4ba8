import { gone, granularities, outcomes, StepList } from '@perstream/kit'
import type { Granularity, PartTable, ReductionStep } from '@perstream/spec'
import type { PartList } from './part-list'

/** One part of some memories, and what becomes of it. */
export interface PartReduction {
  readonly part: Granularity
  readonly to: ReductionStep['to']
  readonly slots: readonly number[]
}

/**
 * What steps come to: which part of which memories is kept less exactly, or goes. A grid that is kept less exactly is so for all that have it.
 * @throws TypeError when a step names a part that is not there, or keeps words less exactly
 */
export function reductionOf({ table, slots }: PartList, steps: Iterable<ReductionStep>): readonly PartReduction[] {
  const outcomeOf = new Uint8Array(table.length)
  const sharedOutcome = new Map<number, number>()
  const { parts, outcomes: numbers } = StepList.of(steps)
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!
    const outcome = numbers[i]!
    check(table, part, outcome)
    outcomeOf[part] = Math.max(outcomeOf[part]!, outcome)
    if (outcome === gone || table.granularity[part]! > 1) continue
    const shared = table.shared[part]!
    sharedOutcome.set(shared, Math.max(sharedOutcome.get(shared) ?? 0, outcome))
  }
  const lists: number[][] = []
  for (let part = 0; part < table.length; part++) {
    const granularity = table.granularity[part]!
    const shared = granularity > 1 ? 0 : (sharedOutcome.get(table.shared[part]!) ?? 0)
    const outcome = Math.max(outcomeOf[part]!, shared)
    if (outcome === 0) continue
    const key = granularity * outcomes.length + outcome
    lists[key] ??= []
    lists[key].push(slots[table.owner[part]!]!)
  }
  return lists.flatMap((list, key) => ({
    part: granularities[Math.floor(key / outcomes.length)]!,
    to: outcomes[key % outcomes.length]!,
    slots: list,
  }))
}

function check(table: PartTable, part: number, outcome: number): void {
  if (part >= table.length) throw new TypeError(`a step names part ${part}: the parts are 0 to ${table.length - 1}`)
  if (outcome < gone && table.granularity[part] === 3)
    throw new TypeError(`a step keeps the words of part ${part} as ${outcomes[outcome]}: words can only be gone`)
}
