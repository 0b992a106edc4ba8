import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPartTable, planReduction } from '@perstream/reduction'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bytesOf } from '../src/measure/left'
import { halves } from '../src/sets/halves'
import { userSet } from '../src/sets/user-set'
import { loadStrategy } from '../src/strategies/load-strategy'
import { oracle } from '../src/strategies/oracle'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perstream-reduction-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text)
  return join(folder, name)
}

describe('halves', () => {
  it('never measures a question that warms up, and measures each that can be answered once a draw', () => {
    const questions = Array.from({ length: 9 }, (_, i) => ({
      ...{ id: `q${i}`, text: 'where', needs: 'any' as const, relevant: i === 4 ? [] : ['m'] },
    }))
    const trials = halves({ memories: [{ id: 'm', text: 'there' }], questions }, [1, 2])
    expect(trials.length).toBe(4)
    for (const { warming, measured } of trials) {
      const ids = warming.map(({ id }) => id)
      for (const { id } of measured) expect(ids).not.toContain(id)
    }
    const measured = trials.flatMap((trial) => trial.measured.map(({ id }) => id)).sort()
    expect(measured).toEqual(questions.filter(({ id }) => id !== 'q4').flatMap(({ id }) => [id, id]))
  })
})

describe('the oracle', () => {
  it('keeps what answers most questions by byte longest, and its words longest of all', () => {
    const parts = (bytes: number) => [
      { granularity: 'embedding' as const, bytes: 64 },
      { granularity: 'text' as const, bytes },
    ]
    const table = createPartTable([10, 10, 500, 10].map((bytes) => ({ heat: 1, learnedAt: 0, parts: parts(bytes) })))
    const steps = [...oracle([[1, 2], [1], [2]])(table)]
    const order = steps.filter(({ to }) => to === 'gone').map(({ part }) => table.owner[part])
    expect(order).toEqual([0, 0, 3, 3, 2, 2, 1, 1])
    expect(planReduction(table, () => steps, bytesOf(table)).isEnough).toBe(true)
  })
})

describe('loadStrategy', () => {
  it('takes a default export, or the only function', async () => {
    const byDefault = await file(
      'mine.ts',
      'export const other = () => []\nexport default (t: { length: number }) => []',
    )
    expect((await loadStrategy(byDefault)).name).toBe('mine')
    const only = await file('one.ts', 'export const nothing = (): never[] => []')
    const { name, strategy } = await loadStrategy(only)
    expect([name, [...strategy(createPartTable([]))]]).toEqual(['nothing', []])
  })

  it('refuses a file without one', async () => {
    await expect(loadStrategy('nowhere.ts')).rejects.toThrow(/there is no nowhere.ts/)
    await expect(loadStrategy(await file('none.ts', 'export const a = 1'))).rejects.toThrow(/exports 0 functions/)
    const two = await file('two.ts', 'export const a = () => []\nexport const b = () => []')
    await expect(loadStrategy(two)).rejects.toThrow(/exports 2 functions/)
  })
})

describe('userSet', () => {
  it('refuses what it cannot measure, naming it', async () => {
    const memories = [{ id: 'a', text: 'x' }]
    const check = async (value: unknown) => userSet(await file('set.json', JSON.stringify(value)), [1])
    await expect(check({ memories })).rejects.toThrow(/no "questions"/)
    await expect(check({ memories: [{ id: 'a' }], questions: [] })).rejects.toThrow(/memories\[0\].*no "text"/)
    await expect(check({ memories: [...memories, ...memories], questions: [] })).rejects.toThrow(/"a" of another/)
    await expect(check({ memories, questions: [{ text: 'q', evidence: ['b'] }] })).rejects.toThrow(
      /names the memory "b"/,
    )
    await expect(check({ memories, questions: [{ text: 'q', evidence: ['a'] }] })).rejects.toThrow(/fewer than two/)
    const asked = { text: 'q', evidence: ['a'], askedAt: 'noon' }
    await expect(check({ memories, questions: [asked, asked] })).rejects.toThrow(/questions\[0\].askedAt is "noon"/)
  })
})
