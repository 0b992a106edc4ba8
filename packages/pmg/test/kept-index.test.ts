import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createUnreliableDirectory, type UnreliableDirectory } from '@perstream/conformance'
import { collect, createRandom } from '@perstream/kit'
import type { Warning } from '@perstream/spec'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFileStore, repairStore, verifyStore } from '../src/files'
import { type JournalDirectory, type KeptIndex, openJournalStore, verifyJournal } from '../src/journal'
import { memoryKeyHash } from '../src/journal-keys'
import { plainBytes } from './plain-bytes'
import { batch, embeddingsOf, put, remove } from './store-model'
import { forgetful, methodsOf, watched } from './watched-directory'

const indexName = 'index.pmg'
const random = createRandom(4)

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pmg-index-'))
})
afterEach(() => rm(folder, { recursive: true }))

const vector = (length: number) => Float32Array.from({ length }, () => random.gaussian())
const bytesOf = (text: string) => new TextEncoder().encode(text)
const sections = (text: string) => new Map([['words', bytesOf(text)]])
const textOf = (index: KeptIndex | undefined) => index && new TextDecoder().decode(index.sections.get('words'))

function inMemory(): UnreliableDirectory {
  return createUnreliableDirectory(() => random.next())
}

function open(directory: JournalDirectory, mode: 'write' | 'read' = 'write', codes: string[] = []) {
  return openJournalStore(directory, { mode, location: 'memory', onWarning: ({ code }) => codes.push(code) })
}

/** A store of two batches in memory, with an index of them. */
async function indexed(text = 'an index') {
  const directory = inMemory()
  const store = await open(directory)
  await store.commit(batch(1, put('a', vector(3)), put('b')))
  await store.commit(batch(2, put('c', vector(3))))
  await store.writeIndex(sections(text))
  return { directory, store }
}

describe('an index', () => {
  it('comes back with the state it was made of; what is committed later is replayed after it', async () => {
    const { directory, store } = await indexed()
    await store.commit(batch(3, put('d', vector(3))))
    for (const each of [store, await open(directory, 'read'), await open(directory)]) {
      const index = (await each.readIndex())!
      expect(index.sequence).toBe(2)
      expect(textOf(index)).toBe('an index')
      const keys = (await collect(index.embeddings())).flatMap((block) => [...block.keys])
      expect(keys).toEqual([memoryKeyHash('a'), memoryKeyHash('c')])
      expect((await collect(each.load(index.sequence))).map(({ sequence }) => sequence)).toEqual([3])
      await index[Symbol.asyncDispose]()
    }
  })

  it('has sections that typed arrays can view, of any name and length, or none', async () => {
    const store = await open(inMemory())
    expect(await store.readIndex()).toBeUndefined()
    await store.writeIndex(new Map())
    expect((await store.readIndex())!.sections.size).toBe(0)
    const given = new Map([
      ['', new Uint8Array(0)],
      ['ünïcode "name"', Uint8Array.of(1, 2, 3)],
      ...Array.from({ length: 9 }, (_, i) => [`s${i}`, Uint8Array.from({ length: i }, () => 255)] as const),
      ['floats', new Uint8Array(Float64Array.of(Math.PI, -1).buffer)],
    ])
    await store.writeIndex(given)
    const { sections: found } = (await store.readIndex())!
    expect([...found]).toEqual([...given])
    for (const bytes of found.values()) {
      expect(bytes.byteOffset % 8).toBe(0)
      expect(bytes.buffer).toBe(found.get('floats')!.buffer)
    }
    const floats = found.get('floats')!
    expect([...new Float64Array(floats.buffer, floats.byteOffset, 2)]).toEqual([Math.PI, -1])
  })

  it('stays through commits, and goes with the next merge before it is acknowledged', async () => {
    const { directory, store } = await indexed('ZYXSECRET')
    await store.commit(batch(3, put('d')))
    expect(directory.files.has(indexName)).toBe(true)
    await store.commit(batch(4, remove('a')))
    expect([...directory.files.keys()].filter((name) => name.startsWith(indexName))).toEqual([])
    expect(await store.readIndex()).toBeUndefined()
    await store.writeIndex(sections('again'))
    expect(textOf(await store.readIndex())).toBe('again')
    expect((await store.readIndex())!.sequence).toBe(4)
  })

  it('of another state is passed over without a word, and removed by the next writer with what was half-made', async () => {
    const { directory, store } = await indexed()
    const old = directory.files.get(indexName)!
    await store.commit(batch(3, remove('a')))
    await store[Symbol.asyncDispose]()
    directory.put(indexName, old)
    directory.put(`${indexName}.tmp`, old.slice(0, 50))
    const codes: string[] = []
    expect(await (await open(directory, 'read', codes)).readIndex()).toBeUndefined()
    expect((await verifyJournal(directory)).files.find(({ file }) => file === indexName)).toMatchObject({
      ...{ kind: 'stale', bytes: old.length, damage: [] },
    })
    await open(directory, 'write', codes)
    expect(codes).toEqual([])
    expect([...directory.files.keys()].filter((name) => name.startsWith(indexName))).toEqual([])
  })

  it('is undefined, with a warning, when any byte is not as it was or the file is longer or shorter', async () => {
    const { directory } = await indexed()
    const whole = directory.files.get(indexName)!
    const flipped = Array.from(whole, (_, at) => whole.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte)))
    const cut = Array.from(whole, (_, at) => whole.slice(0, at))
    const longer = [Uint8Array.from([...whole, 0]), Uint8Array.from([...whole, ...whole])]
    for (const bytes of [...flipped, ...cut, ...longer]) {
      directory.put(indexName, bytes)
      const codes: string[] = []
      const store = await open(directory, 'read', codes)
      expect(await store.readIndex()).toBeUndefined()
      expect(codes).toEqual(['index-ignored'])
      expect((await collect(store.load())).length).toBeGreaterThan(0)
    }
  })

  it('that the system cannot read is passed over with a warning', async () => {
    const { directory } = await indexed()
    const broken: JournalDirectory = {
      ...methodsOf(directory),
      open: (name) => (name === indexName ? Promise.reject(new Error('input/output error')) : directory.open(name)),
    }
    const codes: string[] = []
    expect(await (await open(broken, 'read', codes)).readIndex()).toBeUndefined()
    expect(codes).toEqual(['index-ignored'])
  })
})

describe('keeping an index', () => {
  it('is refused to readers, on closed stores, of other values, and while a batch is not acknowledged', async () => {
    const { directory, store } = await indexed()
    await expect((await open(directory, 'read')).writeIndex(new Map())).rejects.toMatchObject({
      code: 'store-read-only',
    })
    const wrong = new Map([['numbers', [1, 2] as unknown as Uint8Array]])
    await expect(store.writeIndex(wrong)).rejects.toThrow(
      new TypeError('sections: "numbers" is 1,2: it must be a Uint8Array'),
    )
    const writing = store.commit(batch(3, put('d')))
    await expect(store.writeIndex(sections('too early'))).rejects.toThrow(TypeError)
    await writing
    expect(textOf(await store.readIndex())).toBe('an index')
    const stop = AbortSignal.abort(new Error('enough'))
    await expect(store.writeIndex(new Map(), { signal: stop })).rejects.toThrow('enough')
    await expect(store.readIndex({ signal: stop })).rejects.toThrow('enough')
    await store[Symbol.asyncDispose]()
    await expect(store.writeIndex(new Map())).rejects.toMatchObject({ code: 'store-closed' })
    await expect(store.readIndex()).rejects.toMatchObject({ code: 'store-closed' })
  })

  it('stops when it is aborted, with the reason, and leaves the store as it was', async () => {
    const { store } = await indexed()
    await store.commit(batch(3, put('d')))
    const controller = new AbortController()
    const keeping = store.writeIndex(sections('late'), { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(keeping).rejects.toThrow('enough')
    expect(textOf(await store.readIndex())).toBe('an index')
  })

  it('comes before what is committed meanwhile', async () => {
    const { store } = await indexed()
    const keeping = store.writeIndex(sections('of two'))
    await Promise.all([keeping, store.commit(batch(3, put('d'))), store.commit(batch(4, put('e')))])
    const index = (await store.readIndex())!
    expect([index.sequence, textOf(index)]).toEqual([2, 'of two'])
    expect((await collect(store.load(2))).length).toBe(2)
  })

  it('warns when there is no room, leaves none, and the store goes on', async () => {
    let warned = 0
    for (let steps = 0; steps < 40; steps++) {
      const { directory } = await indexed()
      const codes: string[] = []
      const store = await open(directory, 'write', codes)
      await store.commit(batch(3, put('d')))
      directory.failAfter(steps, 'full')
      await store.writeIndex(sections('ZYXNEW'))
      directory.heal()
      const index = await store.readIndex()
      if (codes.length > 0) {
        warned++
        expect(codes).toEqual(['index-not-kept'])
        expect(textOf(index)).not.toBe('ZYXNEW')
        expect(contents(directory)).not.toContain('ZYXNEW')
      } else expect([index!.sequence, textOf(index)]).toEqual([3, 'ZYXNEW'])
      await store.commit(batch(4, put('e')))
      expect((await collect(store.load(3))).length).toBe(1)
    }
    expect(warned).toBeGreaterThan(5)
  })
})

describe('embeddings', () => {
  it('are those of the records, in the order of the parts, from files of several parts', async () => {
    const store = await openFileStore(folder, { mode: 'write', compactAfterBytes: 1 << 24 })
    let sequence = 0
    await store.commit(batch(++sequence, { type: 'space', id: 's', dimensions: 384 }))
    for (let i = 0; i < 45; i++) {
      const ids = Array.from({ length: 100 }, (_, k) => `m${i * 100 + k}`)
      await store.commit(batch(++sequence, ...ids.map((id, k) => put(id, k % 9 === 0 ? undefined : vector(384)))))
    }
    await store.writeIndex(new Map())
    expect((await readdir(folder)).filter((name) => name.startsWith('part')).length).toBeGreaterThan(3)
    const expected = (await collect(store.load())).flatMap(({ operations }) =>
      operations.flatMap((each) =>
        each.type === 'memory-put' && each.embedding ? [[memoryKeyHash(each.memory.id), each.embedding] as const] : [],
      ),
    )
    expect(expected.length).toBe(3960)
    const index = (await store.readIndex())!
    let place = 0
    for await (const { keys, vectors } of index.embeddings()) {
      expect(keys.length).toBeGreaterThan(10)
      expect(vectors.length).toBe(keys.length * 384)
      for (const [i, key] of keys.entries()) {
        const [wanted, values] = expected[place++]!
        expect(key).toBe(wanted)
        expect(Buffer.compare(bytes(vectors.subarray(i * 384, (i + 1) * 384)), bytes(values))).toBe(0)
      }
    }
    expect(place).toBe(3960)
    await index[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
  })

  it('of different lengths come in blocks of their own', async () => {
    const store = await open(inMemory())
    const lengths = [3, 3, 0, 4, 0, 4, 3]
    await store.commit(batch(1, ...lengths.map((length, i) => put(`m${i}`, length ? vector(length) : undefined))))
    await store.writeIndex(new Map())
    const blocks = await collect((await store.readIndex())!.embeddings())
    expect(blocks.map(({ keys, vectors }) => [keys.length, vectors.length])).toEqual([
      [2, 6],
      [2, 8],
      [1, 3],
    ])
  })

  it('are readable though a writer has removed the files meanwhile', async () => {
    const writer = await openFileStore(folder, { mode: 'write' })
    await writer.commit(batch(1, ...Array.from({ length: 50 }, (_, i) => put(`m${i}`, vector(384)))))
    await writer.writeIndex(sections('before'))
    const reader = await openFileStore(folder, { mode: 'read' })
    const index = (await reader.readIndex())!
    const before = await embeddingsOf(index)
    await writer.commit(batch(2, remove('m3')))
    await writer.writeIndex(sections('after'))
    expect(await embeddingsOf(index)).toEqual(before)
    const next = (await reader.readIndex())!
    expect([next.sequence, textOf(next), (await embeddingsOf(next)).length]).toEqual([2, 'after', 49])
    for (const each of [index, next, reader, writer]) await each[Symbol.asyncDispose]()
  })

  it('say that the store has changed where removed files cannot be read', async () => {
    const { directory, store } = await indexed()
    const reader = await open(forgetful(directory), 'read')
    const index = (await reader.readIndex())!
    await store.commit(batch(3, remove('a')))
    await expect(collect(index.embeddings())).rejects.toMatchObject({
      ...{ code: 'store-changed', cause: new Error('it was removed') },
    })
    await store.writeIndex(sections('new'))
    expect(textOf(await reader.readIndex())).toBe('new')
  })

  it('are refused when a byte of a part is not as it was, and when the index or the store is closed', async () => {
    const { directory, store } = await indexed()
    const part = [...directory.files.keys()].find((name) => name.startsWith('part'))!
    const whole = directory.files.get(part)!
    for (let at = 0; at < whole.length; at++) {
      directory.put(
        part,
        whole.map((byte, i) => (i === at ? byte ^ 8 : byte)),
      )
      const index = (await (await open(directory, 'read')).readIndex())!
      await expect(collect(index.embeddings())).rejects.toMatchObject({ code: 'store-corrupt', fields: { file: part } })
    }
    directory.put(part, whole)
    const index = (await store.readIndex())!
    const other = (await store.readIndex())!
    await index[Symbol.asyncDispose]()
    await index[Symbol.asyncDispose]()
    await expect(collect(index.embeddings())).rejects.toMatchObject({ code: 'store-closed' })
    const stop = AbortSignal.abort(new Error('enough'))
    await expect(collect(other.embeddings({ signal: stop }))).rejects.toThrow('enough')
    await store[Symbol.asyncDispose]()
    await expect(collect(other.embeddings())).rejects.toMatchObject({ code: 'store-closed' })
  })

  it('spare the next merge reading the parts for what they hold', async () => {
    const { directory } = await indexed()
    const reads: string[] = []
    const store = await open(watched(directory, { onRead: (name) => reads.push(name) }))
    const index = (await store.readIndex())!
    await collect(index.embeddings())
    reads.length = 0
    await store.commit(batch(3, remove('none')))
    expect(reads.filter((name) => name.startsWith('part'))).toEqual([])
  })
})

describe('a reader beside a writer', () => {
  it('finds an index that belongs to the files it reads, or none', async () => {
    const writer = await openFileStore(folder, { mode: 'write' })
    const reader = await openFileStore(folder, { mode: 'read' })
    let isDone = false
    let found = 0
    const reading = (async () => {
      while (!isDone) {
        const index = await reader.readIndex()
        if (!index) continue
        const keys = (await collect(index.embeddings())).flatMap((block) => [...block.keys])
        if (index.sections.size > 0) {
          expect(textOf(index)).toBe(`${index.sequence}: ${keys}`)
          found++
        }
        await index[Symbol.asyncDispose]()
      }
    })()
    for (let sequence = 1; sequence <= 60 || found <= 5; sequence++) {
      const drop = sequence % 3 === 0 ? [remove(`m${sequence - 2}`)] : []
      await writer.commit(batch(sequence, put(`m${sequence}`, vector(40)), ...drop))
      await writer.writeIndex(new Map())
      const own = (await writer.readIndex())!
      const keys = (await collect(own.embeddings())).flatMap((block) => [...block.keys])
      await own[Symbol.asyncDispose]()
      await writer.writeIndex(sections(`${sequence}: ${keys}`))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    isDone = true
    await reading
    await reader[Symbol.asyncDispose]()
    await writer[Symbol.asyncDispose]()
  })
})

describe('a store with an index', () => {
  async function fill(): Promise<void> {
    const store = await openFileStore(folder, { mode: 'write' })
    await store.commit(batch(1, put('a', vector(3)), put('b')))
    await store.writeIndex(sections('kept'))
    await store[Symbol.asyncDispose]()
  }

  it('is verified with it; damage to it is harmless and mended by removing it', async () => {
    await fill()
    const whole = await verifyStore(folder)
    expect(whole).toMatchObject({ whole: true, damage: [] })
    const size = (await readFile(join(folder, indexName))).length
    expect(whole.files.at(-1)).toMatchObject({ file: indexName, kind: 'index', bytes: size })
    expect(await repairStore(folder)).toMatchObject({ repaired: false })
    await writeFile(join(folder, indexName), 'nonsense')
    const damage = [{ file: indexName, offset: 0, bytes: 8, lost: expect.stringContaining('nothing') }]
    expect(await verifyStore(folder)).toMatchObject({ whole: true, damage })
    const warnings: Warning[] = []
    const store = await openFileStore(folder, { mode: 'read', onWarning: (warning) => warnings.push(warning) })
    expect(await store.readIndex()).toBeUndefined()
    expect(warnings).toMatchObject([{ code: 'index-ignored', message: expect.stringContaining(folder) }])
    await store[Symbol.asyncDispose]()
    const report = await repairStore(folder)
    expect(report).toMatchObject({ repaired: true, kept: [], changes: [], damage, after: { whole: true, damage: [] } })
    expect(await readdir(folder)).not.toContain(indexName)
  })

  it('loses it when it is repaired', async () => {
    await fill()
    const part = (await readdir(folder)).find((name) => name.startsWith('part'))!
    const bytes = await readFile(join(folder, part))
    bytes[70]! ^= 1
    await writeFile(join(folder, part), bytes)
    expect(await repairStore(folder)).toMatchObject({ repaired: true, kept: [`${part}.damaged`] })
    expect(await readdir(folder)).not.toContain(indexName)
  })

  it('is backed up with it, when it fits', async () => {
    await fill()
    const store = await openFileStore(folder, { mode: 'write' })
    await store.commit(batch(2, put('c')))
    await store.backup(join(folder, 'one'))
    expect(await readFile(join(folder, 'one', indexName))).toEqual(await readFile(join(folder, indexName)))
    const copy = await openFileStore(join(folder, 'one'), { mode: 'read' })
    const index = (await copy.readIndex())!
    expect([index.sequence, textOf(index)]).toEqual([1, 'kept'])
    expect((await collect(copy.load(1))).length).toBe(1)
    for (const each of [index, copy]) await each[Symbol.asyncDispose]()
    await writeFile(join(folder, indexName), 'nonsense')
    expect(await store.backup(join(folder, 'two'))).toMatchObject({ whole: true, damage: [] })
    expect(await readdir(join(folder, 'two'))).not.toContain(indexName)
    await store[Symbol.asyncDispose]()
  })
})

function contents({ files }: UnreliableDirectory): string {
  return [...files.values()].map(plainBytes).join('')
}

function bytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
