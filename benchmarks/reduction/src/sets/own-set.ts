import { recallSet } from '@perstream-benchmarks/suite/recall/set/index'
import { type AskedMemory, halves } from './halves'
import type { QuestionSet } from './question-set'

/** The project's own set: 300 memories of three weeks and 100 questions, 80 of which can be answered. */
export function ownSet(seeds: readonly number[]): QuestionSet {
  return {
    name: 'own',
    warmedBy: `half of the 100 questions, drawn by lot; the other half measures; then the other way round (${seeds.length} draws)`,
    trials: halves(ownMemory(), seeds),
  }
}

/** Its memories and questions, oldest first. */
export function ownMemory(): AskedMemory {
  return {
    zone: recallSet.zone,
    memories: recallSet.memories.map(({ id, text, at }) => ({ id, text, at: Date.parse(at) })),
    questions: recallSet.questions.map(({ id, text, askedAt, relevant, kind }) => ({
      ...{ id, text, relevant, askedAt: Date.parse(askedAt) },
      needs: kind === 'time' ? 'all' : 'any',
    })),
  }
}
