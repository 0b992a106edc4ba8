import { describe, expect, it } from 'vitest'
import { heldOutWorlds } from './evaluation/held-out'
import { evaluate, type Tally } from './evaluation/score'
import { tuningWorlds } from './evaluation/tuning'

const share = (part: number, whole: number) => `${part}/${whole} (${((100 * part) / whole).toFixed(1)} %)`

function report(name: string, tally: Tally): void {
  console.error(
    `${name}: right ${share(tally.right, tally.answerable)}, wrong ${share(tally.wrong, tally.answerable)}, ` +
      `refused ${share(tally.refused, tally.answerable)}; invented ${share(tally.invented, tally.unanswerable)}`,
  )
  if (process.env.PERSTREAM_SHOW_FAILURES === name) console.error(tally.failures.sort().join('\n'))
}

describe('the extractive answerer, on own questions', () => {
  it.each([
    ['tuning, clean', tuningWorlds, 0, 0.98, 0.01, 0],
    ['tuning, misread', tuningWorlds, 10, 0.9, 0.03, 0.01],
    ['held out, clean', heldOutWorlds, 0, 0.85, 0.05, 0.02],
    ['held out, misread', heldOutWorlds, 10, 0.78, 0.08, 0.02],
  ] as const)('%s', async (name, worlds, variants, minRight, maxWrong, maxInvented) => {
    const tally = await evaluate(worlds, variants)
    report(name, tally)
    expect(tally.right / tally.answerable).toBeGreaterThanOrEqual(minRight)
    expect(tally.wrong / tally.answerable).toBeLessThanOrEqual(maxWrong)
    expect(tally.invented / tally.unanswerable).toBeLessThanOrEqual(maxInvented)
  })
})
