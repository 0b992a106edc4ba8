import { collect } from '@perstream/kit'
import type { Memory, MemoryBatch, MemoryOperation, MemoryStore, MemoryVersion } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { type CurrentStore, openForEach, type StoreSubject } from './store-subject'

/** A store under test, empty. */
export interface MemoryStoreSubject extends StoreSubject<MemoryStore> {
  /**
   * All bytes that the store keeps for itself, in files say, and beside them what is compressed in them as it was: to see that what is
   * deleted is in none of them.
   */
  readonly contents?: (() => Promise<Uint8Array>) | undefined
}

/** Registers the tests that every `MemoryStore` must pass. */
export function memoryStoreContract(name: string, open: () => Promise<MemoryStoreSubject>): void {
  describe(`MemoryStore contract: ${name}`, () => {
    const current: Current = openForEach(open)
    testReplay(current)
    testOrder(current)
    testDeletion(current)
    testReduction(current)
    testClosing(current)
  })
}

type Current = CurrentStore<MemoryStore, MemoryStoreSubject>

function testReplay(current: Current): void {
  it('replays batches as they were committed', async () => {
    const batches = [batch(1, everyOperation()), batch(2, [put('b', 'second')]), batch(3, [])]
    for (const each of batches) await current.store.commit(each)
    expect(await collect(current.store.load())).toEqual(batches)
  })

  it('replays what comes after a sequence, exclusive', async () => {
    for (let i = 1; i <= 4; i++) await current.store.commit(batch(i, [put(`m${i}`, 'words')]))
    expect((await collect(current.store.load(2))).map(({ sequence }) => sequence)).toEqual([3, 4])
    expect(await collect(current.store.load(4))).toEqual([])
  })

  it('keeps vectors bit by bit', async () => {
    const embedding = Float32Array.of(0.1, -0, 1e-45, 3.4e38)
    await current.store.commit(batch(1, [{ type: 'space', id: 's', dimensions: 4 }, put('a', 'words', embedding)]))
    const [loaded] = await collect(current.store.load())
    const operation = loaded!.operations[1] as Extract<MemoryOperation, { type: 'memory-put' }>
    expect(new Uint32Array(operation.embedding!.slice().buffer)).toEqual(new Uint32Array(embedding.slice().buffer))
  })

  it('keeps any text, lone surrogates too', async () => {
    const texts = ['\ud800 lone', 'naïve 日本語 🙂', '\0\n"', 'x'.repeat(100_000)]
    await current.store.commit(
      batch(
        1,
        texts.map((text, i) => put(`m${i}`, text)),
      ),
    )
    expect([...(await replay(current.store)).memories.values()].map(({ memory }) => memory.text)).toEqual(texts)
  })
}

function testOrder(current: Current): void {
  it('refuses a batch that is out of sequence, and goes on', async () => {
    await current.store.commit(batch(1, [put('a', 'one')]))
    await expect(current.store.commit(batch(1, [put('b', 'again')]))).rejects.toThrow()
    await expect(current.store.commit(batch(3, [put('c', 'too far')]))).rejects.toThrow()
    await current.store.commit(batch(2, [put('d', 'two')]))
    expect([...(await replay(current.store)).memories.keys()]).toEqual(['a', 'd'])
  })

  it('takes commits that do not wait for each other, in their order', async () => {
    const done: number[] = []
    const commits = Array.from({ length: 20 }, (_, i) =>
      current.store.commit(batch(i + 1, [put('a', `words ${i}`)])).then(() => done.push(i)),
    )
    const refused = current.store.commit(batch(99, [put('b', 'too far')])).then(
      () => 'taken',
      () => 'refused',
    )
    const deletion = current.store.commit(batch(21, [{ type: 'memory-delete', id: 'b' }]))
    const last = current.store.commit(batch(22, [put('c', 'after the deletion')]))
    await Promise.all([...commits, deletion, last])
    expect(await refused).toBe('refused')
    expect(done).toEqual(Array.from({ length: 20 }, (_, i) => i))
    const { memories, sequence } = await replay(current.store)
    expect(sequence).toBe(22)
    expect(Array.from(memories.values(), ({ memory }) => memory.text).sort()).toEqual([
      'after the deletion',
      'words 19',
    ])
  })

  it('refuses a reset, which only loading gives', async () => {
    await expect(current.store.commit(batch(1, [{ type: 'reset' }]))).rejects.toThrow(TypeError)
    await current.store.commit(batch(1, []))
  })

  it('stops when it is told to', async () => {
    await expect(current.store.commit(batch(1, []), { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
      'stop',
    )
    await current.store.commit(batch(1, []))
    await expect(collect(current.store.load(0, { signal: AbortSignal.abort(new Error('stop')) }))).rejects.toThrow(
      'stop',
    )
  })
}

function testDeletion(current: Current): void {
  it('forgets what was deleted, for whoever loads from any sequence', async () => {
    await current.store.commit(
      batch(1, [{ type: 'space', id: 's', dimensions: 2 }, put('a', 'one', Float32Array.of(1, 0))]),
    )
    await current.store.commit(batch(2, [put('b', 'two', Float32Array.of(0, 1))]))
    const follower = await replay(current.store)
    await current.store.commit(batch(3, [{ type: 'memory-delete', id: 'a' }]))
    await current.store.commit(batch(4, [{ ...put('b', 'two, revised'), memory: memory('b', 'two, revised', 's') }]))
    for (const state of [
      await replay(current.store),
      await replay(current.store, 2, follower),
      await replay(current.store, 3, await replay(current.store)),
    ]) {
      expect([...state.memories.keys()]).toEqual(['b'])
      expect(state.memories.get('b')!.memory.text).toBe('two, revised')
      expect([...state.memories.get('b')!.embedding!]).toEqual([0, 1])
    }
  })

  it('keeps visits and versions until the memory is deleted', async () => {
    const versions = [version('before')]
    await current.store.commit(batch(1, [{ ...put('a', 'now'), versions }, visit('a', 1), put('b', 'other')]))
    await current.store.commit(batch(2, [{ type: 'memory-delete', id: 'b' }]))
    await current.store.commit(batch(3, [put('a', 'later'), visit('a', 2)]))
    const state = await replay(current.store)
    expect(state.versions).toEqual(new Map([['a', versions]]))
    expect(state.visits).toEqual(new Map([['a', 2]]))
    await current.store.commit(batch(4, [{ type: 'memory-delete', id: 'a' }]))
    expect(await replay(current.store)).toMatchObject({ versions: new Map(), visits: new Map() })
  })

  it('erases what was deleted when the deletion is acknowledged', async () => {
    if (!current.subject.contents) return
    const embedding = Float32Array.of(0.123, 0.456, 0.789)
    const secret = { ...put('secret-id', 'ZYXSECRET words', embedding), versions: [version('ZYXBEFORE')] }
    const entity = { id: 'e1', label: 'ZYXENTITY', aliases: [], owner: 'me', kind: 'thing' as const, createdAt: 1 }
    await current.store.commit(
      batch(1, [{ type: 'space', id: 's', dimensions: 3 }, { type: 'entity-put', entity }, secret]),
    )
    await current.store.commit(batch(2, [put('b', 'plain words'), visit('secret-id', 3)]))
    const traces = ['secret-id', 'ZYXSECRET', 'ZYXBEFORE', 'ZYXENTITY', latin(new Uint8Array(embedding.buffer))]
    const before = latin(await current.subject.contents())
    for (const trace of traces) expect(before).toContain(trace)
    await current.store.commit(
      batch(3, [
        { type: 'memory-delete', id: 'secret-id' },
        { type: 'entity-delete', id: 'e1' },
      ]),
    )
    const after = latin(await current.subject.contents())
    for (const trace of traces) expect(after).not.toContain(trace)
    expect(after).toContain('plain words')
  })
}

function testReduction(current: Current): void {
  const reduce = { type: 'memory-reduce', at: 9 } as const

  it('leaves of what was reduced what the reductions say, replayed or merged, and of what is put later all', async () => {
    const embedding = Float32Array.of(0.6, 0.8)
    const puts = ['a', 'b', 'c', 'd', 'e'].map((id) => put(id, `words of ${id}`, embedding))
    const told = puts.map((each) => ({ ...each, versions: [version('before')], relations: ['r1'] }))
    await current.store.commit(batch(1, told))
    await current.store.commit(
      batch(2, [
        { ...reduce, ids: ['a', 'd', 'unknown'], part: 'text', to: 'gone' },
        { ...reduce, ids: ['b', 'd', 'unknown'], part: 'embedding', to: 'gone' },
        { ...reduce, ids: ['c', 'd'], part: 'embedding', to: 'i8' },
        put('d', 'again', embedding),
      ]),
    )
    const before = await replay(current.store)
    await current.store.commit(batch(3, [{ type: 'memory-delete', id: 'e' }]))
    const { memories, versions } = await replay(current.store)
    before.memories.delete('e')
    before.versions.delete('e')
    expect(memories).toEqual(before.memories)
    expect(versions).toEqual(before.versions)
    expect(memories.get('a')).toEqual({
      memory: { ...memory('a', '', 's'), evidence: [], forgottenAt: 9 },
      embedding,
    })
    expect([...versions.keys()].sort()).toEqual(['b', 'c'])
    expect(memories.get('b')).toEqual({ memory: memory('b', 'words of b', undefined), embedding: undefined })
    const coarse = memories.get('c')!
    expect(coarse.memory).toEqual({ ...memory('c', 'words of c', 's'), embeddingPrecision: 'i8' })
    for (const [i, each] of coarse.embedding!.entries()) expect(Math.abs(each - embedding[i]!)).toBeLessThan(0.8 / 253)
    expect(memories.get('d')).toEqual({ memory: memory('d', 'again', 's'), embedding })
  })

  it('refuses a reduction that makes no sense, and goes on', async () => {
    const senseless = { ...reduce, ids: ['a'], part: 'text', to: 'i8' } as const
    await expect(current.store.commit(batch(1, [senseless]))).rejects.toThrow(TypeError)
    await current.store.commit(batch(1, [{ ...senseless, to: 'gone' }]))
    expect((await replay(current.store)).sequence).toBe(1)
  })
}

function testClosing(current: Current): void {
  it('refuses work when it is closed, and can be closed twice', async () => {
    await current.store[Symbol.asyncDispose]()
    await current.store[Symbol.asyncDispose]()
    await expect(current.store.commit(batch(1, []))).rejects.toMatchObject({ code: 'store-closed' })
    await expect(collect(current.store.load())).rejects.toMatchObject({ code: 'store-closed' })
  })

  it('has everything when it is opened again', async () => {
    for (let i = 1; i <= 20; i++) await current.store.commit(batch(i, [put(`m${i}`, `words ${i}`)]))
    await current.store.commit(batch(21, [{ type: 'memory-delete', id: 'm3' }]))
    const before = await replay(current.store)
    if (!current.subject.reopen) return
    await current.store[Symbol.asyncDispose]()
    current.store = await current.subject.reopen()
    expect(await replay(current.store)).toEqual(before)
    await current.store.commit(batch(22, [put('m22', 'goes on')]))
    expect((await replay(current.store)).memories.size).toBe(20)
  })
}

interface Replayed {
  sequence: number
  memories: Map<string, { memory: Memory; embedding: Float32Array | undefined }>
  versions: Map<string, readonly MemoryVersion[]>
  visits: Map<string, number>
}

/** Follows a store the plain way: one map of memories. */
async function replay(store: MemoryStore, after = 0, state?: Replayed): Promise<Replayed> {
  const memories: Replayed['memories'] = new Map(state?.memories)
  const versions: Replayed['versions'] = new Map(state?.versions)
  const visits: Replayed['visits'] = new Map(state?.visits)
  const all = [memories, versions, visits]
  let sequence = after
  for await (const { sequence: next, operations } of store.load(after)) {
    expect(next).toBeGreaterThanOrEqual(sequence)
    sequence = next
    for (const operation of operations) {
      if (operation.type === 'reset') for (const each of all) each.clear()
      if (operation.type === 'memory-delete') for (const each of all) each.delete(operation.id)
      if (operation.type === 'visit-put') visits.set(operation.id, operation.visits.visits)
      if (operation.type === 'memory-reduce')
        for (const id of operation.ids) reduceOne(memories, versions, id, operation)
      if (operation.type !== 'memory-put') continue
      if (operation.versions) versions.set(operation.memory.id, operation.versions)
      const kept = operation.memory.space === undefined ? undefined : memories.get(operation.memory.id)?.embedding
      memories.set(operation.memory.id, { memory: operation.memory, embedding: operation.embedding ?? kept })
    }
  }
  return { sequence, memories, versions, visits }
}

type Reduction = Extract<MemoryOperation, { type: 'memory-reduce' }>

/** What the operations of these tests do to a memory that is there; an embedding in bytes is 127 steps of its largest value. */
function reduceOne(memories: Replayed['memories'], versions: Replayed['versions'], id: string, operation: Reduction) {
  const held = memories.get(id)
  if (!held) return
  const { memory, embedding } = held
  if (operation.part === 'text') {
    versions.delete(id)
    const left = { ...memory, text: '', evidence: [], triplets: [], track: undefined, forgottenAt: operation.at }
    memories.set(id, { memory: left, embedding })
  } else if (operation.to === 'gone')
    memories.set(id, { memory: { ...memory, space: undefined }, embedding: undefined })
  else if (embedding && memory.space !== undefined)
    memories.set(id, { memory: { ...memory, embeddingPrecision: 'i8' }, embedding: embedding.map(toSteps) })
}

/** Of 0.8 at most: its 127th, rounded up to 17 bits, is exact. */
function toSteps(value: number): number {
  const scale = new Float32Array(1)
  scale[0] = Math.fround(0.8) / 127
  const bits = new Uint32Array(scale.buffer)
  bits[0] = (bits[0]! + 0x7f) & ~0x7f
  return Math.round(value / scale[0]!) * scale[0]!
}

function batch(sequence: number, operations: readonly MemoryOperation[]): MemoryBatch {
  return { sequence, at: 1_700_000_000_000 + sequence, operations }
}

function put(id: string, text: string, embedding?: Float32Array) {
  return { type: 'memory-put' as const, memory: memory(id, text, embedding && 's'), ...(embedding && { embedding }) }
}

function visit(id: string, visits: number): MemoryOperation {
  return { type: 'visit-put', id, visits: { visits, lastVisitedAt: 1 } }
}

function version(text: string): MemoryVersion {
  const times = { validFrom: undefined, validTo: undefined, since: 1, until: 2 }
  return { text, category: 'notes', confidence: 1, change: 'updated', ...times }
}

function latin(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

function memory(id: string, text: string, space: string | undefined): Memory {
  const evidence = [{ source: 'a.mp4', startSeconds: 1, endSeconds: 2.5, frames: [15, 20] }]
  const claims = {
    category: 'notes',
    origin: 'read' as const,
    owner: 'me',
    confidence: 0.5,
    triplets: [],
    track: undefined,
  }
  const clocks = { validFrom: undefined, validTo: undefined, learnedAt: 1, updatedAt: 2 }
  return { id, text, ...claims, evidence, space, ...clocks }
}

function everyOperation(): MemoryOperation[] {
  const entity = { id: 'e1', label: 'Anna', aliases: ['Annie'], owner: 'me', kind: 'thing' as const, createdAt: 1 }
  return [
    { type: 'space', id: 's', dimensions: 2 },
    { type: 'entity-put', entity },
    { type: 'entity-put', entity: { ...entity, id: 'e2' } },
    { type: 'relation-put', relation: { id: 'r1', subject: 'e1', predicate: 'is', object: 'e1', createdAt: 1 } },
    { type: 'relation-put', relation: { id: 'r2', subject: 'e1', predicate: 'was', object: 'e2', createdAt: 1 } },
    { ...put('a', 'first', Float32Array.of(0.6, 0.8)), relations: ['r1'] },
    { type: 'relation-delete', id: 'r2' },
    { type: 'entity-delete', id: 'e2' },
    { type: 'progress', progress: { source: 'a.mp4', seconds: 12.5 } },
    { type: 'memory-reduce', ids: ['a', 'b'], part: 'nearestGrid', to: 'b1', at: 3 },
  ]
}
