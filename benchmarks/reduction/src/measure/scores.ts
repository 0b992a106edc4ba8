import type { SetQuestion } from '../sets/question-set'

/** How a question was answered. */
export interface Score {
  readonly recall5: number
  readonly reciprocalRank: number
}

/** Scores a ranking: each place holds the ids of the memories that are one there. */
export function scoreOf({ relevant, needs }: SetQuestion, ranked: readonly (readonly string[])[]): Score {
  const first = new Set(ranked.slice(0, 5).flat())
  const found = relevant.filter((id) => first.has(id)).length
  const wanted = new Set(relevant)
  const rank = ranked.findIndex((ids) => ids.some((id) => wanted.has(id)))
  return {
    recall5: needs === 'all' ? found / relevant.length : Math.min(1, found),
    reciprocalRank: rank < 0 ? 0 : 1 / (rank + 1),
  }
}
