import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, createRandom } from '@perstream/kit'
import { createMemoryGraph, type MemoryGraph } from '@perstream/pmg'
import { openFileStore } from '@perstream/pmg/files'
import type { Warning } from '@perstream/spec'
import { afterEach, beforeEach, expect, it } from 'vitest'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perstream-indexed-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const hasIndex = async () => (await readdir(folder)).includes('index.pmg')

async function withGraph<Result>(use: (graph: MemoryGraph, warnings: Warning[]) => Promise<Result>): Promise<Result> {
  const warnings: Warning[] = []
  await using store = await openFileStore(folder, { mode: 'write', onWarning: (warning) => warnings.push(warning) })
  await using graph = await createMemoryGraph({ store })
  return await use(graph, warnings)
}

async function fill(graph: MemoryGraph, count: number, seed: number): Promise<void> {
  const random = createRandom(seed)
  const places = ['cellar', 'kitchen', 'office', 'garden']
  await graph.create(
    Array.from({ length: count }, (_, i) => ({
      text: `Box ${seed}-${i} is in the ${random.pick(places)}`,
      category: 'object_location',
      origin: 'seen' as const,
      embedding: Float32Array.of(Math.cos(i), Math.sin(i)),
      space: 's',
      triplets: [{ subject: `box ${seed}-${i}`, predicate: 'is in', object: random.pick(places) }],
    })),
  )
}

/** All that a graph says, in any order. */
async function contents(graph: MemoryGraph) {
  const found = await graph.retrieve({
    ...{ text: 'Which box is in the cellar?', vector: Float32Array.of(0.6, 0.8), space: 's', limit: 20, touch: false },
  })
  return { lines: (await collect(graph.export())).slice(1).sort(), found, stats: graph.stats() }
}

it('a graph that is opened from an index is the one that is replayed', async () => {
  const before = await withGraph(async (graph) => {
    await fill(graph, 400, 1)
    return contents(graph)
  })
  expect(await hasIndex()).toBe(true)
  const indexed = await withGraph(async (graph, warnings) => {
    const opened = await contents(graph)
    expect(warnings).toEqual([])
    await fill(graph, 5, 2)
    await graph.delete(graph.list({ limit: 3 }).map(({ id }) => id))
    expect(await hasIndex()).toBe(false)
    return { opened, later: await contents(graph) }
  })
  expect({ ...indexed.opened, stats: undefined }).toEqual({ ...before, stats: undefined })
  const { sequence, ...counts } = before.stats
  expect(indexed.opened.stats).toMatchObject(counts)
  expect(await hasIndex()).toBe(false)
  const replayed = await withGraph(contents)
  expect(replayed.lines).toEqual(indexed.later.lines)
  expect(replayed.found.map(({ memory }) => memory)).toEqual(indexed.later.found.map(({ memory }) => memory))
})

it('what came after an index is replayed, also for readers', async () => {
  await withGraph((graph) => fill(graph, 400, 1))
  const after = await withGraph(async (graph) => {
    await fill(graph, 20, 2)
    return contents(graph)
  })
  expect(await hasIndex()).toBe(true)
  await using store = await openFileStore(folder, { mode: 'read' })
  await using reader = await createMemoryGraph({ store })
  expect(await contents(reader)).toEqual(after)
})

it('an index that is damaged is passed over, and written anew', async () => {
  const before = await withGraph(async (graph) => {
    await fill(graph, 400, 1)
    return contents(graph)
  })
  const path = join(folder, 'index.pmg')
  const bytes = await readFile(path)
  bytes[bytes.length >> 1]! ^= 1
  await writeFile(path, bytes)
  await withGraph(async (graph, warnings) => {
    expect(warnings.map(({ code }) => code)).toEqual(['index-ignored'])
    expect((await contents(graph)).lines).toEqual(before.lines)
  })
  await withGraph(async (graph, warnings) => {
    expect(warnings).toEqual([])
    expect((await contents(graph)).lines).toEqual(before.lines)
  })
})
