import type { Granularity } from '@perstream/spec'
import { average, pairedInterval } from '@perstream-benchmarks/suite/recall/metrics'
import type { Left } from '../measure/left'
import type { Cell } from '../measure/measure-set'
import type { Score } from '../measure/scores'

type Interval = readonly [low: number, high: number]

/** What is told of a strategy at a budget. */
export interface SummaryRow {
  readonly strategy: string
  readonly budget: number
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly left: Readonly<Partial<Record<Granularity, Left>>>
  readonly recall5: number
  readonly reciprocalRank: number
  /** 95 % intervals over the questions. */
  readonly recall5Interval: Interval
  readonly reciprocalRankInterval: Interval
  /** Recall@5 over that of the whole memory. */
  readonly kept: number
  /** Recall@5 less that of NSBG and GSBN at the same budget: 95 % intervals, by paired bootstrap over the questions. */
  readonly overNsbg: Interval | undefined
  readonly overGsbn: Interval | undefined
}

const resamples = 2000

/** Summarises what was measured of a set. @param full recall@5 of the whole memory */
export function summarize(cells: readonly Cell[], full: number): SummaryRow[] {
  return cells.map((cell) => {
    const { strategy, budget, bytesBefore, bytesAfter, left, scores } = cell
    const recall = valuesOf(scores, 'recall5')
    const ranks = valuesOf(scores, 'reciprocalRank')
    const against = (name: string) => {
      const other = cells.find((each) => each.strategy === name && each.budget === budget)
      return other && strategy !== name
        ? rounded(pairedInterval(recall, valuesOf(other.scores, 'recall5'), resamples))
        : undefined
    }
    return {
      ...{ strategy, budget, bytesBefore: Math.round(bytesBefore), bytesAfter: Math.round(bytesAfter), left },
      recall5: round(average(recall)),
      reciprocalRank: round(average(ranks)),
      recall5Interval: intervalOf(recall),
      reciprocalRankInterval: intervalOf(ranks),
      kept: round(average(recall) / full),
      overNsbg: against('nsbg'),
      overGsbn: against('gsbn'),
    }
  })
}

/** Recall@5 of the whole memory. */
export function fullRecall(cells: readonly Cell[]): number {
  const whole = cells.reduce((best, cell) => (cell.budget > best.budget ? cell : best))
  return average(valuesOf(whole.scores, 'recall5'))
}

function valuesOf(scores: readonly Score[], field: keyof Score): number[] {
  return scores.map((score) => score[field])
}

function intervalOf(values: readonly number[]): Interval {
  return rounded(
    pairedInterval(
      values,
      values.map(() => 0),
      resamples,
    ),
  )
}

function rounded([low, high]: Interval): Interval {
  return [round(low), round(high)]
}

function round(value: number): number {
  return Number(value.toFixed(4))
}
