import { type DriveData, type DriveQuestion, withOthers } from './drivenact'
import { average, hitAt, recallAt, reciprocalRank } from './metrics'
import type { Ranker } from './ranker'
import { distinctFacts } from './same-fact'

/** What one question gave, averaged over the draws of a protocol. */
export interface QuestionScores {
  readonly participant: number
  readonly recall1: number
  readonly recall5: number
  readonly recall10: number
  readonly reciprocalRank: number
  /** How many different facts the first five places hold. */
  readonly distinct: number
}

/** (i) own memories, (ii) own and 50 of others, (iii) one pool of all. */
export const protocols = ['i', 'ii', 'iii'] as const
export type Protocol = (typeof protocols)[number]

/** Asks all questions under a protocol; scores in the order of the questions. */
async function measureDrive(
  ranker: Ranker,
  data: DriveData,
  protocol: Protocol,
  seeds: readonly number[],
): Promise<QuestionScores[]> {
  if (protocol === 'iii') {
    const texts = [...data.pool.keys()]
    const ask = await ranker.open({ texts })
    const scores: QuestionScores[] = []
    for (const question of data.questions) scores.push(score(question, texts, (await ask(question)).ranked))
    return scores
  }
  const draws = protocol === 'i' ? [0] : seeds
  const scores: QuestionScores[] = []
  for (const question of data.questions) {
    const found: QuestionScores[] = []
    for (const seed of draws) {
      const texts = protocol === 'i' ? question.own : withOthers(question, data, seed)
      const ask = await ranker.open({ texts })
      found.push(score(question, texts, (await ask(question)).ranked))
    }
    scores.push(meanOf(found))
  }
  return scores
}

function score(question: DriveQuestion, texts: readonly string[], ranked: readonly number[]): QuestionScores {
  const relevant = new Set(question.relevant.map((text) => texts.indexOf(text)))
  return {
    participant: question.participant,
    recall1: hitAt(ranked, relevant, 1) / relevant.size,
    recall5: recallAt(ranked, relevant, 5),
    recall10: recallAt(ranked, relevant, 10),
    reciprocalRank: reciprocalRank(ranked, relevant),
    distinct: distinctFacts(ranked.slice(0, 5).map((i) => texts[i]!)),
  }
}

function meanOf(scores: readonly QuestionScores[]): QuestionScores {
  const mean = (field: Exclude<keyof QuestionScores, 'participant'>) => average(scores.map((each) => each[field]))
  return {
    participant: scores[0]!.participant,
    recall1: mean('recall1'),
    recall5: mean('recall5'),
    recall10: mean('recall10'),
    reciprocalRank: mean('reciprocalRank'),
    distinct: mean('distinct'),
  }
}

/** Scores by protocol, each in the order of the questions. */
export type ProtocolScores = Readonly<Record<Protocol, readonly QuestionScores[]>>

/** Asks all questions under each protocol. */
export async function measureAll(ranker: Ranker, data: DriveData, seeds: readonly number[]): Promise<ProtocolScores> {
  const scores: Partial<Record<Protocol, readonly QuestionScores[]>> = {}
  for (const protocol of protocols) scores[protocol] = await measureDrive(ranker, data, protocol, seeds)
  return scores as ProtocolScores
}

/**
 * Scores with a setting that the participant asked had no say in: for each, the one setting with the highest recall@5 over the questions
 * of all others, averaged over the protocols. Of equals, the first.
 */
export function leaveOneOut(settings: readonly ProtocolScores[]): ProtocolScores {
  const chosen = settings[0]!.i.map(({ participant }) => {
    const others = settings.map((scores) =>
      average(protocols.map((protocol) => average(recallOfOthers(scores[protocol], participant)))),
    )
    return settings[others.indexOf(Math.max(...others))]!
  })
  const of = (protocol: Protocol) => chosen.map((scores, question) => scores[protocol][question]!)
  return { i: of('i'), ii: of('ii'), iii: of('iii') }
}

function recallOfOthers(scores: readonly QuestionScores[], participant: number): number[] {
  return scores.filter((each) => each.participant !== participant).map(({ recall5 }) => recall5)
}
