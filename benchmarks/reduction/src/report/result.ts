import type { PeriodTable } from '../periods/period-table'
import type { SpeedRow } from '../speed/measure-speed'
import type { VisualResult } from '../visual/measure-visual'
import type { SummaryRow } from './summary'

/** What was found of a set of questions. */
export interface SetReport {
  readonly name: string
  readonly encoder: string
  readonly memories: string
  readonly questions: number
  readonly warmedBy: string
  /** What a budget is a share of. */
  readonly budgetOf: 'texts and vectors' | 'texts, vectors and grids'
  readonly rows: readonly SummaryRow[]
}

/** Milliseconds of the reductions of a set: medians. */
export interface SetTimes {
  readonly set: string
  readonly budgetOf: SetReport['budgetOf']
  readonly strategy: string
  readonly plan: number
  readonly apply: number
}

/** All that a run found. The same seed gives the same, but for `times`. */
export interface BenchResult {
  readonly bench: 'reduction'
  readonly seed: number
  readonly sets: readonly SetReport[]
  readonly visual: VisualResult | undefined
  readonly periods: readonly PeriodTable[]
  readonly notes: readonly string[]
  /** Not the same in two runs. */
  readonly times: {
    readonly machine: string
    readonly speed: readonly SpeedRow[]
    readonly sets: readonly SetTimes[]
  }
}
