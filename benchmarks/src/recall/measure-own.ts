import { areaInterval, areaUnderCurve, average, hitAt, recallAt } from './metrics'
import type { Ranker, Ranking } from './ranker'
import type { RecallKind, RecallQuestion, RecallSet } from './set/index'

export type AnswerableKind = Exclude<RecallKind, 'unseen'>
export const answerableKinds: readonly AnswerableKind[] = ['fact', 'current', 'past', 'time', 'place', 'alias']

/** What a method reaches on the set. */
export interface OwnScores {
  readonly kinds: Readonly<Record<AnswerableKind | 'all', { readonly recall1: number; readonly recall5: number }>>
  /** How well confidence tells what can be answered from what was never seen, and from near misses alone. */
  readonly answerable: number
  readonly answerableOrNear: number
  /** The 95 % intervals of both. */
  readonly intervals: {
    readonly answerable: readonly [number, number]
    readonly answerableOrNear: readonly [number, number]
  }
  readonly answers: readonly Answer[]
}

/** What a question got. */
export interface Answer extends Ranking {
  readonly question: RecallQuestion
  readonly recall1: number
  readonly recall5: number
}

/**
 * Asks all questions. Recall@1 is whether the first one is relevant. Where each relevant memory answers alone, recall@5 is 1 when
 * any is found; of kind `time` it is the share that is found.
 */
export async function measureOwn(ranker: Ranker, set: RecallSet): Promise<OwnScores> {
  const { memories, questions, zone } = set
  const ask = await ranker.open({
    texts: memories.map(({ text }) => text),
    times: memories.map(({ at }) => Date.parse(at)),
    zone,
  })
  const indexOf = new Map(memories.map(({ id }, i) => [id, i]))
  const answers: Answer[] = []
  for (const question of questions) {
    const ranking = await ask({ text: question.text, askedAt: Date.parse(question.askedAt) })
    assertKnown(set, question, ranking)
    const relevant = new Set(question.relevant.map((id) => indexOf.get(id)!))
    const at = question.kind === 'time' ? recallAt : hitAt
    answers.push({
      question,
      ...ranking,
      recall1: hitAt(ranking.ranked, relevant, 1),
      recall5: at(ranking.ranked, relevant, 5),
    })
  }
  const sure = (chosen: (question: RecallQuestion) => boolean) =>
    answers.filter(({ question }) => chosen(question)).map(({ confidence }) => confidence)
  const seen = sure(({ answerable }) => answerable)
  const unseen = sure(({ answerable }) => !answerable)
  const near = sure(({ nearMiss }) => nearMiss === true)
  return {
    kinds: Object.fromEntries([
      ...answerableKinds.map((kind) => [kind, summary(answers.filter(({ question }) => question.kind === kind))]),
      ['all', summary(answers.filter(({ question }) => question.answerable))],
    ]),
    answerable: areaUnderCurve(seen, unseen),
    answerableOrNear: areaUnderCurve(seen, near),
    intervals: { answerable: areaInterval(seen, unseen), answerableOrNear: areaInterval(seen, near) },
    answers,
  }
}

/** A memory that was not known yet would be a leak: no figure may stand on one. */
function assertKnown({ memories }: RecallSet, question: RecallQuestion, { ranked }: Ranking): void {
  const leak = ranked.find((i) => Date.parse(memories[i]!.at) >= Date.parse(question.askedAt))
  if (leak !== undefined) throw new Error(`${question.id} was given ${memories[leak]!.id}, which was learnt later`)
}

function summary(answers: readonly Answer[]) {
  return {
    recall1: average(answers.map(({ recall1 }) => recall1)),
    recall5: average(answers.map(({ recall5 }) => recall5)),
  }
}
