import { createRandom } from '@perstream/kit'
import { type DriveData, type DriveQuestion, withOthers } from '@perstream-benchmarks/suite/recall/drivenact'
import type { QuestionSet, SetQuestion, Trial } from './question-set'

/** The rows with questions: (ii) a question's own memories and 50 of others, (iii) one pool of all. */
export function driveSets(data: DriveData, seeds: readonly number[]): QuestionSet[] {
  const asked = data.questions.map(asQuestion)
  const warmedBy = 'the questions of all other participants; those of one participant measure'
  const isOther = ({ participant }: DriveQuestion) => {
    return (_: unknown, i: number) => data.questions[i]!.participant !== participant
  }
  const own = data.questions.flatMap((question, i): Trial[] =>
    seeds.map((seed) => ({
      memories: createRandom(seed).shuffle(withOthers(question, data, seed)).map(asMemory),
      warming: asked.filter(isOther(question)),
      measured: [asked[i]!],
    })),
  )
  const pool = createRandom(1).shuffle([...data.pool.keys()]).map(asMemory)
  const participants = new Map(data.questions.map((question) => [question.participant, question]))
  const pooled = [...participants.values()].map((one): Trial => {
    const other = isOther(one)
    return {
      memories: pool,
      warming: asked.filter(other),
      measured: asked.filter((question, i) => !other(question, i)),
    }
  })
  return [
    { name: 'rows (ii)', warmedBy: `${warmedBy} (${seeds.length} draws of others' memories)`, trials: own },
    { name: 'rows (iii)', warmedBy, trials: pooled },
  ]
}

function asQuestion({ text, relevant }: DriveQuestion, i: number): SetQuestion {
  return { id: `row ${i}`, text, relevant, needs: 'all' }
}

/** The texts are distinct: each is its own id. */
function asMemory(text: string) {
  return { id: text, text }
}
