import type { ReductionStep, ReductionStrategy } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TinyMemory } from '../test/tiny-memory'
import {
  bytesAs,
  createPartTable,
  demotionFirst,
  free,
  granularities,
  gsbn,
  keepBelow,
  lru,
  nsbg,
  type PartOwner,
  planReduction,
  random,
  reduceTo,
  redundancyFirst,
  signsFirst,
  valuePerByte,
} from './index'
import { risingOrder } from './rising-order'

const strategies: Record<string, ReductionStrategy> = {
  ...{ nsbg, gsbn, lru, demotionFirst, signsFirst, redundancyFirst, valuePerByte },
  random: random(7),
}

const owner: fc.Arbitrary<PartOwner> = fc
  .record({
    grids: fc.subarray(['nearestGrid', 'meanGrid'] as const),
    moment: fc.nat(3),
    isShared: fc.boolean(),
    embedding: fc.boolean(),
    textBytes: fc.integer({ min: 1, max: 300 }),
    heat: fc.double({ min: 0.01, max: 50, noNaN: true }),
    learnedAt: fc.nat(1000),
    alike: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
  })
  .map(({ grids, moment, isShared, embedding, textBytes, ...rest }) => ({
    ...rest,
    parts: [
      ...grids.map((granularity) => ({
        ...{ granularity, bytes: 4 * 64 + 8, values: 64, rows: 4 },
        ...(isShared && { shared: `${granularity} of ${moment}` }),
      })),
      ...(embedding ? [{ granularity: 'embedding' as const, bytes: 4 * 32 }] : []),
      { granularity: 'text' as const, bytes: textBytes },
    ],
  }))
const owners = fc.array(owner, { maxLength: 12 })

/** Bytes that are there once steps were taken: counted anew, without a ledger. */
function bytesLeft(list: readonly PartOwner[], steps: readonly ReductionStep[]): number {
  const table = createPartTable(list)
  const live = new Map<number, number>()
  const gone = new Set(steps.filter(({ to }) => to === 'gone').map(({ part }) => part))
  const demoted = new Map<number, number>()
  for (const { part, to } of steps) if (to !== 'gone') demoted.set(table.shared[part]!, bytesAs(table, part, to))
  for (let part = 0; part < table.length; part++) {
    const group = table.shared[part]!
    if (!gone.has(part)) live.set(group, demoted.get(group) ?? table.bytes[part]!)
  }
  return [...live.values()].reduce((sum, bytes) => sum + bytes, 0)
}

describe.each(Object.entries(strategies))('%s', (_, strategy) => {
  it('frees what was asked for, no part more than needed, and counts truly', () => {
    fc.assert(
      fc.property(owners, fc.double({ min: 0, max: 1.2, noNaN: true }), (list, share) => {
        const table = createPartTable(list)
        const before = bytesLeft(list, [])
        const wanted = share * before
        const { steps: taken, freedBytes, isEnough } = planReduction(table, strategy, wanted)
        const steps = [...taken]
        expect(before - bytesLeft(list, steps)).toBeCloseTo(freedBytes, 6)
        expect(isEnough).toBe(freedBytes >= wanted)
        if (!isEnough) expect(bytesLeft(list, steps)).toBe(0)
        if (steps.length > 0) expect(planReduction(table, () => steps.slice(0, -1), wanted).isEnough).toBe(false)
        const gone = steps.filter(({ to }) => to === 'gone').map(({ part }) => part)
        expect(new Set(gone).size).toBe(gone.length)
      }),
    )
  })

  it('gives the same steps each time', () => {
    fc.assert(
      fc.property(owners, (list) => {
        const table = createPartTable(list)
        expect([...strategy(table)]).toEqual([...strategy(table)])
      }),
    )
  })
})

const memory = (heat: number, more: Partial<PartOwner> = {}): PartOwner => ({
  ...{ heat, learnedAt: 0 },
  parts: [
    { granularity: 'text', bytes: 40 },
    { granularity: 'nearestGrid', bytes: 400 },
    { granularity: 'embedding', bytes: 100 },
    { granularity: 'meanGrid', bytes: 200 },
  ],
  ...more,
})

/** The order in which parts of memories go. */
function orderOf(strategy: ReductionStrategy, list: readonly PartOwner[]): string[] {
  const table = createPartTable(list)
  return Array.from(strategy(table), ({ part, to }) =>
    [table.owner[part], granularities[table.granularity[part]!], ...(to === 'gone' ? [] : [to])].join(' '),
  )
}

describe('the order', () => {
  it('is memory by memory in NSBG, granularity by granularity in GSBN, cold ones first in both', () => {
    const list = [memory(2), memory(1)]
    expect(orderOf(nsbg, list)).toEqual([
      ...['1 nearestGrid', '1 meanGrid', '1 embedding', '1 text'],
      ...['0 nearestGrid', '0 meanGrid', '0 embedding', '0 text'],
    ])
    expect(orderOf(gsbn, list)).toEqual([
      ...['1 nearestGrid', '0 nearestGrid', '1 meanGrid', '0 meanGrid'],
      ...['1 embedding', '0 embedding', '1 text', '0 text'],
    ])
  })

  it('is that of the last visits in LRU', () => {
    const list = [memory(9, { visitedAt: 5 }), memory(1, { visitedAt: 7 }), memory(1, { visitedAt: 3 })]
    expect(orderOf(lru, list).filter((each) => each.endsWith('text'))).toEqual(['2 text', '0 text', '1 text'])
  })

  it('keeps all less exactly before anything goes', () => {
    expect(orderOf(demotionFirst, [memory(1)])).toEqual([
      ...[
        '0 nearestGrid f16',
        '0 nearestGrid i8',
        '0 meanGrid f16',
        '0 meanGrid i8',
        '0 embedding f16',
        '0 embedding i8',
      ],
      ...['0 nearestGrid', '0 meanGrid', '0 embedding', '0 text'],
    ])
  })

  it('lets grids go, and keeps embeddings as bytes, then as signs, before words go', () => {
    expect(orderOf(signsFirst, [memory(1)])).toEqual([
      ...['0 nearestGrid', '0 meanGrid'],
      ...['0 embedding i8', '0 embedding b1', '0 embedding', '0 text'],
    ])
  })

  it('takes from what is said twice first, and leaves the warmest of it', () => {
    const list = [memory(1), memory(3, { alike: 'x' }), memory(2, { alike: 'x' })]
    const order = orderOf(redundancyFirst, list)
    expect(order.slice(0, 4)).toEqual(['2 nearestGrid', '2 meanGrid', '2 embedding', '2 text'])
    expect(order.slice(4, 6)).toEqual(['0 nearestGrid', '1 nearestGrid'])
  })
})

describe('reduceTo and free', () => {
  it('reach a budget, and do nothing below it', async () => {
    await fc.assert(
      fc.asyncProperty(owners, fc.double({ min: 0, max: 1.2, noNaN: true }), async (list, share) => {
        const tiny = new TinyMemory(list)
        const before = tiny.bytes
        const budget = share * before
        const planned = await reduceTo(tiny, budget, { strategy: gsbn, dryRun: true })
        expect(tiny.bytes).toBe(before)
        const report = await reduceTo(tiny, budget, { strategy: gsbn })
        expect(report).toEqual(planned)
        expect(tiny.bytes).toBeLessThanOrEqual(Math.max(budget, 0))
        expect(report.bytesAfter).toBeCloseTo(tiny.bytes, 6)
        const again = await reduceTo(new TinyMemory(list), before, { strategy: gsbn })
        expect([again.memories, again.isEnough]).toEqual([0, true])
      }),
    )
  })

  it('report what went', async () => {
    const report = await free(new TinyMemory([memory(1), memory(2)]), 1000, { strategy: gsbn })
    expect(report).toMatchObject({
      ...{ bytesBefore: 1480, bytesAfter: 480, memories: 2, isEnough: true },
      gone: { nearestGrid: 2, meanGrid: 1, embedding: 0, text: 0 },
      demoted: { nearestGrid: 0, meanGrid: 0, embedding: 0, text: 0 },
    })
  })

  it('refuse what is no number of bytes', async () => {
    const tiny = new TinyMemory([])
    for (const bytes of [-1, Number.NaN]) {
      await expect(reduceTo(tiny, bytes, { strategy: nsbg })).rejects.toThrow(/budget is .*0 or more/)
      await expect(free(tiny, bytes, { strategy: nsbg })).rejects.toThrow(/bytes is .*0 or more/)
      expect(() => keepBelow(tiny, bytes, { strategy: nsbg })).toThrow(/budget is .*more than 0/)
    }
    expect(() => keepBelow(tiny, 1, { strategy: nsbg, headroom: 1 })).toThrow(/headroom is 1/)
  })
})

describe('planReduction', () => {
  it('refuses a strategy that names what is not there, twice, or more exactly', () => {
    const table = createPartTable([memory(1)])
    const plan = (...steps: ReductionStep[]) => planReduction(table, () => steps, 1e9)
    expect(() => plan({ part: 4, to: 'gone' })).toThrow(/part 4: the parts are 0 to 3/)
    expect(() => plan({ part: 0, to: 'gone' }, { part: 0, to: 'gone' })).toThrow(/part 0 after it was taken away/)
    expect(() => plan({ part: 0, to: 'i8' }, { part: 0, to: 'f16' })).toThrow(/more exact than it is/)
    expect(() => plan({ part: 3, to: 'i8' })).toThrow(/words can only be gone/)
  })

  it('frees what is shared when the last of it goes', () => {
    const shared = { granularity: 'meanGrid', bytes: 100, shared: 'x' } as const
    const list = [1, 2].map((heat) => ({ heat, learnedAt: 0, parts: [shared] }))
    const table = createPartTable(list)
    expect(planReduction(table, () => [{ part: 0, to: 'gone' }], 1).freedBytes).toBe(0)
    expect(planReduction(table, gsbn, 1)).toMatchObject({ freedBytes: 100, isEnough: true })
    expect(planReduction(table, () => [{ part: 1, to: 'f16' }], 1).freedBytes).toBe(50)
  })
})

describe('valuePerByte', () => {
  const texts = (bytes: number, more: Partial<PartOwner> = {}): PartOwner => ({
    ...{ heat: 1, learnedAt: 0 },
    parts: [
      { granularity: 'embedding', bytes: 1536 },
      { granularity: 'text', bytes },
    ],
    ...more,
  })

  it('keeps all embeddings by their signs before any memory goes, then lets memories go whole', () => {
    const order = orderOf(valuePerByte, [texts(100), texts(80)])
    expect(order.slice(0, 4).every((step) => /embedding (i8|b1)$/.test(step))).toBe(true)
    expect(order.slice(4)).toEqual(['1 embedding', '1 text', '0 embedding', '0 text'])
  })

  it('lets go first of what is cold, and of what a warmer memory says too', () => {
    const list = [
      texts(90),
      texts(90, { heat: 3, alike: 'x' }),
      texts(90, { heat: 2.9, alike: 'x' }),
      texts(90, { heat: 2 }),
    ]
    const gone = orderOf(valuePerByte, list).filter((step) => step.endsWith(' text'))
    expect(gone).toEqual(['0 text', '2 text', '3 text', '1 text'])
  })

  it('lets go of grids before words and embeddings lose anything to speak of, those of forgotten memories first', () => {
    const bytes = 4 * 16 * 3584
    const grid = { granularity: 'meanGrid', bytes, values: 16 * 3584, rows: 16 } as const
    const blind: PartOwner = { heat: 9, learnedAt: 0, parts: [grid] }
    const order = orderOf(valuePerByte, [{ ...texts(90), parts: [grid, ...texts(90).parts] }, blind])
    const place = (step: string) => order.indexOf(step)
    expect(place('1 meanGrid')).toBeLessThan(place('0 meanGrid i8'))
    expect(place('0 meanGrid')).toBeLessThan(place('0 embedding b1'))
  })

  it('keeps less exactly what is shared once, as its warmest memory decides', () => {
    const grid = { granularity: 'meanGrid', bytes: 4 * 64 * 16, values: 64 * 16, rows: 16, shared: 'x' } as const
    const list = [1, 5, 2].map((heat) => texts(90, { heat, parts: [grid, { granularity: 'text', bytes: 90 }] }))
    const demoted = orderOf(valuePerByte, list).filter((step) => / (i8|b1)$/.test(step))
    expect(demoted).toEqual(['1 meanGrid i8', '1 meanGrid b1'])
  })
})

describe('risingOrder', () => {
  it('is that of a stable sort, of any numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: -2, max: 2 }))), (values) => {
        const column = Float64Array.from(values, (value) => value + 0)
        const sorted = [...column.keys()].sort((a, b) =>
          column[a]! < column[b]! ? -1 : column[a]! > column[b]! ? 1 : a - b,
        )
        expect([...risingOrder(column)]).toEqual(sorted)
      }),
    )
  })
})
