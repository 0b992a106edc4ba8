import type { ReductionStrategy } from '@perstream/spec'
import { average } from '@perstream-benchmarks/suite/recall/metrics'
import type { RankerTools } from '@perstream-benchmarks/suite/recall/ranker'
import type { Score } from '../measure/scores'
import type { SetQuestion } from '../sets/question-set'
import { type PeriodCell, runPeriods } from './measure-periods'
import type { PeriodUser } from './period-users'
import { tableFive } from './table-five'

/** The share of the bytes of a whole memory that may be used: R. */
const capacityShare = 0.4

/** How users fared with each strategy, and all of them together. */
export interface PeriodTable {
  readonly name: string
  readonly encoder: string
  readonly capacityShare: number
  readonly rows: readonly PeriodRow[]
  /** In the layout of the prototype, with its three columns. */
  readonly tableFive: readonly string[]
}

/** One strategy and period of one user, or of all ('all'). */
export interface PeriodRow {
  readonly user: string
  readonly strategy: string
  readonly period: number
  readonly questions: number
  readonly recall5: number | undefined
  readonly reciprocalRank: number | undefined
  readonly triggered: number
  readonly bytesFreed: number
  readonly bytes: number
}

const withoutReduction = 'without'
const columns = [
  [withoutReduction, 'w/o Reduction'],
  ['nsbg', 'w/ NSBG'],
  ['gsbn', 'w/ GSBN'],
] as const

/** How a table is made. */
export interface PeriodOptions {
  readonly name: string
  readonly encoder: string
  /** By name, `nsbg` and `gsbn` among them: the columns of the prototype's table. */
  readonly strategies: Readonly<Record<string, ReductionStrategy>>
  readonly tools: RankerTools
  readonly signal?: AbortSignal | undefined
  readonly onUser?: (() => void) | undefined
}

/**
 * Runs the periods of all users with each strategy and with none, twice: first every other question warms up and the rest measure, then the other
 * way round, so that each question measures once.
 */
export async function measurePeriods(users: readonly PeriodUser[], options: PeriodOptions): Promise<PeriodTable> {
  const { name, encoder, strategies, tools, signal, onUser } = options
  const named = [[withoutReduction, undefined], ...Object.entries(strategies)] as const
  const runs = new Map<string, Map<string, Joined[]>>()
  for (const user of users) {
    const byStrategy = new Map<string, Joined[]>()
    let whole = 0
    for (const [strategyName, strategy] of named) {
      const capacity = capacityShare * whole
      const halves = await Promise.all(
        [0, 1].map((half) => {
          const isWarming = (question: SetQuestion) => orderOf(user, question) % 2 === half
          return runPeriods(user, { strategy, capacity, tools, isWarming, signal })
        }),
      )
      whole ||= halves[0]!.at(-1)!.bytes
      byStrategy.set(strategyName, joined(halves))
    }
    runs.set(user.name, byStrategy)
    onUser?.()
  }
  const rows = rowsOf(runs)
  return { name, encoder, capacityShare, rows, tableFive: layOut(rows, [...runs.keys()]) }
}

/** Both halves of a period, as one. */
interface Joined {
  readonly scores: readonly Score[]
  readonly triggered: number
  readonly bytesFreed: number
  readonly bytes: number
  readonly memories: number
}

function orderOf({ periods }: PeriodUser, { id }: SetQuestion): number {
  return periods.flatMap(({ questions }) => questions).findIndex((each) => each.id === id)
}

function joined([one, other]: readonly (readonly PeriodCell[])[]): Joined[] {
  return one!.map((cell, period) => {
    const twin = other![period]!
    return {
      scores: [...cell.scores, ...twin.scores],
      triggered: (Number(cell.isTriggered) + Number(twin.isTriggered)) / 2,
      bytesFreed: (cell.bytesFreed + twin.bytesFreed) / 2,
      bytes: (cell.bytes + twin.bytes) / 2,
      memories: (cell.memories + twin.memories) / 2,
    }
  })
}

function rowsOf(runs: ReadonlyMap<string, ReadonlyMap<string, readonly Joined[]>>): PeriodRow[] {
  const rows = [...runs].flatMap(([user, byStrategy]) =>
    [...byStrategy].flatMap(([strategy, periods]) =>
      periods.map((period, i) => rowOf({ user, strategy, period: i + 1 }, [period])),
    ),
  )
  const [first] = runs.values()
  const all = [...first!].flatMap(([strategy, periods]) =>
    periods.map((_, i) =>
      rowOf(
        { user: 'all', strategy, period: i + 1 },
        Array.from(runs.values(), (byStrategy) => byStrategy.get(strategy)![i]!),
      ),
    ),
  )
  return [...rows, ...all]
}

/** A row over users: each question counts once. */
function rowOf(head: Pick<PeriodRow, 'user' | 'strategy' | 'period'>, cells: readonly Joined[]): PeriodRow {
  const scores = cells.flatMap((cell) => cell.scores)
  const mean = (field: keyof Score) =>
    scores.length === 0 ? undefined : Number(average(scores.map((score) => score[field])).toFixed(4))
  const sum = (field: 'triggered' | 'bytesFreed' | 'bytes') => cells.reduce((total, cell) => total + cell[field], 0)
  return {
    ...head,
    questions: scores.length,
    recall5: mean('recall5'),
    reciprocalRank: mean('reciprocalRank'),
    ...{ triggered: sum('triggered'), bytesFreed: sum('bytesFreed'), bytes: sum('bytes') },
  }
}

function layOut(rows: readonly PeriodRow[], users: readonly string[]): string[] {
  const of = (user: string, strategy: string) =>
    rows.filter((row) => row.user === user && row.strategy === strategy).sort((a, b) => a.period - b.period)
  const periodsOf = (user: string) =>
    of(user, withoutReduction).map((_, period) => columns.map(([strategy]) => cellText(of(user, strategy)[period]!)))
  return tableFive({
    config: [
      `R: ${100 * capacityShare} % of what the whole memory of a user takes (live bytes of the graph)`,
      "R': what the first period added",
      "Reduction triggered when: R - R_cur < R'",
    ],
    columns: columns.map(([, title]) => title),
    users: users.map((user) => ({
      user,
      periods: periodsOf(user),
      statistics: columns.map(([strategy]) => statisticsOf(of(user, strategy))),
    })),
    average: periodsOf('all').map((cells) => cells.map((cell) => cell ?? 'N/A')),
  })
}

function cellText({ recall5, reciprocalRank, questions }: PeriodRow): string | undefined {
  if (recall5 === undefined || reciprocalRank === undefined) return undefined
  return `R5:${recall5.toFixed(2)} MRR:${reciprocalRank.toFixed(2)} n=${questions}`
}

function statisticsOf(rows: readonly PeriodRow[]): string[] {
  return [
    `Reductions triggered: ${rows.reduce((sum, { triggered }) => sum + triggered, 0)}`,
    `Final graph: ${(rows.at(-1)!.bytes / 1024).toFixed(1)} KiB`,
  ]
}
