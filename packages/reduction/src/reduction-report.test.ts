import type { PartTable, ReductionStrategy } from '@perstream/spec'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createPartTable, demotionFirst, gsbn, lru, nsbg, type PartOwner, planReduction, random } from './index'
import { reportOf } from './reduction-report'

const frame = { bytes: 264, values: 64, rows: 2, shared: 'frame' }
const owners: PartOwner[] = [
  {
    ...{ id: 'a', heat: 1, learnedAt: 0 },
    parts: [
      { granularity: 'nearestGrid', ...frame },
      { granularity: 'meanGrid', ...frame },
      { granularity: 'embedding', bytes: 128 },
      { granularity: 'text', bytes: 10 },
    ],
  },
  {
    ...{ id: 'b', heat: 2, learnedAt: 0 },
    parts: [
      { granularity: 'nearestGrid', bytes: 256, shared: 'own' },
      { granularity: 'text', bytes: 20 },
    ],
  },
]
const report = (strategy: ReductionStrategy, bytes: number, table: PartTable = createPartTable(owners)) =>
  reportOf(table, planReduction(table, strategy, bytes), 1000)

it('counts what was there and what goes, shared bytes once and for the coarsest that has them', () => {
  expect(report(nsbg, 400)).toEqual({
    ...{ bytesBefore: 1000, bytesAfter: 598, memories: 1, forgotten: ['a'], isEnough: true },
    parts: { nearestGrid: 2, meanGrid: 1, embedding: 1, text: 2 },
    gone: { nearestGrid: 1, meanGrid: 1, embedding: 1, text: 1 },
    demoted: { nearestGrid: 0, meanGrid: 0, embedding: 0, text: 0 },
    bytes: { nearestGrid: 256, meanGrid: 264, embedding: 128, text: 30 },
    freed: { nearestGrid: 0, meanGrid: 264, embedding: 128, text: 10 },
  })
})

it('counts a part that is kept less exactly twice once, and all that share it', () => {
  const { demoted, freed, forgotten } = report(demotionFirst, 300)
  expect(demoted).toEqual({ nearestGrid: 2, meanGrid: 1, embedding: 0, text: 0 })
  expect({ freed, forgotten }).toEqual({
    freed: { nearestGrid: 128, meanGrid: 184, embedding: 0, text: 0 },
    forgotten: [],
  })
})

it('names memories by their numbers where the table has no ids', () => {
  const { idOf: _, ...table } = createPartTable(owners)
  expect(report(gsbn, 678, table).forgotten).toEqual(['0', '1'])
})

it('counts granularities that sum up to the whole', () => {
  const strategies = [nsbg, gsbn, lru, demotionFirst, random(3)]
  const any = fc.tuple(fc.constantFrom(...strategies), fc.integer({ min: 0, max: 800 }))
  fc.assert(
    fc.property(any, ([strategy, bytes]) => {
      const { freed, bytes: before, bytesAfter } = report(strategy, bytes)
      const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0)
      expect(sum(before)).toBe(678)
      expect(sum(freed)).toBe(1000 - bytesAfter)
      for (const [name, count] of Object.entries(freed))
        expect(count).toBeLessThanOrEqual(before[name as keyof typeof before])
    }),
  )
})
