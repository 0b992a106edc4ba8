import { createUnreliableDirectory } from '@perstream/conformance'
import { createRandom } from '@perstream/kit'
import { createMemoryGraph, createVolatileTensors, type MemoryGraph } from '@perstream/pmg'
import { openJournalStore } from '@perstream/pmg/journal'
import {
  demotionFirst,
  gsbn,
  keepBelow,
  lru,
  nsbg,
  random,
  reduceTo,
  redundancyFirst,
  valuePerByte,
} from '@perstream/reduction'
import { type MemoryInput, PerStreamError } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const strategies = { nsbg, gsbn, lru, demotionFirst, redundancyFirst, valuePerByte, random: random(3) }
const start = Date.UTC(2026, 0, 1)
const day = 24 * 60 * 60 * 1000

const texts = [
  'Anna lives in Bonn',
  'Anna lives in Berlin',
  'The bike is in the cellar',
  'I drank tea',
  'The bikes are in a cellar',
]

/** Memories whose words, vectors and grids meet each other in many ways. */
function inputsOf(seed: number, count: number): MemoryInput[] {
  const { integer, next, pick } = createRandom(seed)
  const values = (length: number) => Float32Array.from({ length }, () => next() - 0.5)
  const grid = () => ({ data: values(96), rows: 2, columns: 3, dimensions: 16, space: 'v' })
  const grids = [grid(), grid()]
  return Array.from({ length: count }, (_, i) => ({
    text: integer(0, 3) ? pick(texts) : `Number ${seed} ${i} ${'and on '.repeat(integer(0, 5))}`,
    ...{ category: 'notes', origin: 'seen', learnedAt: start + integer(0, 20) * day },
    ...(integer(0, 4) && { embedding: values(24), space: 's' }),
    ...(integer(0, 2) && { meanGrid: pick(grids), nearestGrid: pick(grids) }),
    ...(integer(0, 2) && { triplets: [{ subject: 'Anna', predicate: 'lives in', object: pick(['Bonn', 'Berlin']) }] }),
  }))
}

/** One thing that people do to a memory. */
async function act(graph: MemoryGraph, seed: number): Promise<void> {
  const { integer, pick } = createRandom(seed)
  const ids = [...graph.list(), ...graph.list({ forgotten: true })].map(({ id }) => id)
  const die = integer(0, 10)
  if (die < 6 || ids.length < 3) await graph.create(inputsOf(seed, integer(1, 9)))
  else if (die < 7) await graph.update(pick(ids), { text: `Changed ${seed}` })
  else if (die < 8) await graph.delete([pick(ids), pick(ids)])
  else if (die < 9) await graph.supersede(pick(ids), inputsOf(seed, 1)[0]!)
  else await graph.retrieve({ text: pick(texts) })
}

/** What may be said to a write: too much for the budget, or what has a successor already. */
function isRefusal(error: unknown): boolean {
  return PerStreamError.isInstance(error) && ['budget-exceeded', 'input-invalid'].includes(error.code)
}

const cases = fc.record({
  strategy: fc.constantFrom(...Object.keys(strategies)) as fc.Arbitrary<keyof typeof strategies>,
  budget: fc.integer({ min: 400, max: 12_000 }),
  headroom: fc.constantFrom(0, 0.1, 0.5),
  seed: fc.nat(),
  rounds: fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 3 }),
})

describe('a budget', () => {
  it('is never exceeded by what was acknowledged, however often the power is cut', async () => {
    let cuts = 0
    let refused = 0
    let reduced = 0
    await fc.assert(
      fc.asyncProperty(cases, async ({ strategy, budget, headroom, seed, rounds }) => {
        const { next } = createRandom(seed)
        const directory = createUnreliableDirectory(next)
        const tensors = createVolatileTensors()
        const open = async () => {
          const store = await openJournalStore(directory, {
            mode: 'write',
            location: 'memory',
            compactAfterBytes: 2000,
          })
          return createMemoryGraph({ store, tensors, now: () => start + 30 * day })
        }
        for (const steps of rounds) {
          const graph = await open()
          expect(graph.bytes).toBeLessThanOrEqual(budget)
          keepBelow(graph, budget, { strategy: strategies[strategy], headroom, onReduced: () => reduced++ })
          directory.failAfter(steps, 'power')
          for (let i = 0; i < 12; i++) {
            const error = await act(graph, Math.floor(next() * 1e9)).catch((reason: unknown) => reason)
            if (error !== undefined && !isRefusal(error)) break
            // Where the power is off by then, what was refused cannot be taken back, and the graph is closed.
            if (error !== undefined) refused++
            else expect(graph.bytes).toBeLessThanOrEqual(budget)
          }
          cuts++
          directory.restart()
        }
        const graph = await open()
        expect(graph.bytes).toBeLessThanOrEqual(budget)
        expect((await graph.gridUsage()).bytes).toBeLessThanOrEqual(budget)
      }),
      { numRuns: 60 },
    )
    expect([cuts > 60, refused > 5, reduced > 60]).toEqual([true, true, true])
  })

  it.each(Object.entries(strategies))(
    'is reached by %s, which frees what it says and goes in its order',
    async (_, strategy) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), async (seed, share) => {
          const directory = createUnreliableDirectory(() => 0)
          const store = await openJournalStore(directory, { mode: 'write', location: 'memory' })
          const graph = await createMemoryGraph({
            store,
            tensors: createVolatileTensors(),
            now: () => start + 30 * day,
          })
          await graph.create(inputsOf(seed, 30))
          const before = graph.bytes
          const table = graph.parts()
          const order = [...strategy(table)].filter(({ to }) => to === 'gone')
          const report = await reduceTo(graph, share * before, { strategy })
          expect([report.bytesBefore, report.bytesAfter]).toEqual([before, graph.bytes])
          expect(report.isEnough).toBe(graph.bytes <= share * before)
          const gone = Object.values(report.gone).reduce((sum, count) => sum + count)
          const left = order.slice(gone).map(({ part }) => part)
          const rows = (parts: typeof table, some: readonly number[]) =>
            some.map((part) => [parts.granularity[part], parts.heat[part], parts.learnedAt[part]].join()).sort()
          const after = graph.parts()
          expect(
            rows(
              after,
              Array.from({ length: after.length }, (_, part) => part),
            ),
          ).toEqual(rows(table, left))
          const again = await reduceTo(graph, graph.bytes, { strategy })
          expect([again.memories, again.bytesAfter]).toEqual([0, graph.bytes])
        }),
        { numRuns: 15 },
      )
    },
  )
})
