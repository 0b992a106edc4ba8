import {
  type CountByGranularity,
  keepBelow,
  type ReduceOptions,
  type ReductionReport,
  reduceTo,
  valuePerByte,
} from '@perstream/reduction'
import { PerStreamError, type Reducible, type ReductionStrategy } from '@perstream/spec'

/** How many bytes a memory may take, and what goes first when it would take more. */
export interface MemoryBudget {
  /** Live bytes that the memory never takes more of, more than 0. */
  readonly bytes: number
  /** What goes first: one of `@perstream/reduction`, or your own. Default {@link defaultStrategy}. */
  readonly strategy?: ReductionStrategy | undefined
  /** The share of the budget that is left free when something has to go, 0 up to 1. Default 0.1. */
  readonly headroom?: number | undefined
}

/** What a run let go, in all. */
export interface ReductionTotals {
  /** How often something had to go. */
  readonly times: number
  readonly freedBytes: number
  /** Memories that lost their words. */
  readonly forgotten: number
  /** Parts that were taken away, or are kept less exactly, by granularity. */
  readonly gone: CountByGranularity
  readonly demoted: CountByGranularity
}

/** What goes first where nothing else is said. */
export const defaultStrategy = valuePerByte

/** @throws TypeError for a budget that is none, or a memory that cannot be reduced */
export function checkBudget(memory: unknown, { bytes, headroom = 0.1 }: MemoryBudget): void {
  if (!(bytes > 0)) throw new TypeError(`budget.bytes is ${bytes}: it must be a number of bytes, more than 0`)
  if (!(headroom >= 0 && headroom < 1)) throw new TypeError(`budget.headroom is ${headroom}: it must be from 0 up to 1`)
  const { govern, reduce } = memory as Partial<Reducible>
  if (typeof govern !== 'function' || typeof reduce !== 'function')
    throw new TypeError('budget is given, but memory cannot be reduced: give a graph of createMemoryGraph')
}

/**
 * Keeps a memory within a budget: reduces what is too much already, then governs every write until it is disposed.
 * @param onReduced told what went, or goes with the write under way
 * @throws PerStreamError `budget-exceeded` when all that may go is still too little; nothing is taken then
 */
export async function keepBudget(
  memory: Reducible,
  { bytes, strategy = defaultStrategy, headroom }: MemoryBudget,
  { onReduced, signal }: { onReduced: (report: ReductionReport) => void; signal?: AbortSignal | undefined },
): Promise<Disposable> {
  if (memory.bytes > bytes) {
    await planWithin(memory, bytes, { strategy, signal })
    onReduced(await reduceTo(memory, bytes, { strategy, signal }))
  }
  return keepBelow(memory, bytes, { strategy, headroom, onReduced })
}

/**
 * Says what would go so that a memory fits, and takes nothing.
 * @throws PerStreamError `budget-exceeded` when it cannot become so small
 */
export async function planWithin(memory: Reducible, bytes: number, options: ReduceOptions): Promise<ReductionReport> {
  const report = await reduceTo(memory, bytes, { ...options, dryRun: true })
  if (report.isEnough) return report
  throw new PerStreamError(
    'budget-exceeded',
    `The memory cannot be reduced to ${bytes} bytes: ${report.bytesAfter} are left when all that may go is gone. Nothing was taken; give ${report.bytesAfter} bytes or more, or delete memories.`,
    { fields: { bytes: report.bytesAfter, budget: bytes } },
  )
}

/** The totals before anything went. */
export const nothingReduced: ReductionTotals = {
  ...{ times: 0, freedBytes: 0, forgotten: 0 },
  gone: { nearestGrid: 0, meanGrid: 0, embedding: 0, text: 0 },
  demoted: { nearestGrid: 0, meanGrid: 0, embedding: 0, text: 0 },
}

/** The totals after what a report says. */
export function plus(totals: ReductionTotals, report: ReductionReport): ReductionTotals {
  return {
    times: totals.times + 1,
    freedBytes: totals.freedBytes + report.bytesBefore - report.bytesAfter,
    forgotten: totals.forgotten + report.forgotten.length,
    gone: sum(totals.gone, report.gone),
    demoted: sum(totals.demoted, report.demoted),
  }
}

function sum(a: CountByGranularity, b: CountByGranularity): CountByGranularity {
  return {
    nearestGrid: a.nearestGrid + b.nearestGrid,
    meanGrid: a.meanGrid + b.meanGrid,
    embedding: a.embedding + b.embedding,
    text: a.text + b.text,
  }
}
