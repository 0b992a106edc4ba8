import type { Granularity, PartTable, ReductionStep } from '@perstream/spec'
import { average } from '@perstream-benchmarks/suite/recall/metrics'
import type { SetQuestion } from '../sets/question-set'
import { bytesOf, type Left, leftOf } from './left'
import type { Score } from './scores'

/** What a strategy made of a set at a budget: means of the trials. */
export interface CellResult {
  /** Bytes of all parts, what is shared once. */
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly left: Readonly<Partial<Record<Granularity, Left>>>
  /** By question, in the order of their ids. */
  readonly scores: readonly Score[]
}

/** Collects what trials gave for one strategy and budget. */
export class ScoreBook {
  readonly #scores = new Map<string, Score[]>()
  readonly #before: number[] = []
  readonly #after: number[] = []
  readonly #left: Partial<Record<Granularity, Left>>[] = []

  addReduction(table: PartTable, steps: Iterable<ReductionStep>): void {
    this.#before.push(bytesOf(table))
    this.#after.push(bytesOf(table, steps))
    this.#left.push(leftOf(table, steps))
  }

  addScore({ id }: SetQuestion, score: Score): void {
    this.#scores.set(id, [...(this.#scores.get(id) ?? []), score])
  }

  result(): CellResult {
    const left = Object.keys(this.#left[0]!) as Granularity[]
    const mean = (name: Granularity, field: keyof Left) => average(this.#left.map((each) => each[name]![field]))
    const ids = [...this.#scores.keys()].sort()
    return {
      bytesBefore: average(this.#before),
      bytesAfter: average(this.#after),
      left: Object.fromEntries(left.map((name) => [name, { parts: mean(name, 'parts'), bytes: mean(name, 'bytes') }])),
      scores: ids.map((id) => meanScore(this.#scores.get(id)!)),
    }
  }
}

function meanScore(scores: readonly Score[]): Score {
  return {
    recall5: average(scores.map(({ recall5 }) => recall5)),
    reciprocalRank: average(scores.map(({ reciprocalRank }) => reciprocalRank)),
  }
}
