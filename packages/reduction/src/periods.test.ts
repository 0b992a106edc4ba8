import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Reducible } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPartTable, estimateGrowth, gsbn, periodTrigger, planPeriods, planReduction, splitPeriods } from './index'

const shared = process.env.PERSTREAM_SHARED ?? join(import.meta.dirname, '../../../../shared')
const file = join(shared, 'reference/vectors.json')
const vectors = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { vectors: { id: string }[] }) : undefined
const vector = <T>(id: string) => vectors!.vectors.find((each) => each.id === id) as T
const gib = 2 ** 30

/** A memory of texts of one byte each. */
function memoryOf(bytes: number) {
  const state = { bytes }
  const memory: Reducible = {
    get bytes() {
      return state.bytes
    },
    parts: () =>
      createPartTable(
        Array.from({ length: state.bytes }, () => ({
          ...{ heat: 1, learnedAt: 0, parts: [{ granularity: 'text' as const, bytes: 1 }] },
        })),
      ),
    async reduce(target, plan) {
      if (state.bytes > target) state.bytes -= [...plan(memory.parts(), state.bytes - target)].length
    },
    govern() {},
  }
  return { memory, grow: (more: number) => (state.bytes += more) }
}

describe('periodTrigger', () => {
  it.each([
    [7, 0.5, 6.4, false, 0],
    [7, 0.5, 6.5, false, 0],
    [7, 0.5, 6.75, true, 0.25],
  ])("of R %d, R' %d and R_cur %d is %s, %d to free", (capacity, growth, current, isTriggered, missing) => {
    const room = { capacity: capacity * gib, growth: growth * gib, current: current * gib }
    expect(periodTrigger(room)).toEqual({ isTriggered, bytesToFree: missing * gib })
  })

  it.skipIf(!vectors)(
    `agrees with the prototype from the second period on, where a strategy is set (L4)${vectors ? '' : ' (skipped: no shared material)'}`,
    () => {
      type Case = { R: number; R_prime: number; R_cur: number; period: number; mode: string | null }
      const { expected } = vector<{ expected: (Case & { triggered: boolean; target_mb: number | null })[] }>(
        'L4-trigger',
      )
      for (const { R, R_prime, R_cur, period, mode, triggered, target_mb } of expected.filter(
        (each) => each.mode && each.period > 1,
      )) {
        const found = periodTrigger({ capacity: R * gib, growth: R_prime * gib, current: R_cur * gib })
        expect([period, mode, found.isTriggered, found.bytesToFree / 2 ** 20]).toEqual([
          period,
          mode,
          triggered,
          target_mb ?? 0,
        ])
      }
    },
  )

  it('refuses what is no number of bytes', () => {
    expect(() => periodTrigger({ capacity: 1, growth: Number.NaN, current: 1 })).toThrow(/growth is NaN/)
    expect(() => periodTrigger({ capacity: -1, growth: 1, current: 1 })).toThrow(/capacity is -1/)
  })
})

describe('estimateGrowth', () => {
  it("is the prototype's with its widths (two samples with 6 and 1 memories: 14.5 nodes of 264,292 bytes and edges of 200)", () => {
    const asShipped = { text: 512, vision: 512, patches: 64 }
    expect(estimateGrowth([6, 1], asShipped)).toBe(14.5 * (264292 + 200))
    if (vectors) {
      const { input, expected } = vector<{ input: { memories: number[] }; expected: { R_prime_gb: number } }>(
        'L3-r-prime',
      )
      expect(estimateGrowth(input.memories, asShipped) / gib).toBeCloseTo(expected.R_prime_gb, 8)
    }
  })

  it('takes the true widths by itself', () => {
    expect(estimateGrowth([0])).toBe(2 * (460388 + 200))
    expect(estimateGrowth([0], { patches: 64 })).toBe(2 * (1836644 + 200))
  })
})

describe('splitPeriods', () => {
  it.each([
    [0, [0, 0, 0, 0]],
    [1, [1, 0, 0, 0]],
    [3, [1, 1, 1, 0]],
    [10, [3, 3, 2, 2]],
    [17, [5, 4, 4, 4]],
  ])('cuts %d into four as the prototype does (L1)', (total, expected) => {
    expect(splitPeriods(new Array(total).fill(0), 4).map(({ length }) => length)).toEqual(expected)
  })

  it('loses nothing and keeps the order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 9 }), (items, count) => {
        expect(splitPeriods(items, count).flat()).toEqual(items)
      }),
    )
    expect(() => splitPeriods([], 0)).toThrow(/count is 0/)
  })
})

describe('planPeriods', () => {
  it('takes what the first period added for what the next will, and frees what is missing', async () => {
    const { memory, grow } = memoryOf(10)
    const periods = planPeriods(memory, { strategy: gsbn, capacity: 100 })
    expect(await periods.begin()).toMatchObject({ period: 1, isTriggered: false, growth: undefined })
    grow(40)
    expect(await periods.begin()).toMatchObject({ current: 50, growth: 40, isTriggered: false, bytesToFree: 0 })
    grow(30)
    expect(await periods.begin()).toMatchObject({ period: 3, current: 80, growth: 40, bytesToFree: 20 })
    expect(memory.bytes).toBe(60)
    expect(periods.reports.map(({ reduction }) => reduction?.bytesAfter)).toEqual([undefined, undefined, 60])
  })

  it('measures what it is told to measure, and reduces the memory by as much', async () => {
    const { memory } = memoryOf(50)
    let used = 500
    const periods = planPeriods(memory, { strategy: gsbn, capacity: 520, growth: 30, current: () => used })
    expect((await periods.begin()).isTriggered).toBe(false)
    used = 511
    expect((await periods.begin()).bytesToFree).toBe(21)
    expect(memory.bytes).toBe(29)
    expect(planReduction(memory.parts(), gsbn, 29).isEnough).toBe(true)
  })

  it('refuses what is no number of bytes', () => {
    expect(() => planPeriods(memoryOf(1).memory, { strategy: gsbn, capacity: Number.NaN })).toThrow(/capacity is NaN/)
    expect(() => planPeriods(memoryOf(1).memory, { strategy: gsbn, capacity: 1, growth: -1 })).toThrow(/growth is -1/)
  })
})
