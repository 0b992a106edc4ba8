import { collect } from '@perstream/kit'
import type { MemoryBatch, MemoryInput } from '@perstream/spec'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { exportLines } from './export'
import { GraphState } from './graph-state'
import { createMemoryGraph, createVolatileStore } from './index'
import { memoryKeyHash } from './journal-keys'
import type { KeptIndex } from './kept-index'
import { indexOf, stateOf } from './state-index'
import { searchTerms } from './words'

const texts = fc.constantFrom(
  'Anna Weber lives in Berlin',
  'Anna likes tea',
  'My sister Anna is a nurse',
  'The bike is in the cellar',
  'The bike is at work, 14:30',
  'I drank coffee',
)
const triplets = fc.record({
  subject: fc.constantFrom('I', 'Anna', 'Anna Weber', 'the bike'),
  predicate: fc.constantFrom('is', 'is at', 'likes', 'lives in'),
  object: fc.constantFrom('tea', 'Berlin', 'work', 'the cellar'),
})
const inputs = fc
  .record({
    text: texts,
    owner: fc.constantFrom('Tom', 'Eve'),
    source: fc.constantFrom('a', 'b', 'c'),
    track: fc.option(fc.constantFrom('t1', 't2'), { nil: undefined }),
    second: fc.nat(300),
    validFrom: fc.option(fc.double({ min: -1e15, max: 1e15, noNaN: true }), { nil: undefined }),
    angle: fc.option(fc.constantFrom(0, 0.2, 1.5), { nil: undefined }),
    triplets: fc.array(triplets, { maxLength: 2 }),
  })
  .map(({ source, second, angle, ...rest }): MemoryInput => {
    const evidence = [
      {
        source,
        startSeconds: second,
        endSeconds: second + 0.5,
        frames: [second],
        box: { left: 0, top: 0.1, right: 0.5, bottom: 1 },
      },
    ]
    const embedding = angle === undefined ? undefined : Float32Array.of(Math.cos(angle), Math.sin(angle))
    return { ...rest, category: 'notes', origin: 'read', evidence, ...(embedding && { embedding, space: 's' }) }
  })
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.array(inputs, { maxLength: 4 }).map((list) => ({ kind: 'create' as const, list })) },
    { weight: 2, arbitrary: fc.nat(20).map((pick) => ({ kind: 'delete' as const, pick })) },
    {
      weight: 1,
      arbitrary: fc.record({ pick: fc.nat(20), text: texts }).map((to) => ({ kind: 'update' as const, ...to })),
    },
    { weight: 1, arbitrary: fc.tuple(fc.nat(20), fc.nat(20)).map((pair) => ({ kind: 'supersede' as const, pair })) },
  ),
  { maxLength: 12 },
)

it('a state that is saved and restored is the same, and goes on the same', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(12), async (list, at) => {
      const batches = await batchesOf(list)
      const state = new GraphState()
      for (const batch of batches.slice(0, at)) applyTo(state, batch)
      const restored = (await stateOf(keptIndex(state), {}))!
      expect(view(restored)).toEqual(view(state))
      for (const batch of batches.slice(at)) {
        applyTo(state, batch)
        applyTo(restored, batch)
        expect(view(restored)).toEqual(view(state))
      }
    }),
    { numRuns: 150 },
  )
})

it('finds the vectors of memories whose ids have the same hash', async () => {
  const ids = sameHash()
  const store = createVolatileStore()
  const graph = await createMemoryGraph({ store })
  const [made] = await graph.create([{ ...note('one'), embedding: Float32Array.of(1, 0), space: 's' }])
  const state = new GraphState()
  for (const batch of await collect(store.load())) applyTo(state, batch)
  const { memory } = state.entries.get(made!.id)!
  for (const [i, id] of ids.entries())
    state.apply({ type: 'memory-put', memory: { ...memory, id }, embedding: Float32Array.of(0, i + 1) })
  const restored = (await stateOf(keptIndex(state), {}))!
  for (const id of [made!.id, ...ids]) expect(restored.embedding(id)).toEqual(state.embedding(id))
})

it('an index by other rules, or of something else, is not used', async () => {
  const index = keptIndex(new GraphState())
  const sections = new Map(index.sections)
  sections.set('rules', new TextEncoder().encode('{"version":0}'))
  expect(await stateOf({ ...index, sections }, {})).toBeUndefined()
  expect(await stateOf({ ...index, sections: new Map() }, {})).toBeUndefined()
})

type Step = typeof steps extends fc.Arbitrary<(infer Each)[]> ? Each : never

async function batchesOf(list: readonly Step[]): Promise<MemoryBatch[]> {
  const store = createVolatileStore()
  const kept: MemoryBatch[] = []
  const recording = {
    ...store,
    load: () => store.load(),
    commit: (batch: MemoryBatch) => {
      kept.push(batch)
      return store.commit(batch)
    },
  }
  const graph = await createMemoryGraph({ store: recording })
  for (const step of list) await applyStep(graph, step)
  return kept
}

async function applyStep(graph: Awaited<ReturnType<typeof createMemoryGraph>>, step: Step): Promise<void> {
  const ids = graph.list().map(({ id }) => id)
  if (step.kind === 'create') await graph.create(step.list)
  else if (step.kind === 'delete') await graph.delete(ids.slice(step.pick, step.pick + 1))
  else if (step.kind === 'update') {
    const id = ids[step.pick]
    if (id !== undefined) await graph.update(id, { text: step.text })
  } else {
    const [old, by] = step.pair.map((pick) => ids[pick])
    if (old !== undefined && by !== undefined) await graph.supersede(old, by).catch(() => undefined)
  }
}

function applyTo(state: GraphState, { operations }: MemoryBatch): void {
  for (const operation of operations) state.apply(operation)
}

/** What a store gives back of what it was given. */
function keptIndex(state: GraphState): KeptIndex {
  const sections = new Map(Array.from(indexOf(state), ([name, bytes]) => [name, bytes.slice()]))
  const ids = [...state.entries.keys()].filter((id) => state.embedding(id))
  const vectors = new Float32Array(ids.flatMap((id) => [...state.embedding(id)!]))
  return {
    sequence: 0,
    sections,
    async *embeddings() {
      yield { keys: Uint32Array.from(ids, memoryKeyHash), vectors }
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** All that can be asked of a state. */
function view(state: GraphState) {
  const slots = [...state.filters.all]
  const query = ['anna', 'bike', '14:30', 'coffee'].map((term) => ({ term, weight: 1, asked: true }))
  return {
    lines: [...exportLines(state, 0)].sort(),
    words: state.lexical.search(query, 5).top,
    whole: state.lexical.search(query, 5).whole,
    looksLike: state.lexical.lookAlikes('coffie', 3),
    moments: slots.map((slot) => state.filters.momentOf(slot)),
    superseded: [...state.filters.superseded],
    counts: [...state.filters.categoryCounts()],
    found: slots.map((slot) => {
      const { memory } = state.at(slot)!
      return {
        same: state.bySameWords(memory.owner, memory.text, memory).map((each) => each.slot),
        near: state.byNearWords(memory.owner, memory.text, memory).map((each) => each.slot),
        track: memory.track && state.byTrack(memory.owner, memory.evidence[0]!.source, memory.track)?.slot,
        before: state.predecessors(memory.id),
        terms: searchTerms(memory.text).map((term) => state.lexical.frequency(term)),
      }
    }),
    sources: ['a', 'b', 'c'].map((source) => [
      ...(state.filters.allowed(
        { source },
        (id) => state.entries.slotOf(id),
        (slot) => state.at(slot)!.memory,
      ) ?? []),
    ]),
    people: ['Tom', 'Eve'].map((owner) => state.table.byFirstName(owner, 'anna')),
  }
}

function note(text: string): MemoryInput {
  return { text, category: 'notes', origin: 'told' }
}

/** Two ids with the same hash. */
function sameHash(): [string, string] {
  const seen = new Map<number, string>()
  for (let i = 0; ; i++) {
    const id = `memory ${i}`
    const hash = memoryKeyHash(id)
    const other = seen.get(hash)
    if (other !== undefined) return [other, id]
    seen.set(hash, id)
  }
}
