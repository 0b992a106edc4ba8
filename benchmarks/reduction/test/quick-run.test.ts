import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createWinkTriplets } from '@perstream/lite'
import { gsbn, nsbg } from '@perstream/reduction'
import { openUseLite } from '@perstream-benchmarks/suite/encoders'
import { cachedEncoder, cachedTriplets } from '@perstream-benchmarks/suite/recall/cached'
import { describe, expect, it } from 'vitest'
import { readOptions } from '../src/options'
import { measurePeriods } from '../src/periods/period-table'
import { ownUser } from '../src/periods/period-users'
import { Progress } from '../src/progress'
import { markdownOf } from '../src/report/markdown'
import { plotsOf } from '../src/report/plots'
import { runBench } from '../src/run-bench'

const root = join(import.meta.dirname, '../../..')
const shared = process.env.PERSTREAM_SHARED ?? join(root, '../shared')
const example = (name: string) => join(import.meta.dirname, '../examples', name)

function run(...args: string[]) {
  return runBench(readOptions(args), { shared, progress: new Progress() })
}

describe("a run on questions of one's own, with a strategy of one's own", () => {
  const args = ['--data', example('questions.json'), '--strategy', example('longest-first.ts'), '--parts', 'sets,grids']

  it('keeps budgets, measures every strategy, and says the same again', async () => {
    const [one, two] = [await run(...args, '--budgets', '50,10'), await run(...args, '--budgets', '50,10')]
    expect({ ...two, times: undefined }).toEqual({ ...one, times: undefined })
    for (const { rows, questions, budgetOf } of one.sets) {
      expect(questions).toBe(6)
      for (const { budget, bytesBefore, bytesAfter, recall5 } of rows) {
        expect(bytesAfter).toBeLessThanOrEqual(Math.ceil(budget * bytesBefore))
        expect(recall5).toBeGreaterThanOrEqual(0)
        if (budget === 1) expect(recall5).toBeGreaterThan(0.8)
      }
      const at = (strategy: string, budget: number) =>
        rows.find((row) => row.strategy === strategy && row.budget === budget)!
      if (budgetOf === 'texts and vectors') expect(at('longest-first', 0.5).left.text!.parts).toBe(1)
      expect(at('nsbg', 0.1).recall5).toBeLessThan(at('valuePerByte', 0.5).recall5)
      expect(at('oracle', 0.1).recall5).toBeGreaterThanOrEqual(at('nsbg', 0.1).recall5)
    }
    const markdown = markdownOf(one)
    expect(markdown).toContain('| longest-first |')
    const plots = await plotsOf(one)
    expect(plots.size).toBe(2)
    for (const svg of plots.values()) expect(svg).toMatch(/^<svg[\s\S]*>oracle<[\s\S]*<\/svg>/)
  }, 60_000)

  it('counts grids of true size, what is shared once', async () => {
    const { sets } = await run('--data', example('questions.json'), '--parts', 'grids', '--budgets', '1')
    const { bytesBefore, left } = sets[0]!.rows[0]!
    const grid = 4 * 4 * 3584 * 4
    expect(bytesBefore).toBeGreaterThan(2 * grid)
    expect(bytesBefore).toBeLessThan(10 * 2 * grid + 10 * 2000)
    expect(Object.keys(left)).toEqual(['nearestGrid', 'meanGrid', 'embedding', 'text'])
  })
})

describe('periods of the own set', () => {
  it('come out as a table of four periods, below the capacity at the beginning of each', async () => {
    const { encoder } = await openUseLite()
    const tools = { encoder: cachedEncoder(encoder!), triplets: cachedTriplets(createWinkTriplets()) }
    const { rows } = await measurePeriods([ownUser(4)], {
      ...{ name: 'own set', encoder: 'USE-lite', strategies: { nsbg, gsbn }, tools },
    })
    const all = rows.filter(({ user }) => user === 'all')
    const last = (strategy: string) => all.find((row) => row.strategy === strategy && row.period === 4)!
    expect(all.length).toBe(12)
    expect([last('without').questions, last('without').triggered]).toEqual([80, 0])
    expect(last('gsbn').triggered).toBe(1)
    expect(last('gsbn').bytes).toBeLessThan(0.5 * last('without').bytes)
    expect(last('gsbn').recall5!).toBeLessThan(last('without').recall5!)
  }, 60_000)
})

describe('the example', () => {
  it('is a strategy in 15 lines', () => {
    expect(readFileSync(example('longest-first.ts'), 'utf8').trim().split('\n').length).toBeLessThanOrEqual(15)
  })
})

describe('options', () => {
  it('are refused with what is wrong', () => {
    expect(() => readOptions(['--budgets', '10,0'])).toThrow(/--budgets has "0"/)
    expect(() => readOptions(['--parts', 'sets,all'])).toThrow(/--parts has "all"/)
    expect(() => readOptions(['--seed', 'x'])).toThrow(/--seed is "x"/)
  })
})
