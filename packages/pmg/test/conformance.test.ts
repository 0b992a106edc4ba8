import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  memoryRetrieverContract,
  memoryStoreContract,
  memoryWriterContract,
  tensorStoreContract,
} from '@perstream/conformance'
import { openFileStore, openTensorFiles } from '../src/files'
import { createMemoryGraph, createVolatileStore, createVolatileTensors } from '../src/index'

memoryStoreContract('volatile store', async () => ({ store: createVolatileStore() }))

memoryStoreContract('file store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pmg-'))
  const open = () => openFileStore(folder, { mode: 'write' })
  return { store: await open(), reopen: open, cleanUp: () => rm(folder, { recursive: true }) }
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
