import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createUnreliableDirectory,
  memoryRetrieverContract,
  memoryStoreContract,
  memoryWriterContract,
  tensorStoreContract,
} from '@perstream/conformance'
import { expect, it } from 'vitest'
import { openFileStore, openTensorFiles } from '../src/files'
import { createMemoryGraph, createVolatileStore, createVolatileTensors } from '../src/index'
import { openJournalStore } from '../src/journal'
import { plainBytes } from './plain-bytes'

/** What files hold, with what is deflated in them as it was. */
function asBytes(files: readonly Uint8Array[]): Uint8Array {
  return Buffer.from(files.map(plainBytes).join('\n'), 'latin1')
}

memoryStoreContract('volatile store', async () => ({ store: createVolatileStore() }))

memoryStoreContract('file store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pmg-'))
  const open = () => openFileStore(folder, { mode: 'write' })
  const contents = async () =>
    asBytes(await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name)))))
  return { store: await open(), reopen: open, contents, cleanUp: () => rm(folder, { recursive: true }) }
})

memoryStoreContract('store in a directory in memory', async () => {
  const directory = createUnreliableDirectory(() => 0)
  const open = () => openJournalStore(directory, { mode: 'write', location: 'memory', compactAfterBytes: 2000 })
  const contents = async () => asBytes([...directory.files.values()])
  return { store: await open(), reopen: open, contents }
})

const open = () => createMemoryGraph({ store: createVolatileStore() })
memoryWriterContract('memory graph', open)
memoryRetrieverContract('memory graph', open)

tensorStoreContract('volatile tensors', async () => ({ store: createVolatileTensors() }))

tensorStoreContract('tensor files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pmg-tensors-'))
  const open = () => openTensorFiles(folder, { mode: 'write' })
  return { store: await open(), reopen: open, cleanUp: () => rm(folder, { recursive: true }) }
})

it('tensor files name the precision that they were opened with', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pmg-tensors-'))
  await using store = await openTensorFiles(folder, { mode: 'write', precision: 'b1' })
  expect(store.precision).toBe('b1')
  await store.put('a', { data: Float32Array.of(3, -3), rows: 1, columns: 1, dimensions: 2, space: 's' })
  expect(await store.list()).toMatchObject([{ id: 'a', precision: 'b1' }])
  await rm(folder, { recursive: true })
})
