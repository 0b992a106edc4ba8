import { collect, createRandom } from '@perstream/kit'
import type { MemoryInput, PatchGrid, ReductionPlanner } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createMemoryGraph, createVolatileStore, createVolatileTensors, type MemoryGraph } from './index'

const now = Date.UTC(2026, 4, 1)
const grid = (seed: number): PatchGrid => {
  const { next } = createRandom(seed)
  return {
    data: Float32Array.from({ length: 96 }, () => next() - 0.5),
    rows: 2,
    columns: 3,
    dimensions: 16,
    space: 'v',
  }
}
const vector = (angle: number) => ({ embedding: Float32Array.of(Math.cos(angle), Math.sin(angle)), space: 's' })
const note = (text: string, override: Partial<MemoryInput> = {}): MemoryInput => ({
  ...{ text, category: 'notes', origin: 'told', learnedAt: now },
  ...override,
})
async function open() {
  const [store, tensors] = [createVolatileStore(), createVolatileTensors()]
  const again = () => createMemoryGraph({ store, tensors, now: () => now + 1000, timeZone: 'UTC' })
  return { graph: await again(), tensors, again }
}

const granularities = ['nearestGrid', 'meanGrid', 'embedding', 'text'] as const
/** Takes one kind of part from all memories, or keeps it less exactly. */
const all =
  (kind: (typeof granularities)[number], to: 'gone' | 'f16' | 'i8' | 'b1' = 'gone'): ReductionPlanner =>
  ({ length, granularity }) =>
    Array.from({ length }, (_, part) => ({ part, to })).filter(({ part }) => granularities[granularity[part]!] === kind)
const found = async (graph: MemoryGraph, text: string) =>
  (await graph.retrieve({ text, touch: false, now })).map(({ memory }) => memory.text)

describe('a reduced graph', () => {
  it('finds memories without embeddings by words and by what they share', async () => {
    const { graph } = await open()
    await graph.create([
      note('Anna has a dog', { ...vector(0), triplets: [{ subject: 'Anna', predicate: 'has', object: 'a dog' }] }),
      note('She feeds it at six', {
        ...vector(1),
        triplets: [{ subject: 'Anna', predicate: 'feeds', object: 'a dog' }],
      }),
      note('The tea is in the drawer', vector(2)),
    ])
    await graph.reduce(0, all('embedding'))
    expect(graph.stats()).toMatchObject({ memories: 3, embedded: 0 })
    expect(await found(graph, 'Where is the tea?')).toEqual(['The tea is in the drawer'])
    expect(await found(graph, 'What pet has Anna?')).toEqual(['Anna has a dog', 'She feeds it at six'])
    expect(await graph.retrieveByEmbedding(vector(2).embedding, { space: 's' })).toEqual([])
  })

  it('keeps category and times of what it forgot, and nothing else', async () => {
    const { graph, again } = await open()
    const evidence = [{ source: 'a.mp4', startSeconds: 1, endSeconds: 2, frames: [1] }]
    const [a] = await graph.create([
      note('The key is under the mat', {
        ...vector(0),
        ...{ evidence, track: 't', validFrom: now - 5, validTo: now + 5 },
        triplets: [{ subject: 'key', predicate: 'is under', object: 'mat' }],
      }),
    ])
    await graph.update(a!.id, { confidence: 0.5 })
    await graph.reduce(0, all('text'))
    for (const each of [graph, await again()]) {
      expect(each.get(a!.id)).toEqual({
        ...{ id: a!.id, text: '', category: 'notes', origin: 'told', owner: 'me', confidence: 0.5, evidence: [] },
        ...{ triplets: [], space: 's', validFrom: now - 5, validTo: now + 5, learnedAt: now, track: undefined },
        ...{ updatedAt: now + 1000, forgottenAt: now + 1000 },
      })
      expect([each.entities(), each.relations(), each.list()]).toEqual([[], [], []])
      expect(each.list({ forgotten: true }).map(({ id }) => id)).toEqual([a!.id])
      expect(each.stats()).toMatchObject({ memories: 0, forgotten: 1, textBytes: 0, categories: {} })
      expect(each.history(a!.id)).toMatchObject([{ text: '' }])
      expect(await found(each, 'Where is the key?')).toEqual([])
      expect(await each.retrieveByEmbedding(vector(0).embedding, { space: 's' })).toEqual([])
    }
    const { bytes } = graph
    await graph.reduce(0, all('text'))
    expect(graph.bytes).toBe(bytes)
    await graph.update(a!.id, { text: 'The key is on the hook' })
    expect(await found(graph, 'Where is the key?')).toEqual(['The key is on the hook'])
    expect(graph.get(a!.id)!.forgottenAt).toBeUndefined()
  })

  it('takes what is said again for a memory of its own, since nothing says that it is the same', async () => {
    const { graph } = await open()
    await graph.create([note('The key is under the mat')])
    await graph.reduce(0, all('text'))
    expect(await graph.create([note('The key is under the mat')])).toMatchObject([{ outcome: 'created' }])
  })

  it('frees a grid with the last memory that lets go of it', async () => {
    const { graph } = await open()
    const [shared, own] = [grid(1), grid(2)]
    await graph.create([
      note('a', { meanGrid: shared, nearestGrid: own }),
      note('b', { meanGrid: shared, nearestGrid: shared }),
    ])
    const { bytes } = graph
    expect(await graph.gridUsage()).toEqual({ grids: 2, bytes: 2 * 384 })
    await graph.reduce(0, all('meanGrid'))
    expect([bytes - graph.bytes, await graph.gridUsage()]).toEqual([0, { grids: 2, bytes: 768 }])
    await graph.reduce(0, all('nearestGrid'))
    expect([bytes - graph.bytes, await graph.gridUsage()]).toEqual([768, { grids: 0, bytes: 0 }])
  })

  it('keeps a grid less exactly for all that have it, also when a crash came between', async () => {
    const { graph, tensors, again } = await open()
    const [shared, own] = [grid(1), grid(2)]
    const [a, b] = await graph.create([
      note('a', { meanGrid: shared, nearestGrid: own }),
      note('b', { meanGrid: shared, nearestGrid: shared }),
    ])
    const put = tensors.put.bind(tensors)
    tensors.put = async () => {
      throw new Error('crash')
    }
    await expect(graph.reduce(0, (table) => [...all('meanGrid', 'i8')(table, 0)].slice(0, 1))).rejects.toThrow('crash')
    tensors.put = put
    const opened = await again()
    const { meanGrid } = opened.get(a!.id)!
    expect(meanGrid!.precision).toBe('i8')
    expect(opened.get(b!.id)).toMatchObject({ meanGrid, nearestGrid: meanGrid })
    expect(opened.bytes).toBe(graph.bytes)
    const list = new Map((await tensors.list()).map(({ id, ...rest }) => [id, rest]))
    expect(list.get(meanGrid!.id)).toEqual({ bytes: 96 + 4 * 6, precision: 'i8' })
    expect(list.get(opened.get(a!.id)!.nearestGrid!.id)).toEqual({ bytes: 384, precision: 'f32' })
    const kept = (await opened.grid(meanGrid!))!
    expect(Math.max(...kept.data.map((value, i) => Math.abs(value - shared.data[i]!)))).toBeLessThan(0.002)
  })

  it('keeps embeddings less exactly, whoever reads them', async () => {
    const { graph, again } = await open()
    const [a] = await graph.create([note('a', { embedding: Float32Array.of(0.6, 0.7, 0.38729833), space: 's' })])
    const sizes = [graph.bytes]
    for (const precision of ['f16', 'i8', 'b1'] as const) {
      await graph.reduce(0, all('embedding', precision))
      expect(graph.get(a!.id)!.embeddingPrecision).toBe(precision)
      const embedding = graph.embedding(a!.id)!
      expect((await again()).embedding(a!.id)).toEqual(embedding)
      expect(Math.hypot(...embedding)).toBeCloseTo(1, 2)
      sizes.push(graph.bytes)
    }
    expect(sizes.map((size) => sizes[0]! - size)).toEqual([0, 6, 5, 7])
    await graph.reduce(0, all('embedding', 'f16'))
    expect(graph.get(a!.id)!.embeddingPrecision).toBe('b1')
    await graph.update(a!.id, { text: 'b', embedding: Float32Array.of(0, 1, 0), space: 's' })
    expect([graph.get(a!.id)!.embeddingPrecision, graph.bytes]).toEqual([undefined, sizes[0]! + 32 + 1])
  })

  it('names the memories of its parts', async () => {
    const { graph } = await open()
    const made = await graph.create([note('a', vector(0)), note('b'), note('c', vector(2))])
    await graph.delete([made[1]!.id])
    const { idOf, owner } = graph.parts()
    expect(Array.from(owner, (number) => idOf!(number))).toEqual([0, 0, 2, 2].map((i) => made[i]!.id))
  })

  it('takes many at once for what it takes one by one', async () => {
    const inputs = Array.from({ length: 300 }, (_, i) =>
      note(`Box ${i % 7} with ${i} is in room ${i % 11}, said person ${i}`, {
        ...{ ...vector(i), track: `t${i}`, owner: i % 3 ? 'me' : 'Eve', category: i % 2 ? 'notes' : 'places' },
        evidence: [{ source: `s${i % 5}`, startSeconds: i, endSeconds: i, frames: [i] }],
        triplets: [{ subject: `box ${i % 7}`, predicate: 'is in', object: `room ${i % 11}` }],
      }),
    )
    const views = []
    for (const size of [280, 140]) {
      const { graph } = await open()
      await graph.create(inputs)
      for (let left = 280; left > 0; left -= size)
        await graph.reduce(0, (table) => [...all('text')(table, 0)].slice(0, size))
      const { sequence: _, ...stats } = graph.stats()
      const questions = ['room 3', 'Which box is in room 5?', 'person 290']
      const texts = graph.list({ source: 's3' }).map(({ text }) => text)
      const people = graph.entities().map(({ label, memories }) => [label, memories.length])
      views.push({ stats, texts, people, answers: await Promise.all(questions.map((each) => found(graph, each))) })
    }
    expect(views[0]).toEqual(views[1])
    expect(views[0]!.stats).toMatchObject({ memories: 20, forgotten: 280 })
  })

  it('lets go of contradictions, relations and names with the words', async () => {
    const { graph } = await open()
    const says = (object: string) =>
      note(`Anna lives in ${object}`, { triplets: [{ subject: 'Anna', predicate: 'lives in', object }] })
    const [bonn, berlin] = await graph.create([says('Bonn'), says('Berlin')])
    expect(graph.get(bonn!.id)!.conflicts).toEqual([berlin!.id])
    await graph.reduce(0, (table) => [...all('text')(table, 0)].slice(0, 1))
    expect(graph.get(berlin!.id)!.conflicts ?? []).toEqual([])
    expect(graph.stats()).toMatchObject({ conflicting: 0, relations: 1 })
    expect(graph.entities().map(({ label }) => label)).toEqual(['Anna', 'Berlin'])
  })

  it('knows whom words mean when the memory that said so is forgotten, until it is deleted', async () => {
    const { graph } = await open()
    const [said] = await graph.create([
      note('My sister Anna is a nurse', { triplets: [{ subject: 'Anna', predicate: 'is', object: 'a nurse' }] }),
      note('My sister likes tea', { triplets: [{ subject: 'my sister', predicate: 'likes', object: 'tea' }] }),
    ])
    const called = () => graph.entities().flatMap(({ label, aliases }) => [label, ...aliases])
    await graph.reduce(0, (table) => [...all('text')(table, 0)].slice(0, 1))
    expect(called()).toContain('Anna')
    await graph.delete([said!.id])
    expect(called()).not.toContain('Anna')
    expect(graph.stats()).toMatchObject({ memories: 1, forgotten: 0 })
  })

  it('comes back from its export', async () => {
    const { graph } = await open()
    await graph.create([note('a', vector(0)), note('b', vector(1)), note('c', vector(2))])
    await graph.reduce(0, (table) => [
      ...[...all('text')(table, 0)].slice(0, 1),
      ...[...all('embedding', 'i8')(table, 0)].slice(1, 2),
    ])
    const lines = await collect(graph.export())
    const { graph: other } = await open()
    await other.import(lines)
    expect((await collect(other.export())).slice(1).sort()).toEqual(lines.slice(1).sort())
    expect(other.bytes).toBe(graph.bytes)
  })

  it('tells who follows it', async () => {
    const { graph } = await open()
    const [a] = await graph.create([note('a', vector(0))])
    const { sequence } = graph.stats()
    await graph.reduce(0, all('embedding', 'i8'))
    await graph.reduce(0, all('text'))
    const changes = []
    for await (const change of graph.changes({ since: sequence })) {
      changes.push(change)
      if (changes.length === 2) break
    }
    expect(changes).toMatchObject([
      { type: 'reduced', id: a!.id, part: 'embedding', to: 'i8' },
      { type: 'reduced', id: a!.id, part: 'text', to: 'gone' },
    ])
  })
})

describe('a governed graph', () => {
  it('reduces in the batch of the write, and lets deletions through', async () => {
    const { graph, again } = await open()
    const [a] = await graph.create([note('a', vector(0))])
    const budget = graph.bytes
    graph.govern({ budget, plan: (table) => [...all('embedding')(table, 0)].slice(0, 1) })
    const { sequence } = graph.stats()
    await expect(graph.create([note('b', vector(1))])).rejects.toMatchObject({
      ...{ code: 'budget-exceeded', fields: { budget } },
    })
    expect(graph.stats()).toMatchObject({ sequence, bytes: budget })
    graph.govern({ budget: 2 * budget - 1, plan: (table) => [...all('embedding')(table, 0)].slice(0, 1) })
    await graph.create([note('b', vector(1))])
    expect(graph.stats()).toMatchObject({ sequence: sequence + 1, embedded: 1, memories: 2 })
    expect((await again()).bytes).toBe(graph.bytes)
    graph.govern({ budget: 1, plan: () => [] })
    await graph.delete([a!.id])
    expect(graph.stats().memories).toBe(1)
  })
})
