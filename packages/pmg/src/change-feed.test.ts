import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openFileStore } from './files'
import {
  type ChangesOptions,
  createMemoryGraph,
  createVolatileStore,
  type MemoryChange,
  type MemoryGraph,
} from './index'
import { note } from './made-note'

/** Reads so many changes and leaves. */
async function take(graph: MemoryGraph, count: number, options: ChangesOptions = {}): Promise<MemoryChange[]> {
  const changes: MemoryChange[] = []
  if (count === 0) return changes
  for await (const change of graph.changes(options)) if (changes.push(change) === count) break
  return changes
}

/** A change in short: its type, and the words it is about. */
function short(change: MemoryChange): string {
  const about = 'memory' in change ? change.memory.text : 'entity' in change ? change.entity.label : ''
  return `${change.sequence} ${change.type} ${about}`.trim()
}

it('tells what the store still has, then what comes', async () => {
  const graph = await createMemoryGraph({ store: createVolatileStore() })
  const [a] = await graph.create([
    note('The code is 1', { triplets: [{ subject: 'code', predicate: 'is', object: '1' }] }),
  ])
  await graph.update(a!.id, { confidence: 0.5 })
  const following = take(graph, 15)
  await new Promise((resolve) => setTimeout(resolve, 5))
  await graph.create([note('The code is 2', { triplets: [{ subject: 'code', predicate: 'is', object: '2' }] })], {
    progress: { source: 'a.mp4', seconds: 3 },
  })
  const [second] = graph.list({ limit: 1 })
  await graph.create([note('the code is 2.')])
  const old = graph.list().find(({ text }) => text === 'The code is 1')!
  const other = graph.list().find(({ text }) => text === 'The code is 2')!
  await graph.supersede(old.id, other.id)
  await graph.restore(old.id)
  expect(second).toBeDefined()
  expect((await following).map(short)).toEqual([
    '1 entity-changed code',
    '1 entity-changed 1',
    '1 created The code is 1',
    '2 updated The code is 1',
    '3 entity-changed 2',
    '3 created The code is 2',
    '3 disputed The code is 2',
    '3 disputed The code is 1',
    '3 progress',
    '4 extended The code is 2',
    '4 visited',
    '5 superseded The code is 1',
    '5 disputed The code is 1',
    '5 disputed The code is 2',
    '6 restored The code is 1',
  ])
  expect((await take(graph, 1, { since: 1 })).map(short)).toEqual(['2 updated The code is 1'])
})

it('marks where history was merged', async () => {
  const graph = await createMemoryGraph({ store: createVolatileStore() })
  const [a] = await graph.create([note('one'), note('two')])
  const live = take(graph, 3, { since: 1 })
  await new Promise((resolve) => setTimeout(resolve, 5))
  await graph.delete([a!.id])
  await graph.create([note('three'), note('four')])
  expect((await live).map(short)).toEqual(['2 deleted', '3 created three', '3 created four'])
  for (const since of [0, 1])
    expect((await take(graph, 4, { since })).map(short)).toEqual([
      '2 reset',
      '2 created two',
      '3 created three',
      '3 created four',
    ])
  expect((await take(graph, 1, { since: 2 })).map(short)).toEqual(['3 created three'])
})

it('ends with the graph, after what was left to tell', async () => {
  const graph = await createMemoryGraph({ store: createVolatileStore() })
  const feed = graph.changes()[Symbol.asyncIterator]()
  const first = feed.next()
  await graph.create([note('one')])
  expect(short((await first).value)).toBe('1 created one')
  await graph.create([note('two')])
  await graph[Symbol.asyncDispose]()
  expect(short((await feed.next()).value)).toBe('2 created two')
  expect((await feed.next()).done).toBe(true)
  expect(() => graph.changes()).toThrow('closed')
})

it('stops with the reason of its signal', async () => {
  const graph = await createMemoryGraph({ store: createVolatileStore() })
  const controller = new AbortController()
  const feed = take(graph, 1, { signal: controller.signal })
  await new Promise((resolve) => setTimeout(resolve, 5))
  controller.abort(new Error('enough'))
  await expect(feed).rejects.toThrow('enough')
  expect(() => graph.changes({ signal: controller.signal })).toThrow('enough')
})

it('catches up from the store when the reader is slow', async () => {
  const graph = await createMemoryGraph({ store: createVolatileStore() })
  const feed = graph.changes()[Symbol.asyncIterator]()
  const first = feed.next()
  for (let i = 0; i < 1500; i++) await graph.create([note(`number ${i}`)])
  const told = [short((await first).value)]
  while (told.length < 1500) told.push(short((await feed.next()).value))
  expect(told).toEqual(Array.from({ length: 1500 }, (_, i) => `${i + 1} created number ${i}`))
  await feed.return?.()
})

it('follows another process, deletions and all', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pmg-'))
  const store = await openFileStore(folder, { mode: 'write' })
  const writer = await createMemoryGraph({ store })
  const reading = await openFileStore(folder, { mode: 'read' })
  const reader = await createMemoryGraph({ store: reading })
  const polled = take(reader, 2, { poll: 5 })
  await new Promise((resolve) => setTimeout(resolve, 20))
  const [a] = await writer.create([note('one'), note('two')])
  expect((await polled).map(short)).toEqual(['1 created one', '1 created two'])
  const refreshed = take(reader, 2, { since: 1 })
  await new Promise((resolve) => setTimeout(resolve, 20))
  await writer.delete([a!.id])
  await reader.refresh()
  expect((await refreshed).map(short)).toEqual(['2 reset', '2 created two'])
  for (const each of [reader, reading, writer, store]) await each[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})
