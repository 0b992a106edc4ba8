import { planReduction } from '@perstream/reduction'
import type { RankerTools } from '@perstream-benchmarks/suite/recall/ranker'
import type { Granularity, PartTable, ReductionStep, ReductionStrategy } from '@perstream/spec'
import { openTrialMemory, type TrialMemory } from '../memory/trial-memory'
import { withGrids } from '../memory/with-grids'
import type { QuestionSet, SetQuestion, Trial } from '../sets/question-set'
import { bytesOf, type Left, leftOf } from './left'
import { type Score, ScoreBook, scoreOf } from './scores'

/** A strategy as it is measured. */
export interface NamedStrategy {
  readonly name: string
  /** For a trial; several count as one, with their mean (seeds of one that draws lots). @param wanted by measured question, the owners that answer it */
  of(wanted: readonly (readonly number[])[]): readonly ReductionStrategy[]
}

/** What a strategy made of a set at a budget. */
export interface Cell {
  readonly set: string
  readonly strategy: string
  /** Share of the bytes of all parts. */
  readonly budget: number
  /** Bytes of parts before and after: means of the trials. */
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly left: Readonly<Partial<Record<Granularity, Left>>>
  /** By question, in the order of the set. */
  readonly scores: readonly Score[]
}

/** Milliseconds by strategy: what it took to plan, and to apply, of each reduction. */
export type Times = Map<string, { readonly plan: number[]; readonly apply: number[] }>

/** How a set is measured. */
export interface MeasureOptions {
  readonly strategies: readonly NamedStrategy[]
  readonly budgets: readonly number[]
  readonly tools: RankerTools
  /** Gives each memory grids, drawn by this seed. */
  readonly gridSeed?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onTrial?: (() => void) | undefined
}

/** Measures strategies by budgets on all trials of a set. */
export async function measureSet(set: QuestionSet, options: MeasureOptions): Promise<{ cells: Cell[]; times: Times }> {
  const books = new Map<string, CellBook>()
  const times: Times = new Map()
  for (const trial of set.trials) {
    await measureTrial(trial, options, { books, times })
    options.onTrial?.()
  }
  const cells = options.strategies.flatMap(({ name }) =>
    options.budgets.map((budget) => books.get(keyOf(name, budget))!.cell({ set: set.name, strategy: name, budget })),
  )
  return { cells, times }
}
