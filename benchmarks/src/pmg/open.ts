import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { createMemoryGraph } from '@perstream/pmg'
import { openFileStore } from '@perstream/pmg/files'
import { type Figure, median } from '../harness'
import { runChild } from '../run/child'
import type { Opening } from './open-child'
import type { PartOptions, PartReport } from './part'
import { batches, dimensions } from './sentence-memories'

const goalSize = 100_000

/** Measures how long a graph in files takes to open and to answer for the first time, each time in a process of its own. */
export async function benchOpen({ rounds, sizes }: PartOptions): Promise<PartReport> {
  const figures: Figure[] = []
  for (const size of sizes) {
    console.error(`open: ${size} memories`)
    const folder = await mkdtemp(join(tmpdir(), 'perstream-bench-open-'))
    try {
      figures.push(...(await measure(folder, size, rounds)))
    } finally {
      await rm(folder, { recursive: true })
    }
  }
  return {
    figures,
    notes: [
      `open: the memories of "retrieve" (${dimensions}-d vectors, a triplet each), written to files and closed; the system has the files in its cache; each opening in a process of its own; "replayed" is without the index, as after a crash`,
    ],
  }
}

async function measure(folder: string, size: number, rounds: number): Promise<Figure[]> {
  const written = await write(folder, size)
  const open = () => runChild<Opening>('../pmg/open-child.ts', [folder, String(size)])
  const openings: Opening[] = []
  for (let round = 0; round < rounds; round++) openings.push(await open())
  const index = (await stat(join(folder, 'index.pmg'))).size
  const files = await sizeOf(folder)
  await rm(join(folder, 'index.pmg'))
  const replayed = await open()
  const middle = (figure: keyof Opening) => median(openings.map((opening) => opening[figure]))
  const figure = (name: string, value: number, unit: string, goal?: number): Figure => ({
    name: `${size} in files: ${name}`,
    ...{ value, unit, better: 'lower' },
    ...(size === goalSize && goal !== undefined && { goal }),
  })
  return [
    { ...figure('created', size / written, 'memories/s'), better: 'higher' },
    figure('opened', middle('openSeconds') * 1000, 'ms', 300),
    figure('first answer after it', middle('firstSeconds') * 1000, 'ms', 500),
    figure('opened by replaying', replayed.openSeconds * 1000, 'ms'),
    figure('resident', middle('residentBytes') / 1e6, 'MB'),
    figure('index, share of the files', index / files, 'x'),
  ]
}

/** Seconds that creating took. */
async function write(folder: string, size: number): Promise<number> {
  await using store = await openFileStore(folder, { mode: 'write' })
  await using graph = await createMemoryGraph({ store, now: () => size })
  let seconds = 0
  for (const inputs of batches(size)) {
    const start = performance.now()
    await graph.create(inputs)
    seconds += (performance.now() - start) / 1000
  }
  return seconds
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size
  return bytes
}
