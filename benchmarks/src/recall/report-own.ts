import type { Figure } from '../harness'
import { answerableKinds, type OwnScores } from './measure-own'
import { pairedInterval } from './metrics'
import { short, signed } from './report-drive'

const kinds = [...answerableKinds, 'all'] as const

/** Lines of a table for people: one method a line, recall@1 and recall@5 of each kind, with the interval of all less that of `against`. */
export function ownTable(title: string, results: ReadonlyMap<string, OwnScores>, against: string): string[] {
  const columns = kinds.map((kind) => kind.padEnd(9))
  const head = [
    title.padEnd(36),
    ...columns,
    `r@5 less ${against}, 95 %`.padEnd(36),
    'seen or not, 95 %  (near misses)',
  ]
  const base = recall5Of(results.get(against)!)
  const lines = [...results].map(([name, scores]) => {
    const { kinds: of, answerable, answerableOrNear, intervals } = scores
    const interval = name === against ? '' : shortInterval(pairedInterval(recall5Of(scores), base), signed)
    return [
      name.padEnd(36),
      ...kinds.map((kind) => `${short(of[kind].recall1)} ${short(of[kind].recall5)}`),
      interval.padEnd(36),
      `${short(answerable)}, ${shortInterval(intervals.answerable, short)}`.padEnd(18),
      `(${short(answerableOrNear)}, ${shortInterval(intervals.answerableOrNear, short)})`,
    ].join(' ')
  })
  return ['', head.join(' '), ...lines]
}

/** Recall@5 of the questions that can be answered, in their order. */
function recall5Of({ answers }: OwnScores): number[] {
  return answers.filter(({ question }) => question.answerable).map(({ recall5 }) => recall5)
}

function shortInterval([low, high]: readonly [number, number], print: (value: number) => string): string {
  return `${print(low)} to ${print(high)}`
}

const recall1Goals: Readonly<Record<string, number>> = { current: 0.75, past: 0.75 }
const recall5Goals: Readonly<Record<string, number>> = { all: 0.9, time: 0.9 }

/** The figures of one method. Only those of `ours` with MiniLM have goals. */
export function ownFigures(title: string, scores: OwnScores, held: boolean): Figure[] {
  const goal = (value: number | undefined) => (held && value !== undefined ? { goal: value } : {})
  const figures = kinds.flatMap((kind): Figure[] => [
    {
      name: `${title}: ${kind}, recall@1`,
      value: scores.kinds[kind].recall1,
      unit: '',
      better: 'higher',
      ...goal(recall1Goals[kind]),
    },
    {
      name: `${title}: ${kind}, recall@5`,
      value: scores.kinds[kind].recall5,
      unit: '',
      better: 'higher',
      ...goal(recall5Goals[kind]),
    },
  ])
  return [
    ...figures,
    { name: `${title}: seen or not, AUC`, value: scores.answerable, unit: '', better: 'higher', ...goal(0.9) },
    {
      name: `${title}: seen or a near miss, AUC`,
      value: scores.answerableOrNear,
      unit: '',
      better: 'higher',
      ...goal(0.8),
    },
  ]
}
