import { demotionFirst, gsbn, lru, nsbg, random, redundancyFirst, signsFirst, valuePerByte } from '@perstream/reduction'
import type { ReductionStrategy } from '@perstream/spec'
import { oracle, type Wanted } from './oracle'

/** A strategy as it is measured. */
export interface NamedStrategy {
  readonly name: string
  /** Several count as one, with their mean: the seeds of one that draws lots. Only the oracle looks at what is wanted. */
  of(wanted: readonly Wanted[]): readonly ReductionStrategy[]
}

/** All that are measured, those of one's own last but for the bounds. */
export function namedStrategies(
  seeds: readonly number[],
  own: readonly { readonly name: string; readonly strategy: ReductionStrategy }[] = [],
): NamedStrategy[] {
  const known = { nsbg, gsbn, lru, demotionFirst, signsFirst, redundancyFirst, valuePerByte }
  const fixed = [...Object.entries(known).map(([name, strategy]) => ({ name, strategy })), ...own]
  return [
    ...fixed.map(({ name, strategy }) => ({ name, of: () => [strategy] })),
    { name: 'random', of: () => seeds.map(random) },
    { name: 'oracle', of: (wanted) => [oracle(wanted)] },
  ]
}
