import { describe, expect, it } from 'vitest'
import { leaveOneOut, type ProtocolScores, type QuestionScores } from './measure-drive'

const question = (participant: number, recall5: number): QuestionScores => {
  return { participant, recall1: 0, recall5, recall10: 0, reciprocalRank: 0, distinct: 0 }
}
/** Recall of participants 1, 1, 2 and 3, the same under each protocol but for what is added to the last. */
const setting = (values: readonly number[], added = 0): ProtocolScores => {
  const of = (more: number) => [1, 1, 2, 3].map((participant, i) => question(participant, values[i]! + more))
  return { i: of(0), ii: of(0), iii: of(added) }
}

describe('leaveOneOut', () => {
  it('gives each participant the setting that is best for the others over all protocols', () => {
    const [a, b] = [setting([1, 1, 0, 0]), setting([0, 0, 0.5, 0.5])]
    const { ii } = leaveOneOut([a, b])
    expect(ii.map(({ recall5 }) => recall5)).toEqual([0, 0, 0, 0])
    const worth = setting([0, 0, 0.5, 0.5], 2)
    expect(leaveOneOut([a, worth]).i.map(({ recall5 }) => recall5)).toEqual([0, 0, 0.5, 0.5])
  })
})
