import type { Figure } from '../harness'
import type { Protocol, QuestionScores } from './measure-drive'
import { average, pairedInterval } from './metrics'

/** What methods reached under one protocol, in the order they are told. */
export type DriveResults = ReadonlyMap<string, readonly QuestionScores[]>

const columns = ['recall1', 'recall5', 'recall10', 'reciprocalRank', 'distinct'] as const

/** Lines of a table for people: one method a line, with the interval of recall@5 less that of `against`. */
export function driveTable(title: string, results: DriveResults, against: string): string[] {
  const base = results.get(against)!.map(({ recall5 }) => recall5)
  const lines = [...results].map(([name, scores]) => {
    const means = columns.map((column) => short(average(scores.map((each) => each[column]))))
    const [low, high] = pairedInterval(
      scores.map(({ recall5 }) => recall5),
      base,
    )
    const interval = name === against ? '' : `${signed(low)} to ${signed(high)}`
    return [name.padEnd(36), ...means.map((mean) => mean.padStart(6)), `  ${interval}`].join(' ')
  })
  const header = [title.padEnd(36), '   r@1', '   r@5', '  r@10', '   MRR', ' facts', `  r@5 less ${against}, 95 %`]
  return ['', header.join(' '), ...lines]
}

const goals: Readonly<Partial<Record<Protocol, number>>> = { ii: 0.77, iii: 0.52 }

/** The figures of one method. Only those of `ours` with MiniLM have a goal. */
export function driveFigures(
  title: string,
  protocol: Protocol,
  scores: readonly QuestionScores[],
  held: boolean,
): Figure[] {
  const of = (column: (typeof columns)[number]) => average(scores.map((each) => each[column]))
  const goal = held ? goals[protocol] : undefined
  return [
    {
      name: `${title}: recall@5`,
      value: of('recall5'),
      unit: '',
      better: 'higher',
      ...(goal !== undefined && { goal }),
    },
    { name: `${title}: recall@1`, value: of('recall1'), unit: '', better: 'higher' },
    { name: `${title}: recall@10`, value: of('recall10'), unit: '', better: 'higher' },
    { name: `${title}: MRR`, value: of('reciprocalRank'), unit: '', better: 'higher' },
    { name: `${title}: distinct facts in five places`, value: of('distinct'), unit: '', better: 'higher' },
  ]
}

export function short(value: number): string {
  return value.toFixed(2)
}

export function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(3)}`
}
