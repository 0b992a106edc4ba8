import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openFileStore } from './files'
import { createMemoryGraph, createVolatileStore } from './index'

it('stores and finds, and finds again after reopening', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pmg-'))
  const store = await openFileStore(folder, { mode: 'write' })
  const graph = await createMemoryGraph({ store })
  const [a, b] = await graph.create([
    {
      text: 'The dentist appointment is on Tuesday at 14:30.',
      category: 'schedule',
      origin: 'read',
      triplets: [{ subject: 'I', predicate: 'have', object: 'the dentist appointment' }],
    },
    {
      text: 'I parked on level B2.',
      category: 'vehicle',
      origin: 'seen',
      triplets: [{ subject: 'I', predicate: 'parked on', object: 'level B2' }],
    },
  ])
  expect(a!.outcome).toBe('created')
  expect((await graph.retrieve({ text: 'When is my dentist appointment?' }))[0]!.memory.id).toBe(a!.id)
  await store[Symbol.asyncDispose]()
  const reader = await openFileStore(folder, { mode: 'read' })
  const again = await createMemoryGraph({ store: reader })
  expect((await again.retrieve({ text: 'Where did I park?' }))[0]!.memory.id).toBe(b!.id)
  expect(again.entities().map((e) => e.label)).toEqual(['me', 'the dentist appointment', 'level B2'])
  await rm(folder, { recursive: true })
})

it('volatile', async () => {
  const graph = await createMemoryGraph({ store: createVolatileStore() })
  await graph.create([], { progress: { source: 'a', seconds: 4 } })
  expect(graph.progress('a')).toEqual({ source: 'a', seconds: 4 })
})
