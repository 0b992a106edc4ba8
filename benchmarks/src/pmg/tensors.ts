import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { createRandom } from '@perstream/kit'
import { createMemoryGraph } from '@perstream/pmg'
import { openFileStore, openTensorFiles } from '@perstream/pmg/files'
import type { PatchGrid, TensorStore } from '@perstream/spec'
import type { Figure } from '../harness'
import { runChild } from '../run/child'
import type { PartOptions, PartReport } from './part'
import type { TensorReading } from './tensors-child'

const [rows, columns, dimensions] = [8, 8, 3584]
const most = 10_000
const gridBytes = rows * columns * (dimensions + 4)
/** How many writes are under way at a time. */
const width = 16

/** Measures grids in files: how fast they are kept, found again and erased, and what a process holds that answers from 10,000 memories with two each. */
export async function benchTensors({ sizes }: PartOptions): Promise<PartReport> {
  const folder = await mkdtemp(join(tmpdir(), 'perstream-bench-tensors-'))
  try {
    const wanted = Math.min(most, Math.max(...sizes))
    const { bavail, bsize } = await statfs(folder)
    const memories = Math.min(wanted, Math.floor((bavail * bsize) / (3 * 2 * gridBytes)))
    const small =
      memories < most
        ? [
            `tensors: ${memories} memories instead of ${most}: ${memories < wanted ? 'the disk has no room for more' : 'so --sizes says'}`,
          ]
        : []
    return { figures: await measure(folder, memories), notes: [...notes, ...small] }
  } finally {
    await rm(folder, { recursive: true })
  }
}

const notes = [
  `tensors: grids of ${rows} x ${columns} x ${dimensions} as i8, random, each written with fdatasync and its name synced, ${width} writes at a time`,
  'tensors: the reading process opens graph and grids, answers 20 questions by vector and reads the two grids of each of the five memories found, and 2,000 grids at random, with the usual cache of 256 MB',
]

async function measure(folder: string, memories: number): Promise<Figure[]> {
  const [graphFolder, gridFolder] = [join(folder, 'graph'), join(folder, 'grids')]
  await mkdir(graphFolder)
  console.error(`tensors: ${memories} memories with two grids`)
  await writeGraph(graphFolder, memories)
  await using store = await openTensorFiles(gridFolder, { mode: 'write', precision: 'i8' })
  const seconds = await writeGrids(store, 2 * memories)
  await store[Symbol.asyncDispose]()
  const reading = await runChild<TensorReading>('../pmg/tensors-child.ts', [graphFolder, gridFolder, String(memories)])
  const erasing = await erase(gridFolder)
  const title = `${memories} memories, ${2 * memories} grids`
  const figure = (name: string, value: number, unit: string, better: Figure['better'], goal?: number): Figure => ({
    name: `${title}: ${name}`,
    value,
    unit,
    better,
    ...(goal !== undefined && { goal }),
  })
  return [
    figure('kept durably', (2 * memories) / seconds, 'grids/s', 'higher'),
    figure('kept durably', (2 * memories * gridBytes) / seconds / 1e6, 'MB/s', 'higher'),
    figure('on disk', reading.listedBytes / 1e6, 'MB', 'lower'),
    figure('opening the grids', reading.openMilliseconds, 'ms', 'lower'),
    figure('listing the grids', reading.listMilliseconds, 'ms', 'lower'),
    figure('reading one at random', reading.readMilliseconds, 'ms', 'lower'),
    figure('resident, most', reading.residentBytes / 2 ** 20, 'MiB', 'lower', 512),
    figure('erased', erasing.grids / erasing.seconds, 'grids/s', 'higher'),
    figure('left on disk by erased grids', erasing.leftBytes, 'bytes', 'lower', 0),
  ]
}

async function writeGraph(folder: string, memories: number): Promise<void> {
  const random = createRandom(7)
  await using store = await openFileStore(folder, { mode: 'write' })
  await using graph = await createMemoryGraph({ store })
  for (let start = 0; start < memories; start += 500)
    await graph.create(
      Array.from({ length: Math.min(500, memories - start) }, (_, i) => ({
        text: `memory ${start + i}: the thing of that number lay on table ${random.integer(0, 99)}`,
        category: 'notes',
        origin: 'seen' as const,
        embedding: Float32Array.from({ length: 384 }, () => random.gaussian()),
        space: 'random',
      })),
    )
}

async function writeGrids(store: TensorStore, count: number): Promise<number> {
  const random = createRandom(8)
  const pool = Float32Array.from({ length: 2 ** 20 }, () => random.gaussian())
  const length = rows * columns * dimensions
  const start = performance.now()
  const ids = Array.from({ length: count }, (_, i) => i)
  for (let i = 0; i < count; i += width) {
    const grid = (): PatchGrid => {
      const offset = random.integer(0, pool.length - length)
      return { data: pool.subarray(offset, offset + length), rows, columns, dimensions, space: 'random' }
    }
    await Promise.all(ids.slice(i, i + width).map((id) => store.put(`grid-${id}`, grid())))
  }
  return (performance.now() - start) / 1000
}

async function erase(folder: string): Promise<{ grids: number; seconds: number; leftBytes: number }> {
  await using store = await openTensorFiles(folder, { mode: 'write' })
  const ids = (await store.list()).map(({ id }) => id)
  const start = performance.now()
  await store.delete(ids)
  const seconds = (performance.now() - start) / 1000
  const left = await store.list()
  return { grids: ids.length, seconds, leftBytes: left.reduce((sum, { bytes }) => sum + bytes, 0) }
}
