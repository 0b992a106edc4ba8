import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createUnreliableDirectory, type UnreliableDirectory } from '@perstream/conformance'
import { createRandom, normalize } from '@perstream/kit'
import type { Granularity, Memory, MemoryOperation, Progress, TextEncoder } from '@perstream/spec'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { roundedEmbedding } from '../src/embedding-codec'
import { openFileStore, reembedStore, verifyStore } from '../src/files'
import { createMemoryGraph, createVolatileTensors } from '../src/index'
import { openJournalStore, reembedJournal, verifyJournal } from '../src/journal'

/** Adds up a random direction for each word. */
function wordEncoder(space: string, dimensions: number): TextEncoder {
  const known = new Map<string, Float32Array>()
  const directionOf = (word: string) => {
    const seed = [...word].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 65521, 7)
    const random = createRandom(seed)
    const direction = known.get(word) ?? Float32Array.from({ length: dimensions }, () => random.gaussian())
    known.set(word, direction)
    return direction
  }
  const encodeText = (text: string) => {
    const directions = (text.toLowerCase().match(/\w+/g) ?? []).map(directionOf)
    return normalize(
      Float32Array.from({ length: dimensions }, (_, i) => directions.reduce((sum, each) => sum + each[i]!, 0)),
    )
  }
  return { space, dimensions, maxBatchSize: 100, encode: async (texts) => texts.map(encodeText) }
}

const old = wordEncoder('old', 48)
const next = wordEncoder('next', 64)
const space = { id: next.space, dimensions: 64 }
const location = 'memory'

interface ExportedMemory {
  readonly type: 'memory'
  readonly memory: Memory
  readonly embedding?: string
}

const openStore = (directory: UnreliableDirectory) =>
  openJournalStore(directory, { mode: 'write', location, compactAfterBytes: 4000 })

/** What a directory holds, line by line; the first line names the space. */
async function contentOf(directory: UnreliableDirectory): Promise<string[]> {
  await using store = await openJournalStore(directory, { mode: 'read', location })
  await using graph = await createMemoryGraph({ store, now: () => 0 })
  const lines: string[] = []
  for await (const line of graph.export()) lines.push(line)
  return lines
}

const memoriesOf = (lines: readonly string[]) =>
  lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'memory') as ExportedMemory[]

/** All kinds of memories: some in parts, some in the journal. Gives the ids of those whose words are known. */
async function fill(directory: UnreliableDirectory, count = 40): Promise<Record<string, string>> {
  await using store = await openStore(directory)
  await using graph = await createMemoryGraph({ store, text: old, tensors: createVolatileTensors() })
  const input = (text: string) => ({
    ...{ text, category: 'notes', origin: 'read' as const, learnedAt: 1000 },
    evidence: [{ source: 'walk', startSeconds: 1, endSeconds: 2, frames: [3] }],
    triplets: [{ subject: 'I', predicate: 'saw', object: `thing of ${text}` }],
  })
  const made = await graph.create(
    Array.from({ length: count }, (_, i) => input(`Sign number ${i} is on the door`)),
    { progress: { source: 'walk', seconds: 12 } },
  )
  const ids = Object.fromEntries(
    ['changed', 'superseded', 'half', 'byte', 'bit', 'bare', 'forgotten', 'deleted'].map((name, i) => [
      name,
      made[i]!.id,
    ]),
  )
  await graph.update(ids.changed!, { text: 'The sign says something else now' })
  await graph.supersede(ids.superseded!, input('There is a newer sign'))
  const sequence = graph.stats().sequence
  const reduce = (name: string, part: Granularity, to: 'f16' | 'i8' | 'b1' | 'gone'): MemoryOperation => ({
    ...{ type: 'memory-reduce', ids: [ids[name]!], part, to, at: 2000 },
  })
  await store.commit({
    ...{ sequence: sequence + 1, at: 2000 },
    operations: [
      reduce('half', 'embedding', 'f16'),
      reduce('byte', 'embedding', 'i8'),
      reduce('bit', 'embedding', 'b1'),
      reduce('bare', 'embedding', 'gone'),
      reduce('forgotten', 'text', 'gone'),
    ],
  })
  await graph.refresh()
  await graph.delete([ids.deleted!])
  await graph.retrieve({ text: 'Where is sign number 20?' })
  const grid = { rows: 1, columns: 2, dimensions: 3, space: 'patches', data: new Float32Array(6) }
  await graph.create([input('One that lies in the journal'), { ...input('And one with a grid'), meanGrid: grid }])
  return ids
}

describe('reembedJournal', () => {
  it('encodes words anew, and keeps all else as it was', async () => {
    const directory = createUnreliableDirectory(() => 0.5)
    const ids = await fill(directory)
    const before = await contentOf(directory)
    const reported: Progress[] = []
    const report = await reembedJournal(directory, { text: next, location, onProgress: (each) => reported.push(each) })
    const after = await contentOf(directory)

    const expected = { before: { id: old.space, dimensions: 48 }, after: space }
    expect(report).toEqual({ changed: true, ...expected, encoded: 40, without: 1, lost: 1 })
    expect(reported.at(-1)).toEqual({ stage: 'encoding memories', done: 42, total: 42 })
    expect(JSON.parse(after[0]!)).toMatchObject({ space: next.space, dimensions: 64 })

    const rest = (lines: readonly string[]) =>
      lines
        .slice(1)
        .map((line) => {
          const { embedding: _, memory, ...each } = JSON.parse(line)
          const { space: __, embeddingPrecision: ___, ...said } = memory ?? {}
          return JSON.stringify({ ...each, said })
        })
        .sort()
    expect(rest(after)).toEqual(rest(before))
    expect(memoriesOf(after).filter(({ memory }) => memory.meanGrid)).toHaveLength(1)
    const kept = new Map(memoriesOf(before).map((each) => [each.memory.id, each]))
    for (const { memory, embedding } of memoriesOf(after)) {
      const was = kept.get(memory.id)!
      const isKept = was.embedding !== undefined && memory.forgottenAt === undefined
      expect([embedding !== undefined, memory.space]).toEqual([isKept, isKept ? next.space : undefined])
      expect(memory.embeddingPrecision).toBe(isKept ? was.memory.embeddingPrecision : undefined)
      if (!isKept) continue
      const [vector] = await next.encode([memory.text])
      const rounded = roundedEmbedding(vector!, memory.embeddingPrecision ?? 'f32')
      const bytes = Buffer.from(embedding!, 'base64')
      const found = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
      found.forEach((value, i) => {
        expect(value).toBeCloseTo(rounded[i]!, 5)
      })
    }
    const precisions = ['half', 'byte', 'bit'].map(
      (name) => memoriesOf(after).find(({ memory }) => memory.id === ids[name])!.memory.embeddingPrecision,
    )
    expect(precisions).toEqual(['f16', 'i8', 'b1'])
    expect((await verifyJournal(directory)).damage).toEqual([])
  })

  it('leaves a memory that is found by the new encoder, and refuses the old one', async () => {
    const directory = createUnreliableDirectory(() => 0.5)
    await fill(directory)
    await reembedJournal(directory, { text: next })
    await using store = await openStore(directory)
    await expect(createMemoryGraph({ store, text: old })).rejects.toMatchObject({ code: 'space-mismatch' })
    await using graph = await createMemoryGraph({ store, text: next })
    const [best] = await graph.retrieve({ text: 'sign number 20', limit: 1 })
    expect(best?.memory.text).toBe('Sign number 20 is on the door')
    expect(best?.similarity).toBeGreaterThan(0.5)
    await graph.create([{ text: 'One more', category: 'notes', origin: 'read' }])
  })

  it('does nothing for a memory that is of the space already, or has no embedding', async () => {
    const directory = createUnreliableDirectory(() => 0.5)
    await fill(directory)
    const before = new Map(directory.files)
    const same = await reembedJournal(directory, { text: old })
    expect(same).toMatchObject({ changed: false, before: { id: old.space }, encoded: 0 })
    expect(new Map(directory.files)).toEqual(before)

    const words = createUnreliableDirectory(() => 0.5)
    {
      await using store = await openStore(words)
      await using graph = await createMemoryGraph({ store })
      await graph.create([{ text: 'Words alone', category: 'notes', origin: 'read' }])
    }
    expect(await reembedJournal(words, { text: next })).toMatchObject({ changed: false, before: undefined })
    await expect(reembedJournal(words, {} as never)).rejects.toThrow(/text is missing/)
  })

  it('lets a reader take in the new state with the next refresh, whole', async () => {
    const directory = createUnreliableDirectory(() => 0.5)
    await fill(directory)
    await using store = await openJournalStore(directory, { mode: 'read', location })
    await using reader = await createMemoryGraph({ store })
    const { sequence } = reader.stats()
    const [memory] = reader.list({ limit: 1 })
    await reembedJournal(directory, { text: next })
    expect(reader.embedding(memory!.id)).toHaveLength(48)
    await reader.refresh()
    expect(reader.embedding(memory!.id)).toHaveLength(64)
    expect(reader.stats().sequence).toBe(sequence + 1)
    expect(new Set(reader.list().map((each) => each.space))).toEqual(new Set([next.space, undefined]))
  })

  it('leaves the old memory or the new one, whole, wherever the power goes or the disk is full', async () => {
    let [olds, news] = [0, 0]
    for (const failure of ['power', 'full'] as const)
      for (let steps = 0; ; steps++) {
        const random = createRandom(steps)
        const directory = createUnreliableDirectory(() => random.next())
        await fill(directory, 12)
        const before = await contentOf(directory)
        directory.failAfter(steps, failure)
        const outcome = await reembedJournal(directory, { text: next }).catch(() => undefined)
        if (failure === 'power') directory.restart()
        else directory.heal()
        const found = await contentOf(directory)
        const isNew = JSON.parse(found[0]!).space === next.space
        if (isNew) news++
        else {
          expect(found, `${failure} at step ${steps}`).toEqual(before)
          olds++
        }
        expect((await verifyJournal(directory)).damage, `${failure} at step ${steps}`).toEqual([])
        await reembedJournal(directory, { text: next })
        const again = await contentOf(directory)
        expect(memoriesOf(again)).toHaveLength(memoriesOf(before).length)
        expect(new Set(memoriesOf(again).map(({ memory }) => memory.space))).toEqual(new Set([next.space, undefined]))
        if (isNew) expect(again).toEqual(found)
        await openStore(directory).then((store) => store[Symbol.asyncDispose]())
        expect([...directory.files.keys()].filter((name) => name.endsWith('.pmg')).length).toBeLessThan(8)
        if (outcome) break
      }
    expect(olds).toBeGreaterThan(20)
    expect(news).toBeGreaterThan(1)
  }, 120_000)

  it('leaves nothing behind when it is stopped, or the encoder fails', async () => {
    const directory = createUnreliableDirectory(() => 0.5)
    await fill(directory, 600)
    const before = new Map(directory.files)
    const abort = new AbortController()
    const failing = (fail: () => void): TextEncoder => {
      let calls = 0
      return {
        ...next,
        maxBatchSize: 64,
        async encode(texts, options) {
          if (++calls === 6) fail()
          options?.signal?.throwIfAborted()
          return next.encode(texts, options)
        },
      }
    }
    const reason = new Error('stop')
    const stopped = failing(() => abort.abort(reason))
    await expect(reembedJournal(directory, { text: stopped, signal: abort.signal })).rejects.toBe(reason)
    expect(new Map(directory.files)).toEqual(before)
    const broken = failing(() => {
      throw reason
    })
    await expect(reembedJournal(directory, { text: broken })).rejects.toBe(reason)
    const short = { ...next, dimensions: 65 }
    await expect(reembedJournal(directory, { text: short })).rejects.toThrow(/has 64 elements.*dimensions are 65/)
    expect(new Map(directory.files)).toEqual(before)
  })
})

describe('reembedStore', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pmg-reembed-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('works on a folder, when nobody writes to it', async () => {
    await expect(reembedStore(folder, { text: next })).rejects.toMatchObject({ code: 'input-invalid' })
    const store = await openFileStore(folder, { mode: 'write' })
    const graph = await createMemoryGraph({ store, text: old })
    await graph.create([{ text: 'I parked on level B2', category: 'vehicle', origin: 'read' }])
    await graph[Symbol.asyncDispose]()
    await expect(reembedStore(folder, { text: next })).rejects.toMatchObject({ code: 'store-locked' })
    await store[Symbol.asyncDispose]()
    expect(await reembedStore(folder, { text: next })).toMatchObject({ changed: true, encoded: 1 })
    expect((await verifyStore(folder)).damage).toEqual([])
    expect(await readdir(folder)).not.toContain('lock')
  })
})
