import { precisions } from '@perstream/reduction'
import type { PartTable, ReductionStep, TensorPrecision } from '@perstream/spec'

/** How a part is kept. */
export type PartState = TensorPrecision | 'gone'

/** How the parts of each owner are kept once steps were taken: by owner, then in the order of its parts. */
export function stateAfter(table: PartTable, steps: readonly ReductionStep[]): PartState[][] {
  const state: PartState[] = Array.from(table.precision, (precision) => precisions[precision]!)
  for (const { part, to } of steps) state[part] = to
  const owners: PartState[][] = []
  state.forEach((each, part) => {
    owners[table.owner[part]!] ??= []
    owners[table.owner[part]!]!.push(each)
  })
  return owners
}
