import { createRandom } from '@perstream/kit'
import { type DriveData, type DriveQuestion, withOthers } from '@perstream-benchmarks/suite/recall/drivenact'
import type { QuestionSet, SetQuestion, Trial } from './question-set'

/** Into so many parts the participants are divided, each of which is measured once in the pool of all. */
const folds = 4

/** The rows with questions: (ii) a question's own memories and 50 of others, (iii) one pool of all. */
export function driveSets(data: DriveData, seeds: readonly number[]): QuestionSet[] {
  const asked = data.questions.map(asQuestion)
  const warmedBy = 'the questions of other participants'
  const isOther = ({ participant }: DriveQuestion) => {
    return (_: unknown, i: number) => data.questions[i]!.participant !== participant
  }
  const own = data.questions.flatMap((question, i): Trial[] =>
    seeds.map((seed) => ({
      memories: createRandom(seed)
        .shuffle(withOthers(question, data, seed))
        .map(asMemory),
      warming: asked.filter(isOther(question)),
      measured: [asked[i]!],
    })),
  )
  const pool = createRandom(1)
    .shuffle([...data.pool.keys()])
    .map(asMemory)
  const participants = [...new Set(data.questions.map(({ participant }) => participant))]
  const pooled = Array.from({ length: folds }, (_, fold): Trial => {
    const mine = new Set(participants.filter((_, i) => i % folds === fold))
    const isMine = (_: unknown, i: number) => mine.has(data.questions[i]!.participant)
    return {
      memories: pool,
      warming: asked.filter((question, i) => !isMine(question, i)),
      measured: asked.filter(isMine),
    }
  })
  return [
    { name: 'rows (ii)', warmedBy: `${warmedBy} (${seeds.length} draws of others' memories)`, trials: own },
    { name: 'rows (iii)', warmedBy: `${warmedBy}, a quarter of the participants at a time`, trials: pooled },
  ]
}

function asQuestion({ text, relevant }: DriveQuestion, i: number): SetQuestion {
  return { id: `row ${i}`, text, relevant, needs: 'all' }
}

/** The texts are distinct: each is its own id. */
function asMemory(text: string) {
  return { id: text, text }
}
