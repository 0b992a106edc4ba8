import { createUnreliableDirectory, type UnreliableDirectory } from '@perstream/conformance'
import type { CoarserPrecision, Granularity, Memory, MemoryBatch, MemoryOperation, MemoryStore } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { roundedEmbedding } from '../src/embedding-codec'
import { createVolatileStore } from '../src/index'
import { openJournalStore, verifyJournal } from '../src/journal'
import { memoryKeyHash } from '../src/journal-keys'
import { reducedMemory } from '../src/reduced-memory'
import { plainBytes } from './plain-bytes'
import { batch, embeddingsOf, put, remove } from './store-model'

type MemoryPut = Extract<MemoryOperation, { type: 'memory-put' }>
type Reduction = Extract<MemoryOperation, { type: 'memory-reduce' }>
type State = Map<string, Pick<MemoryPut, 'memory' | 'embedding' | 'relations' | 'versions'>>

const ids = ['a', 'b', 'c', 'd', 'e']
const id = fc.constantFrom(...ids)
const precision = fc.constantFrom<CoarserPrecision>('f16', 'i8', 'b1')
const value = fc.float({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 })
const grid = { id: 'g', rows: 1, columns: 2, dimensions: 4, space: 'patches' }
const version = { text: 'before', category: 'notes', confidence: 1, validFrom: undefined, validTo: undefined }

const putOperation = fc
  .record({
    id,
    text: fc.constantFrom('The key is under the mat.', 'words', ''),
    vector: fc.option(fc.array(value, { minLength: 5, maxLength: 5 }), { nil: undefined }),
    hasSpace: fc.boolean(),
    embeddingPrecision: fc.option(precision, { nil: undefined }),
    hasGrid: fc.boolean(),
    relations: fc.option(fc.constantFrom(['r1'], ['r1', 'r2']), { nil: undefined }),
    hasVersions: fc.boolean(),
  })
  .map(({ id, text, vector, hasSpace, embeddingPrecision, hasGrid, relations, hasVersions }): MemoryOperation => {
    const embedding = vector && Float32Array.from(vector)
    const { memory } = put(id, embedding, text) as MemoryPut
    const isOfSpace = hasSpace || embedding !== undefined
    const more = {
      ...(hasGrid && { meanGrid: grid, nearestGrid: { ...grid, id: 'h' } }),
      ...(isOfSpace && { space: 's', embeddingPrecision }),
    }
    const versions = [{ ...version, since: 1, until: 2, change: 'updated' as const }]
    return {
      ...{ type: 'memory-put', memory: { ...memory, ...more } },
      ...(embedding && { embedding }),
      ...(relations && { relations }),
      ...(hasVersions && { versions }),
    }
  })

const reduction = fc
  .record({
    ids: fc.array(fc.constantFrom(...ids, 'unknown'), { maxLength: 7 }),
    part: fc.constantFrom<Granularity>('embedding', 'embedding', 'text', 'meanGrid', 'nearestGrid'),
    to: fc.oneof(precision, fc.constant('gone' as const)),
    at: fc.nat(99),
  })
  .map(
    ({ part, to, ...rest }): Reduction => ({ type: 'memory-reduce', ...rest, part, to: part === 'text' ? 'gone' : to }),
  )

const operation = fc.oneof(
  { weight: 4, arbitrary: putOperation },
  { weight: 4, arbitrary: reduction },
  { weight: 1, arbitrary: id.map(remove) },
)

const history = fc
  .array(fc.array(operation, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 10 })
  .map((lists) => lists.map((list, i) => batch(i + 1, ...list)))

/** Folds the plain way, one operation and one memory at a time. */
function apply(state: State, operation: MemoryOperation): void {
  if (operation.type === 'reset') state.clear()
  if (operation.type === 'memory-delete') state.delete(operation.id)
  if (operation.type === 'memory-put')
    state.set(operation.memory.id, afterPut(operation, state.get(operation.memory.id)))
  if (operation.type === 'memory-reduce') for (const each of operation.ids) reduce(state, each, operation)
}

function afterPut({ memory, embedding, relations = [], versions }: MemoryPut, before: ReturnType<State['get']>) {
  const found = embedding ?? (memory.space === undefined ? undefined : before?.embedding)
  return {
    ...{ memory, relations, versions: versions ?? before?.versions ?? [] },
    embedding: found && rounded(found, memory),
  }
}

function reduce(state: State, each: string, operation: Reduction): void {
  const held = state.get(each)
  if (!held) return
  const memory = reducedMemory(held.memory, operation)
  const embedding = memory.space === undefined ? undefined : held.embedding && rounded(held.embedding, memory)
  const isTold = operation.part !== 'text' || memory === held.memory
  state.set(each, { ...held, memory, embedding, ...(!isTold && { relations: [], versions: [] }) })
}

function rounded(embedding: Float32Array, { embeddingPrecision }: Memory): Float32Array {
  return roundedEmbedding(embedding, embeddingPrecision ?? 'f32')
}

function folded(batches: readonly MemoryBatch[]): State {
  const state: State = new Map()
  for (const { operations } of batches) for (const each of operations) apply(state, each)
  return state
}

/** Follows a store from a state on. */
async function follow(store: MemoryStore, after = 0, state: State = new Map()): Promise<State> {
  const next: State = new Map(Array.from(state, ([key, held]) => [key, { ...held }]))
  for await (const { operations } of store.load(after)) for (const each of operations) apply(next, each)
  return next
}

function folder(): UnreliableDirectory {
  return createUnreliableDirectory(() => 0)
}

function open(directory: UnreliableDirectory, compactAfterBytes?: number) {
  return openJournalStore(directory, { mode: 'write', location: 'memory', compactAfterBytes })
}

/** Checks what is loaded from all stores after a batch, for those who load all and those who follow. */
async function check(stores: readonly MemoryStore[], batches: readonly MemoryBatch[]): Promise<void> {
  const expected = folded(batches)
  for (const store of stores) {
    expect(await follow(store)).toEqual(expected)
    for (const after of [1, batches.length - 1].filter((each) => each < batches.length))
      expect(await follow(store, after, folded(batches.slice(0, after)))).toEqual(expected)
  }
}

describe('what is reduced', () => {
  it('is the same in every store, in a journal, in parts and after reopening', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (batches) => {
        const [journal, parts] = [folder(), folder()]
        const [long, short] = [await open(journal, Number.POSITIVE_INFINITY), await open(parts, 1)]
        const stores = [createVolatileStore(), long, short]
        for (const [i, each] of batches.entries()) {
          for (const store of stores) await store.commit(each)
          await check(stores, batches.slice(0, i + 1))
        }
        for (const store of stores) await store[Symbol.asyncDispose]()
        const again = [await open(journal), await open(parts)]
        await check(again, batches)
        for (const store of again) await store.writeIndex(new Map())
        await check(again, batches)
        for (const directory of [journal, parts]) expect(await verifyJournal(directory)).toMatchObject({ whole: true })
        const expected = Array.from(
          folded(batches),
          ([key, { embedding }]) => embedding && `${memoryKeyHash(key)} ${embedding.join(' ')}`,
        )
        for (const store of again)
          expect(await embeddingsOf((await store.readIndex())!)).toEqual(expected.filter(Boolean).sort())
      }),
      { numRuns: 60 },
    )
  }, 60_000)

  it('takes the room on disk that its precision needs once it is merged', async () => {
    const sizes: number[] = []
    for (const to of [undefined, 'f16', 'i8', 'b1', 'gone'] as const) {
      const directory = folder()
      const store = await open(directory)
      const all = Array.from({ length: 100 }, (_, i) =>
        put(
          `m${i}`,
          Float32Array.from({ length: 512 }, (_, k) => Math.sin(i + k)),
        ),
      )
      await store.commit(batch(1, ...all))
      if (to)
        await store.commit(
          batch(2, { type: 'memory-reduce', ids: Array.from(all, (_, i) => `m${i}`), part: 'embedding', to, at: 1 }),
        )
      await store.writeIndex(new Map())
      const parts = [...directory.files].filter(([name]) => name.startsWith('part'))
      sizes.push(parts.reduce((sum, [, bytes]) => sum + bytes.length, 0) / 100)
    }
    const gone = sizes.pop()!
    expect(gone).toBeLessThan(60)
    for (const [i, wanted] of [2048, 1024, 516, 68].entries())
      expect(Math.abs(sizes[i]! - gone - wanted)).toBeLessThan(8)
  })

  it('says nothing of its words in any file once it is merged', async () => {
    const directory = folder()
    const store = await open(directory)
    await store.commit(batch(1, put('a', undefined, 'ZYXSECRET'), put('b')))
    await store.commit(batch(2, { type: 'memory-reduce', ids: ['a'], part: 'text', to: 'gone', at: 1 }))
    await store.writeIndex(new Map())
    const all = [...directory.files.values()].map(plainBytes).join('')
    expect(all).not.toContain('ZYXSECRET')
    expect(all).toContain('words of b')
  })

  it('is merged away when it is more than half of what is left, when it was written before opening too', async () => {
    const directory = folder()
    const bytesOf = () => [...directory.files.values()].reduce((sum, bytes) => sum + bytes.length, 0)
    const store = await open(directory, Number.POSITIVE_INFINITY)
    const all = Array.from({ length: 1000 }, (_, i) => put(`m${i}`, new Float32Array(1000).fill(i)))
    await store.commit(batch(1, ...all))
    await store.writeIndex(new Map())
    const full = bytesOf()
    const forget = (from: number, to: number): MemoryOperation => {
      const ids = Array.from({ length: to - from }, (_, i) => `m${from + i}`)
      return { type: 'memory-reduce', ids, part: 'embedding', to: 'gone', at: 1 }
    }
    await store.commit(batch(2, forget(0, 200)))
    await store[Symbol.asyncDispose]()
    const again = await open(directory)
    await again.commit(batch(3, forget(200, 320)))
    await again.commit(batch(4))
    expect(bytesOf()).toBeGreaterThan(full)
    await again.commit(batch(5, forget(320, 350)))
    // The merge comes after the commit is acknowledged, and before the next.
    await again.commit(batch(6))
    expect(bytesOf()).toBeLessThan(full * 0.66)
    await again[Symbol.asyncDispose]()
  })

  it('costs a merge no more the more of it comes at once', async () => {
    const count = 20_000
    const directory = folder()
    const store = await open(directory, Number.POSITIVE_INFINITY)
    await store.commit(batch(1, ...Array.from({ length: count }, (_, i) => put(`memory ${i}`))))
    await store.writeIndex(new Map())
    const all = Array.from({ length: count }, (_, i) => `memory ${i}`)
    for (const [i, part] of (['meanGrid', 'embedding', 'text'] as const).entries())
      await store.commit(batch(i + 2, { type: 'memory-reduce', ids: all, part, to: 'gone', at: 5 }))
    // A reduction that each of its memories took as a whole would take minutes, and this test its time.
    await store.writeIndex(new Map())
    expect((await follow(store)).get('memory 7')).toMatchObject({ memory: { text: '', forgottenAt: 5 } })
  }, 60_000)
})
