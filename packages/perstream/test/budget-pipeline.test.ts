import { createReferenceTextEncoder } from '@perstream/backends/reference'
import { collect } from '@perstream/kit'
import { createMemoryGraph, createVolatileStore, type MemoryGraph } from '@perstream/pmg'
import { nsbg } from '@perstream/reduction'
import { describe, expect, it } from 'vitest'
import type { MemoryBudget, PerStreamEvent } from '../src'
import { ofType } from './support/command'
import { captionerOf, pipeline } from './support/pipeline'

const places = ['harbour', 'station', 'market', 'library', 'garden', 'museum', 'bakery', 'school']
const said = Object.fromEntries(places.map((place, i) => [i + 1, `I met friend number ${i + 1} at the ${place}`]))
const brightness = Object.keys(said).map(Number)

/** A run over all places into a memory of its own, or a given one. */
async function watch(budget: MemoryBudget | undefined, graph?: MemoryGraph) {
  const text = createReferenceTextEncoder()
  const memory = graph ?? (await createMemoryGraph({ store: createVolatileStore(), text }))
  const { stream } = await pipeline(brightness, { memory, budget, caption: captionerOf(said) })
  return { stream, memory }
}

/** What the memory takes without a budget. */
async function fullBytes(): Promise<number> {
  const { stream, memory } = await watch(undefined)
  await collect(stream)
  return memory.bytes
}

const full = await fullBytes()

describe('a budget', () => {
  it.each([0.8, 0.5, 0.2, 0.1])('of %d is never exceeded, and what goes is told', async (share) => {
    const bytes = Math.floor(full * share)
    const { stream, memory } = await watch({ bytes })
    const events: PerStreamEvent[] = []
    for await (const event of stream) {
      events.push(event)
      expect(memory.bytes).toBeLessThanOrEqual(bytes)
    }
    const told = ofType(events, 'reduced')
    expect(told.length).toBeGreaterThan(0)
    for (const { reason, budget, report } of told) {
      expect({ reason, budget, isEnough: report.isEnough }).toEqual({ reason: 'budget', budget: bytes, isEnough: true })
      expect(report.bytesBefore).toBeGreaterThan(bytes)
      expect(report.bytesAfter).toBeLessThanOrEqual(bytes)
    }
    expect(ofType(events, 'finished')[0]!.reduced).toMatchObject({
      times: told.length,
      freedBytes: told.reduce((sum, { report }) => sum + report.bytesBefore - report.bytesAfter, 0),
      forgotten: memory.stats().forgotten,
      gone: { embedding: told.reduce((sum, { report }) => sum + report.gone.embedding, 0) },
    })
    expect(ofType(events, 'memory-stored')).toHaveLength(places.length)
  })

  it('tells who was forgotten, in the order of a strategy', async () => {
    const { stream, memory } = await watch({ bytes: Math.floor(full / 2), strategy: nsbg, headroom: 0 })
    const events = await collect(stream)
    const stored = ofType(events, 'memory-stored').map(({ id }) => id)
    const forgotten = ofType(events, 'reduced').flatMap(({ report }) => report.forgotten)
    expect(forgotten.length).toBeGreaterThan(1)
    expect(forgotten).toEqual(stored.slice(0, forgotten.length))
    expect(
      memory
        .list({ forgotten: true })
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...forgotten].sort())
    const [found] = await memory.retrieve({ text: 'Whom did I meet at the school?' })
    expect(found?.memory.text).toBe(said[8])
  })

  it('reduces what is there first, and ends with the run', async () => {
    const { stream, memory } = await watch(undefined)
    expect(ofType(await collect(stream), 'finished')).toMatchObject([{ reduced: null }])
    const bytes = Math.floor(full / 2)
    const again = await watch({ bytes }, memory)
    const [started, reduced] = await collect(again.stream)
    expect([started?.type, reduced]).toMatchObject(['started', { type: 'reduced', seconds: 0 }])
    expect(memory.bytes).toBeLessThanOrEqual(bytes)
    const more = { category: 'notes', origin: 'told' as const }
    await memory.create(places.map((place) => ({ ...more, text: `The ${place} opens at nine in the morning` })))
    expect(memory.bytes).toBeGreaterThan(bytes)
  })

  it('that has room takes nothing', async () => {
    const { stream, memory } = await watch({ bytes: full })
    const events = await collect(stream)
    expect(ofType(events, 'reduced')).toEqual([])
    expect(ofType(events, 'finished')).toMatchObject([{ reduced: { times: 0, freedBytes: 0, forgotten: 0 } }])
    expect(memory.bytes).toBe(full)
  })

  it('that a moment does not fit into ends the run, and what was stored stays stored', async () => {
    const { stream, memory } = await watch({ bytes: 3 * 64 })
    const run = collect(stream)
    await expect(run).rejects.toMatchObject({ code: 'budget-exceeded', fields: { budget: 192 } })
    expect(memory.stats()).toMatchObject({ memories: 0, forgotten: 3, bytes: 192 })
    expect(memory.progress('synthetic')).toEqual({ source: 'synthetic', seconds: 2 })
  })

  it('that nothing fits into takes nothing from what is there', async () => {
    const { stream, memory } = await watch(undefined)
    await collect(stream)
    const again = await watch({ bytes: 100 }, memory)
    await expect(collect(again.stream)).rejects.toMatchObject({
      ...{ code: 'budget-exceeded', fields: { bytes: 64 * places.length, budget: 100 } },
      message: expect.stringContaining('Nothing was taken'),
    })
    expect(memory.bytes).toBe(full)
  })

  it.each([
    [{ bytes: 0 }, /budget\.bytes is 0/],
    [{ bytes: Number.NaN }, /budget\.bytes is NaN/],
    [{ bytes: -1 }, /budget\.bytes is -1/],
    [{ bytes: 1e6, headroom: 1 }, /budget\.headroom is 1/],
  ])('%o is refused', async (budget, words) => {
    await expect(watch(budget)).rejects.toThrow(words)
  })

  it('needs a memory that can be reduced', async () => {
    const { create, retrieve, progress } = await createMemoryGraph({ store: createVolatileStore() })
    const memory = { create, retrieve, progress } as unknown as MemoryGraph
    await expect(watch({ bytes: 1e6 }, memory)).rejects.toThrow(/budget is given, but memory cannot be reduced/)
  })
})
