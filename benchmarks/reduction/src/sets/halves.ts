import { createRandom } from '@perstream/kit'
import type { SetMemory, SetQuestion, Trial } from './question-set'

/** One memory with all its questions. */
export interface AskedMemory {
  readonly memories: readonly SetMemory[]
  readonly questions: readonly SetQuestion[]
  readonly zone?: string | undefined
}

/** Two trials for each seed: one half of the questions, drawn by lot, warms the memory up and the other measures it; then the other way round. */
export function halves({ memories, questions, zone }: AskedMemory, seeds: readonly number[]): Trial[] {
  return seeds.flatMap((seed) => {
    const drawn = createRandom(seed).shuffle(questions)
    const middle = drawn.length >> 1
    const [one, other] = [drawn.slice(0, middle), drawn.slice(middle)]
    return [
      { memories, zone, warming: one, measured: other.filter(isAnswerable) },
      { memories, zone, warming: other, measured: one.filter(isAnswerable) },
    ]
  })
}

function isAnswerable({ relevant }: SetQuestion): boolean {
  return relevant.length > 0
}
