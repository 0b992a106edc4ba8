import type { Figure } from '../harness'
import { answerableKinds, type OwnScores } from './measure-own'
import { short } from './report-drive'

const kinds = [...answerableKinds, 'all'] as const

/** Lines of a table for people: one method a line, recall@1 and recall@5 of each kind. */
export function ownTable(title: string, results: ReadonlyMap<string, OwnScores>): string[] {
  const header = [title.padEnd(36), ...kinds.map((kind) => kind.padEnd(9)), 'seen or not', '(near misses)'].join(' ')
  const lines = [...results].map(([name, { kinds: of, answerable, answerableOrNear }]) =>
    [
      name.padEnd(36),
      ...kinds.map((kind) => `${short(of[kind].recall1)} ${short(of[kind].recall5)}`),
      short(answerable).padEnd(11),
      short(answerableOrNear),
    ].join(' '),
  )
  return ['', header, ...lines]
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
