import { collect } from '@perstream/kit'
import { type MemoryInput, type MemoryStore, PerStreamError } from '@perstream/spec'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createMemoryGraph, createVolatileStore, heat } from './index'

const note = (text: string): MemoryInput => ({ text, category: 'notes', origin: 'told' })
const day = 24 * 60 * 60 * 1000

afterEach(() => void vi.useRealTimers())

async function visitPuts(store: MemoryStore): Promise<number> {
  const batches = await collect(store.load())
  return batches.flatMap(({ operations }) => operations).filter(({ type }) => type === 'visit-put').length
}

describe('visits', () => {
  it('count what is found and what is seen again, unless told not to', async () => {
    let now = 10
    const graph = await createMemoryGraph({ store: createVolatileStore(), now: () => now })
    const [a, b] = (await graph.create([note('a red kite'), note('a blue door')])).map(({ id }) => id)
    now = 20
    await graph.retrieve({ text: 'kite' })
    await graph.retrieve({ text: 'kite', touch: false })
    expect(graph.visits(a!)).toEqual({ visits: 1, lastVisitedAt: 20 })
    expect(graph.visits(b!)).toEqual({ visits: 0, lastVisitedAt: 10 })
    now = 30
    await graph.create([note('A red kite.')])
    expect(graph.visits(a!)).toEqual({ visits: 2, lastVisitedAt: 30 })
    expect(() => graph.visits('nobody')).toThrow('there is no memory')
  })

  it('ride with the next write', async () => {
    const store = createVolatileStore()
    const graph = await createMemoryGraph({ store })
    const [a] = await graph.create([note('a red kite')])
    for (let i = 0; i < 5; i++) await graph.retrieve({ text: 'kite' })
    expect(graph.stats().sequence).toBe(1)
    await graph.create([note('a blue door')])
    expect([graph.stats().sequence, await visitPuts(store)]).toEqual([2, 1])
    expect((await createMemoryGraph({ store })).visits(a!.id)).toEqual(graph.visits(a!.id))
  })

  it('are written by themselves after a few seconds, and when the graph is closed', async () => {
    vi.useFakeTimers()
    const store = createVolatileStore()
    const graph = await createMemoryGraph({ store })
    const [a] = await graph.create([note('a red kite')])
    await graph.retrieve({ text: 'kite' })
    await vi.advanceTimersByTimeAsync(5000)
    expect(await visitPuts(store)).toBe(1)
    await graph.retrieve({ text: 'kite' })
    await graph[Symbol.asyncDispose]()
    expect((await createMemoryGraph({ store })).visits(a!.id).visits).toBe(2)
  })

  it('are counted in memory alone where nothing can be written', async () => {
    const inner = createVolatileStore()
    await (await createMemoryGraph({ store: inner })).create([note('a red kite')])
    const reader: MemoryStore = {
      commit: async () => {
        throw new PerStreamError('store-read-only', 'open for reading')
      },
      load: (after, options) => inner.load(after, options),
      [Symbol.asyncDispose]: async () => undefined,
    }
    const graph = await createMemoryGraph({ store: reader })
    const [found] = await graph.retrieve({ text: 'kite' })
    await graph[Symbol.asyncDispose]()
    expect(graph.visits(found!.memory.id).visits).toBe(1)
  })

  it('survive a write that failed, and go with their memory', async () => {
    const inner = createVolatileStore()
    let full = false
    const store: MemoryStore = {
      commit: async (batch) => {
        if (full) throw new Error('disk full')
        return inner.commit(batch)
      },
      load: (after, options) => inner.load(after, options),
      [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
    }
    const graph = await createMemoryGraph({ store })
    const [a] = await graph.create([note('a red kite')])
    await graph.retrieve({ text: 'kite' })
    full = true
    await expect(graph.create([note('b')])).rejects.toThrow('disk full')
    expect(graph.visits(a!.id).visits).toBe(1)
    full = false
    await graph.create([note('c')])
    expect((await createMemoryGraph({ store: inner })).visits(a!.id).visits).toBe(1)
    await graph.retrieve({ text: 'kite' })
    await graph.delete([a!.id])
    const [again] = await graph.create([note('a red kite')])
    expect(graph.visits(again!.id).visits).toBe(0)
    expect(await visitPuts(inner)).toBe(0)
  })
})

it('heat halves in 30 days, and grows with each visit', () => {
  const at = (visits: number, days: number) => heat({ visits, lastVisitedAt: 0 }, days * day)
  expect(at(0, 0)).toBe(1)
  expect(at(3, 0)).toBe(4)
  expect(at(3, 30)).toBeCloseTo(2, 10)
  expect(at(0, 60)).toBeCloseTo(0.25, 10)
  expect(at(0, -5)).toBe(1)
})
