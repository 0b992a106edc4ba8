import type { CallOptions, Granularity, PartTable, Reducible, ReductionStep, ReductionStrategy } from '@perstream/spec'
import { granularities } from './part-table'
import { planReduction, type ReductionPlan } from './plan-reduction'

/** How a memory is reduced. */
export interface ReduceOptions extends CallOptions {
  readonly strategy: ReductionStrategy
  /** Says what would go, and takes nothing. Default false. */
  readonly dryRun?: boolean | undefined
}

/** What was taken away, or would be. */
export interface ReductionReport {
  readonly bytesBefore: number
  readonly bytesAfter: number
  /** Parts that were taken away, or are kept less exactly, by granularity. */
  readonly gone: Readonly<Record<Granularity, number>>
  readonly demoted: Readonly<Record<Granularity, number>>
  /** Memories that lost something. */
  readonly memories: number
  /** Whether as much went as was asked for; where not, all that the strategy gives is gone. */
  readonly isEnough: boolean
}

/**
 * Reduces a memory to a budget: nothing is taken when it is below already.
 * @param budget live bytes, 0 or more
 * @throws TypeError; what the memory throws
 */
export function reduceTo(memory: Reducible, budget: number, options: ReduceOptions): Promise<ReductionReport> {
  if (!(budget >= 0)) throw new TypeError(`budget is ${budget}: it must be a number of bytes, 0 or more`)
  return free(memory, Math.max(0, memory.bytes - budget), options)
}

/**
 * Frees so many bytes of a memory: at most one part more than needed goes.
 * @throws TypeError; what the memory throws
 */
export async function free(
  memory: Reducible,
  bytes: number,
  { strategy, dryRun = false, signal }: ReduceOptions,
): Promise<ReductionReport> {
  signal?.throwIfAborted()
  const bytesBefore = memory.bytes
  const table = memory.parts()
  const plan = planReduction(table, strategy, bytes)
  if (!dryRun && plan.steps.length > 0) await memory.reduce(plan.steps, { signal })
  return reportOf(table, plan, bytesBefore)
}

/** How a budget is kept. */
export interface BudgetOptions {
  readonly strategy: ReductionStrategy
  /**
   * When something has to go, as much goes that this share of the budget is left free, 0 up to 1: so that not every write has to take
   * something away. Default 0.1.
   */
  readonly headroom?: number | undefined
  /** Told what a write will take away, before it is durable. */
  readonly onReduced?: ((report: ReductionReport) => void) | undefined
}

/**
 * Keeps a memory below a budget from now on: what goes is committed with the write that needs it. Dispose the result to end it. A memory
 * that is above it already is reduced by the next write; {@link reduceTo} does it at once.
 * @throws TypeError
 */
export function keepBelow(memory: Reducible, budget: number, options: BudgetOptions): Disposable {
  const { strategy, headroom = 0.1, onReduced } = options
  if (!(budget > 0)) throw new TypeError(`budget is ${budget}: it must be a number of bytes, more than 0`)
  if (!(headroom >= 0 && headroom < 1)) throw new TypeError(`headroom is ${headroom}: it must be from 0 up to 1`)
  memory.govern({
    budget,
    plan(table, excess) {
      const plan = planReduction(table, strategy, excess + headroom * budget)
      onReduced?.(reportOf(table, plan, memory.bytes))
      return plan.steps
    },
  })
  return { [Symbol.dispose]: () => memory.govern(undefined) }
}

function reportOf(
  table: PartTable,
  { steps, freedBytes, isEnough }: ReductionPlan,
  bytesBefore: number,
): ReductionReport {
  const of = (some: readonly ReductionStep[]) => countBy(table, some)
  return {
    bytesBefore,
    bytesAfter: bytesBefore - freedBytes,
    gone: of(steps.filter(({ to }) => to === 'gone')),
    demoted: of(steps.filter(({ to }) => to !== 'gone')),
    memories: new Set(steps.map(({ part }) => table.owner[part])).size,
    isEnough,
  }
}

function countBy({ granularity }: PartTable, steps: readonly ReductionStep[]): Record<Granularity, number> {
  const counts = [0, 0, 0, 0]
  for (const part of new Set(steps.map((step) => step.part))) counts[granularity[part]!]!++
  return Object.fromEntries(granularities.map((name, i) => [name, counts[i]!])) as Record<Granularity, number>
}
