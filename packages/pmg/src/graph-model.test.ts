import { collect } from '@perstream/kit'
import type { MemoryInput, MemoryStore } from '@perstream/spec'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createMemoryGraph, createVolatileStore, type MemoryGraph } from './index'

const words = fc.constantFrom(
  'Gate 1',
  'gate 1.',
  'Gate 2',
  'I wear a black jacket',
  'I wear black jackets',
  'not open',
  'open',
)
const names = fc.constantFrom('I', 'Anna', 'the gate', 'Gate', 'jacket')

const inputs = fc
  .record({
    text: words,
    owner: fc.option(fc.constantFrom('Tom', 'Eve'), { nil: undefined }),
    track: fc.option(fc.constantFrom('t1', 't2'), { nil: undefined }),
    second: fc.integer({ min: 0, max: 300 }),
    angle: fc.option(fc.constantFrom(0, 0.2, 1.5), { nil: undefined }),
    triplets: fc.array(fc.record({ subject: names, predicate: fc.constantFrom('has', 'is'), object: names }), {
      maxLength: 2,
    }),
  })
  .map(
    ({ text, owner, track, second, angle, triplets }): MemoryInput => ({
      ...{ text, owner, track, triplets, category: 'notes', origin: 'read' },
      evidence: [{ source: 'a', startSeconds: second, endSeconds: second + 1, frames: [second] }],
      ...(angle !== undefined && { embedding: Float32Array.of(Math.cos(angle), Math.sin(angle)), space: 's' }),
    }),
  )

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.array(inputs, { maxLength: 4 }).map((list) => ({ kind: 'create' as const, list })) },
    {
      weight: 2,
      arbitrary: fc.array(fc.nat(20), { maxLength: 3 }).map((picks) => ({ kind: 'delete' as const, picks })),
    },
    {
      weight: 1,
      arbitrary: fc.record({ pick: fc.nat(20), text: words }).map((change) => ({ kind: 'update' as const, ...change })),
    },
  ),
  { maxLength: 12 },
)

it('any sequence of writes leaves a graph that is whole, and that every way of reading it gives alike', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const store = createVolatileStore()
      const graph = await createMemoryGraph({ store })
      const follower = await createMemoryGraph({ store })
      const known = new Map<string, readonly string[]>()
      for (const step of list) {
        await apply(graph, step, known)
        if (step.kind === 'update') await follower.refresh()
      }
      await follower.refresh()
      checkWhole(graph)
      const expected = await contents(graph)
      expect(await contents(follower)).toEqual(expected)
      expect(await contents(await createMemoryGraph({ store }))).toEqual(expected)
      const copy = await createMemoryGraph({ store: createVolatileStore() })
      await copy.import(graph.export())
      expect(await contents(copy)).toEqual(expected)
      await checkNothingLost(store, known, graph)
    }),
    { numRuns: 150 },
  )
})

type Step = typeof steps extends fc.Arbitrary<(infer Each)[]> ? Each : never

/** Keeps beside the graph which texts each memory must be answerable for. */
async function apply(graph: MemoryGraph, step: Step, known: Map<string, readonly string[]>): Promise<void> {
  const ids = [...known.keys()]
  if (step.kind === 'create') {
    const results = await graph.create(step.list)
    for (const [i, { id, outcome }] of results.entries()) {
      expect(known.has(id)).toBe(outcome !== 'created')
      known.set(id, outcome === 'extended' ? known.get(id)! : [step.list[i]!.text])
    }
  } else if (step.kind === 'delete') {
    const chosen = step.picks.map((pick) => ids[pick] ?? 'nobody')
    expect(await graph.delete(chosen)).toBe(new Set(chosen.filter((id) => known.has(id))).size)
    for (const id of chosen) known.delete(id)
  } else if (ids[step.pick]) {
    await graph.update(ids[step.pick]!, { text: step.text })
    known.set(ids[step.pick]!, [step.text])
  }
}

/** Relations and entities are there exactly when memories speak of them, and point at what is there. */
function checkWhole(graph: MemoryGraph): void {
  const entities = new Map(graph.entities().map((entity) => [entity.id, entity]))
  const relations = graph.relations()
  for (const { subject, object, memories } of relations) {
    expect(memories.length).toBeGreaterThan(0)
    for (const id of memories) {
      expect(graph.get(id)?.triplets.length).toBeGreaterThan(0)
      expect(entities.get(subject)!.memories).toContain(id)
      expect(entities.get(object)!.memories).toContain(id)
      expect(entities.get(subject)!.owner).toBe(graph.get(id)!.owner)
    }
  }
  const supported = new Set(relations.flatMap(({ memories }) => memories))
  for (const { id, triplets } of graph.list()) expect(supported.has(id)).toBe(triplets.length > 0)
  for (const { memories } of entities.values()) expect(memories.length).toBeGreaterThan(0)
  const labels = [...entities.values()].map(
    ({ owner, label }) => `${owner} ${label.toLowerCase().replace(/^the /, '')}`,
  )
  expect(new Set(labels).size).toBe(labels.length)
}

async function checkNothingLost(store: MemoryStore, known: ReadonlyMap<string, readonly string[]>, graph: MemoryGraph) {
  expect(
    graph
      .list()
      .map(({ id }) => id)
      .sort(),
  ).toEqual([...known.keys()].sort())
  for (const [id, [text]] of known) expect(graph.get(id)!.text).toBe(text)
  const found = await graph.retrieve({ text: 'gate jacket open wear black 1 2', limit: 1000 })
  expect(found.every(({ memory }) => known.has(memory.id))).toBe(true)
  expect((await collect(store.load())).length).toBeGreaterThanOrEqual(known.size > 0 ? 1 : 0)
}

async function contents(graph: MemoryGraph): Promise<string[]> {
  return (await collect(graph.export())).slice(1).sort()
}
