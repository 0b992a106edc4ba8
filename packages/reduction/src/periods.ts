import type { CallOptions, Reducible, ReductionStrategy } from '@perstream/spec'
import { free, type ReductionReport } from './reduce'

/** What is known before a period begins. Bytes. */
export interface PeriodRoom {
  /** R: what may be used. */
  readonly capacity: number
  /** R': what a period is expected to add. */
  readonly growth: number
  /** R_cur: what is used. */
  readonly current: number
}

/** Whether room has to be made for a period, and how much. */
export interface PeriodTrigger {
  readonly isTriggered: boolean
  /** 0 where it is not triggered. */
  readonly bytesToFree: number
}

/**
 * Says whether a period would not fit: R - R_cur < R'. What does is let be. (BEHAVIOUR 7.4, "R' = 0.5" there in GiB of the process.)
 * @throws TypeError for what is not a number of bytes, 0 or more
 */
export function periodTrigger({ capacity, growth, current }: PeriodRoom): PeriodTrigger {
  for (const [field, value] of Object.entries({ capacity, growth, current })) checkBytes(field, value)
  const missing = current + growth - capacity
  return { isTriggered: missing > 0, bytesToFree: Math.max(0, missing) }
}

/** How wide grids and embeddings are. */
export interface GrowthWidths {
  /** Numbers in an embedding. Default 384. */
  readonly text?: number | undefined
  /** Numbers in a patch of a grid. Default 3584. */
  readonly vision?: number | undefined
  /** Patches of a grid: rows x columns. Default 16 (4 x 4). */
  readonly patches?: number | undefined
}

const nodeBytes = 100
const edgeBytes = 200
const nodesPerMemory = 1.5
const nodesPerSample = 2

/**
 * Estimates R' as the prototype does, before anything is stored: 1.5 nodes for each memory that a sample of the period lists and 2 for the sample
 * itself, as many edges, 100 bytes a node beside its embedding and two grids, 200 an edge. With the true widths, where the prototype takes 512 for both
 * and comes out about 7 times too small (BEHAVIOUR 7.4, B-48). Shared grids are not counted once, so it is high for a memory that shares them.
 * @param memories how many memories each sample of the period lists
 * @returns bytes
 */
export function estimateGrowth(
  memories: readonly number[],
  { text = 384, vision = 3584, patches = 16 }: GrowthWidths = {},
): number {
  const nodes = memories.reduce((sum, listed) => sum + nodesPerMemory * listed + nodesPerSample, 0)
  return nodes * (nodeBytes + 4 * text + 2 * 4 * patches * vision + edgeBytes)
}

/**
 * Cuts a list into periods, in its order: as long as each other, the first ones longer by one where it does not come out even.
 * (BEHAVIOUR 11.4)
 */
export function splitPeriods<T>(items: readonly T[], count: number): T[][] {
  if (!(Number.isInteger(count) && count > 0))
    throw new TypeError(`count is ${count}: it must be a whole number of periods, 1 or more`)
  const size = Math.floor(items.length / count)
  const longer = items.length % count
  return Array.from({ length: count }, (_, period) => {
    const start = period * size + Math.min(period, longer)
    return items.slice(start, start + size + (period < longer ? 1 : 0))
  })
}

/** How room is made for periods. */
export interface PeriodOptions {
  readonly strategy: ReductionStrategy
  /** R: bytes that may be used. */
  readonly capacity: number
  /** R': bytes that a period is expected to add. Default: what the first period added. */
  readonly growth?: number | undefined
  /** R_cur. Default: the live bytes of the memory; `() => process.memoryUsage().rss` is what the prototype takes. */
  readonly current?: (() => number) | undefined
}

/** What was done before a period. */
export interface PeriodReport extends PeriodTrigger {
  /** From 1. */
  readonly period: number
  readonly current: number
  /** Undefined before the first, where it was not given. */
  readonly growth: number | undefined
  /** What went; undefined where nothing had to. */
  readonly reduction: ReductionReport | undefined
}

/** Periods of one memory. */
export interface Periods {
  /** Begins the next period, room for which is made where it is missing. Nothing is taken before the first. */
  begin(options?: CallOptions): Promise<PeriodReport>
  /** Of the periods that have begun. */
  readonly reports: readonly PeriodReport[]
}

/**
 * Plans periods of a memory that grows in stretches (a day, a recording): before each but the first, as much goes as its expected growth needs.
 * To keep a budget within a stretch too, use `keepBelow`.
 * @throws TypeError
 */
export function planPeriods(memory: Reducible, options: PeriodOptions): Periods {
  const { strategy, capacity, growth: given, current: measure = () => memory.bytes } = options
  checkBytes('capacity', capacity)
  if (given !== undefined) checkBytes('growth', given)
  const reports: PeriodReport[] = []
  return {
    reports,
    async begin({ signal } = {}) {
      const current = measure()
      const first = reports[0]
      const growth = given ?? reports[1]?.growth ?? (first && Math.max(0, current - first.current))
      const room = first && growth !== undefined ? { capacity, growth, current } : undefined
      const trigger = room ? periodTrigger(room) : { isTriggered: false, bytesToFree: 0 }
      const reduction = trigger.isTriggered ? await free(memory, trigger.bytesToFree, { strategy, signal }) : undefined
      const report = { period: reports.length + 1, current, growth, ...trigger, reduction }
      reports.push(report)
      return report
    },
  }
}

function checkBytes(field: string, value: number): void {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new TypeError(`${field} is ${value}: it must be a number of bytes, 0 or more`)
}
