import { performance } from 'node:perf_hooks'
import { planReduction } from '@perstream/reduction'
import type { ReductionStep } from '@perstream/spec'
import type { RankerTools } from '@perstream-benchmarks/suite/recall/ranker'
import { openTrialMemory, type TrialMemory } from '../memory/trial-memory'
import { type GridTable, withGrids } from '../memory/with-grids'
import type { QuestionSet, SetQuestion, Trial } from '../sets/question-set'
import type { NamedStrategy } from '../strategies/named-strategy'
import { bytesOf } from './left'
import { type CellResult, ScoreBook } from './score-book'
import { type Score, scoreOf } from './scores'

/** What a strategy made of a set at a budget. */
export interface Cell extends CellResult {
  readonly strategy: string
  /** The share of the bytes of all parts that may be left, 0..1. */
  readonly budget: number
}

/** What was found of a set, and how long it took: milliseconds of each reduction, by strategy. */
export interface SetResult {
  readonly cells: readonly Cell[]
  readonly planTimes: Readonly<Record<string, readonly number[]>>
  readonly applyTimes: Readonly<Record<string, readonly number[]>>
}

/** How a set is measured. */
export interface MeasureOptions {
  readonly strategies: readonly NamedStrategy[]
  readonly budgets: readonly number[]
  readonly tools: RankerTools
  /** Gives memories grids, drawn by this seed: as bytes alone, which budgets then count. */
  readonly gridSeed?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onTrial?: (() => void) | undefined
}

/** Measures strategies by budgets on all trials of a set. */
export async function measureSet(set: QuestionSet, options: MeasureOptions): Promise<SetResult> {
  const { strategies, budgets, onTrial } = options
  const books = new Map(
    strategies.map(({ name }) => [name, new Map(budgets.map((budget) => [budget, new ScoreBook()]))]),
  )
  const times = { planTimes: emptyTimes(strategies), applyTimes: emptyTimes(strategies) }
  for (const trial of set.trials) {
    const run = new TrialRun(trial, await openTrialMemory(trial, options.tools), options)
    for (const strategy of strategies)
      for (const [budget, book] of books.get(strategy.name)!) {
        const { planned, applied } = await run.measure(strategy, budget, book)
        times.planTimes[strategy.name]!.push(...planned)
        times.applyTimes[strategy.name]!.push(...applied)
      }
    onTrial?.()
  }
  const cells = [...books].flatMap(([strategy, byBudget]) =>
    Array.from(byBudget, ([budget, book]) => ({ strategy, budget, ...book.result() })),
  )
  return { cells, ...times }
}

function emptyTimes(strategies: readonly NamedStrategy[]): Record<string, number[]> {
  return Object.fromEntries(strategies.map(({ name }) => [name, []]))
}

/** One trial. Reductions that leave the same are asked once. */
class TrialRun {
  readonly #trial: Trial
  readonly #memory: TrialMemory
  readonly #grids: GridTable | undefined
  readonly #signal: AbortSignal | undefined
  readonly #known = new Map<string, Promise<{ scores: Score[]; milliseconds: number }>>()
  readonly #wanted: readonly (readonly number[])[]

  constructor(trial: Trial, memory: TrialMemory, { gridSeed, signal }: MeasureOptions) {
    this.#trial = trial
    this.#memory = memory
    this.#grids = gridSeed === undefined ? undefined : withGrids(memory.table, gridSeed)
    this.#signal = signal
    this.#wanted = trial.measured.map((question) => ownersOf(memory, question))
  }

  /** Adds to a book what a strategy leaves at a budget, and returns what it took. */
  async measure({ of }: NamedStrategy, budget: number, book: ScoreBook) {
    const table = this.#grids?.table ?? this.#memory.table
    const strategies = of(this.#wanted)
    const planned: number[] = []
    const applied: number[] = []
    for (const strategy of strategies) {
      this.#signal?.throwIfAborted()
      const start = performance.now()
      const { steps } = planReduction(table, strategy, (1 - budget) * bytesOf(table))
      planned.push(performance.now() - start)
      book.addReduction(table, steps)
      const { scores, milliseconds } = await this.#asked(steps)
      applied.push(milliseconds)
      this.#trial.measured.forEach((question, i) => {
        book.addScore(question, scores[i]!)
      })
    }
    return { planned, applied }
  }

  /** What questions find after steps of the table; of those on grids, which no question asks for here, none counts. */
  async #asked(steps: Iterable<ReductionStep>) {
    const last = new Map<number, ReductionStep['to']>()
    for (const { part, to } of steps) {
      const known = this.#grids ? this.#grids.from[part]! : part
      if (known >= 0) last.set(known, to)
    }
    const kept = Array.from(last, ([part, to]) => ({ part, to })).sort((a, b) => a.part - b.part)
    const key = kept.map(({ part, to }) => `${part} ${to}`).join()
    const asking = this.#known.get(key) ?? this.#ask(kept)
    this.#known.set(key, asking)
    return asking
  }

  async #ask(steps: Iterable<ReductionStep>) {
    const { ask, milliseconds } = await this.#memory.reduced(steps)
    const scores: Score[] = []
    for (const question of this.#trial.measured) scores.push(scoreOf(question, await ask(question)))
    return { scores, milliseconds }
  }
}

/** The owners of a table that carry what answers a question. */
function ownersOf({ ids }: TrialMemory, { relevant }: SetQuestion): number[] {
  return ids.flatMap((each, owner) => (each.some((id) => relevant.includes(id)) ? [owner] : []))
}
