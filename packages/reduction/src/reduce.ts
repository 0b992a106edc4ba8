import { StepList } from '@perstream/kit'
import type { CallOptions, PartTable, Reducible, ReductionStrategy } from '@perstream/spec'
import { planReduction } from './plan-reduction'
import { type ReductionReport, reportOf } from './reduction-report'

export type { CountByGranularity, ReductionReport } from './reduction-report'

/** How a memory is reduced. */
export interface ReduceOptions extends CallOptions {
  readonly strategy: ReductionStrategy
  /** Says what would go, and takes nothing. Default false. */
  readonly dryRun?: boolean | undefined
}

/**
 * Reduces a memory to a budget: nothing is taken when it is below already.
 * @param budget live bytes, 0 or more
 * @throws TypeError; what the memory throws
 */
export async function reduceTo(
  memory: Reducible,
  budget: number,
  { strategy, dryRun = false, signal }: ReduceOptions,
): Promise<ReductionReport> {
  if (!(budget >= 0)) throw new TypeError(`budget is ${budget}: it must be a number of bytes, 0 or more`)
  signal?.throwIfAborted()
  const plan = (table: PartTable, excess: number) => {
    const found = planReduction(table, strategy, excess)
    report = reportOf(table, found, memory.bytes)
    return found.steps
  }
  let report: ReductionReport | undefined
  if (!dryRun) await memory.reduce(budget, plan, { signal })
  else if (memory.bytes > budget) plan(memory.parts(), memory.bytes - budget)
  return report ?? reportOf(memory.parts(), nothing, memory.bytes)
}

/**
 * Frees so many bytes of a memory: at most one part more than needed goes.
 * @throws TypeError; what the memory throws
 */
export async function free(memory: Reducible, bytes: number, options: ReduceOptions): Promise<ReductionReport> {
  if (!(bytes >= 0)) throw new TypeError(`bytes is ${bytes}: it must be a number of 0 or more`)
  const report = await reduceTo(memory, Math.max(0, memory.bytes - bytes), options)
  return { ...report, isEnough: report.bytesBefore - report.bytesAfter >= bytes }
}

const nothing = { steps: new StepList(0), freedBytes: 0, isEnough: true }

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
      const report = reportOf(table, plan, memory.bytes)
      onReduced?.({ ...report, isEnough: report.bytesAfter <= budget })
      return plan.steps
    },
  })
  return { [Symbol.dispose]: () => memory.govern(undefined) }
}
