import { demotionFirst, gsbn, lru, nsbg, random, redundancyFirst, signsFirst, valuePerByte } from '@perstream/reduction'
import type { ReductionStrategy } from '@perstream/spec'
import { Option } from 'commander'
import { defaultStrategy } from '../pipeline/budget'

/** The strategies that the command knows, by name. */
const strategies = { valuePerByte, gsbn, nsbg, lru, demotionFirst, signsFirst, redundancyFirst, random: random(1) }

export type StrategyName = keyof typeof strategies

export function strategyOf(name: StrategyName): ReductionStrategy {
  return strategies[name]
}

/** The strategy where none is named. */
export const defaultStrategyName = nameOf(defaultStrategy)

/** Asks what goes first. */
export function strategyOption(): Option {
  const names = Object.keys(strategies)
  return new Option('--strategy <name>', `what goes first (default: "${defaultStrategyName}")`).choices(names)
}

function nameOf(strategy: ReductionStrategy): StrategyName {
  const names = Object.keys(strategies) as StrategyName[]
  return names.find((name) => strategies[name] === strategy)!
}
