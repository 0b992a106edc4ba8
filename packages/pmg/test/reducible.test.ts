import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ReducibleSubject, reducibleContract } from '@perstream/conformance'
import { createRandom } from '@perstream/kit'
import { createMemoryGraph, createVolatileStore, createVolatileTensors, type MemoryGraph } from '@perstream/pmg'
import { openFileStore, openTensorFiles } from '@perstream/pmg/files'
import type { MemoryInput } from '@perstream/spec'

const start = Date.UTC(2026, 0, 1)

/** Memories of two grids a moment, embeddings and words of different lengths. */
function inputsOf(seed: number, count: number): MemoryInput[] {
  const random = createRandom(seed)
  const values = (length: number) => Float32Array.from({ length }, () => random.next() - 0.5)
  const grid = () => ({ data: values(2 * 2 * 24), rows: 2, columns: 2, dimensions: 24, space: 'vision' })
  let [meanGrid, nearestGrid] = [grid(), grid()]
  return Array.from({ length: count }, (_, i) => {
    if (i % 3 === 0) [meanGrid, nearestGrid] = [grid(), grid()]
    const embedding = values(40)
    const length = Math.hypot(...embedding)
    return {
      text: `Thing ${seed} ${i} is ${'very '.repeat(i % 4)}near`,
      ...{ category: 'notes', origin: 'seen', learnedAt: start + i * 1000 },
      ...(i % 5 !== 4 && { embedding: embedding.map((value) => value / length), space: 's' }),
      ...(i % 4 !== 3 && { meanGrid, nearestGrid: i % 2 ? nearestGrid : meanGrid }),
    }
  })
}

async function subjectOf(graph: MemoryGraph): Promise<Omit<ReducibleSubject, 'reopen' | 'cleanUp'>> {
  await graph.create(inputsOf(1, 24))
  let seed = 2
  return {
    reducible: graph,
    grow: async () => {
      await graph.create(inputsOf(seed++, 1))
    },
  }
}

const now = () => start + 24 * 60 * 60 * 1000

reducibleContract('graph in memory', async () => {
  const [store, tensors] = [createVolatileStore(), createVolatileTensors()]
  const open = () => createMemoryGraph({ store, tensors, now })
  return { ...(await subjectOf(await open())), reopen: open }
})

reducibleContract('graph in files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'perstream-reducible-'))
  const open = async () => {
    const store = await openFileStore(join(folder, 'memory'), { mode: 'write', compactAfterBytes: 4096 })
    const tensors = await openTensorFiles(join(folder, 'grids'), { mode: 'write' })
    const graph = await createMemoryGraph({ store, tensors, now })
    const close = async () => {
      for (const each of [graph, tensors, store]) await each[Symbol.asyncDispose]()
    }
    return { graph, close }
  }
  let current = await open()
  return {
    ...(await subjectOf(current.graph)),
    reopen: async () => {
      await current.close()
      current = await open()
      return current.graph
    },
    cleanUp: async () => {
      await current.close()
      await rm(folder, { recursive: true })
    },
  }
})
