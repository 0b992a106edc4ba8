import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createUnreliableDirectory } from '@perstream/conformance'
import { createRandom } from '@perstream/kit'
import type { MemoryBatch } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { openFileStore } from '../src/files'
import { openJournalStore } from '../src/journal'
import { batch, put } from './store-model'
import { watched } from './watched-directory'

const random = createRandom(4)
const vector = (length: number) => Float32Array.from({ length }, () => random.gaussian())

describe('leaving early', () => {
  /** A store of several parts and some batches in the journal, with an index, whose open files are counted. */
  async function counted() {
    const files = { open: 0, reading: 0 }
    const directory = watched(
      createUnreliableDirectory(() => random.next()),
      {
        onOpen: () => files.open++,
        onClose: () => files.open--,
        onReading: (change) => {
          files.reading += change
        },
      },
    )
    const store = await openJournalStore(directory, { mode: 'write', location: 'memory' })
    await store.commit(batch(1, { type: 'space', id: 's', dimensions: 3 }, put('a', vector(3)), put('b', vector(3))))
    await store.writeIndex(new Map())
    for (let sequence = 2; sequence <= 4; sequence++) await store.commit(batch(sequence, put(`m${sequence}`)))
    return { store, files }
  }

  it.each([1, 2, 3, 4, 5, 6])('a load after %i batches closes all files', async (most) => {
    const { store, files } = await counted()
    const before = { ...files }
    let count = 0
    for await (const _ of store.load()) if (++count === most) break
    expect(count).toBe(most)
    expect(files).toEqual(before)
    for await (const _ of store.load(1)) break
    const never = store.load()[Symbol.asyncIterator]()
    await never.return?.()
    const failing = store.load()[Symbol.asyncIterator]() as AsyncGenerator<MemoryBatch>
    await failing.next()
    await expect(failing.throw(new Error('enough'))).rejects.toThrow('enough')
    expect(files).toEqual(before)
    await store[Symbol.asyncDispose]()
    expect(files).toEqual({ open: 0, reading: 0 })
  })

  it('embeddings lets go of nothing but what it read, and an index of all its files', async () => {
    const { store, files } = await counted()
    const before = { ...files }
    const index = (await store.readIndex())!
    const held = { ...files }
    for await (const _ of index.embeddings()) break
    expect(files).toEqual(held)
    await index[Symbol.asyncDispose]()
    expect(files).toEqual(before)
  })

  it.skipIf(process.platform !== 'linux')('leaves no file of the system open', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pmg-leaving-'))
    const store = await openFileStore(folder, { mode: 'write' })
    for (let sequence = 1; sequence <= 3; sequence++)
      await store.commit(
        batch(sequence, ...Array.from({ length: 30 }, (_, i) => put(`m${sequence}-${i}`, vector(384)))),
      )
    await store.writeIndex(new Map())
    await store.commit(batch(4, put('last')))
    const before = await openFiles(folder)
    for (let most = 1; most <= 4; most++) {
      let count = 0
      for await (const _ of store.load()) if (++count === most) break
      const index = (await store.readIndex())!
      for await (const _ of index.embeddings()) break
      await index[Symbol.asyncDispose]()
    }
    expect(await openFiles(folder)).toEqual(before)
    await store[Symbol.asyncDispose]()
    expect(await openFiles(folder)).toEqual([])
    await rm(folder, { recursive: true })
  })

  async function openFiles(folder: string): Promise<string[]> {
    const numbers = await readdir('/proc/self/fd')
    const paths = await Promise.all(numbers.map((each) => readlink(`/proc/self/fd/${each}`).catch(() => '')))
    return paths.filter((path) => path.startsWith(folder)).sort()
  }
})
