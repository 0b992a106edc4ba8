import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createMemoryGraph, createVolatileStore } from '@perstream/pmg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { converse } from './conversation'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pmg-chat-'))
})
afterAll(() => rm(folder, { recursive: true }))

const date = '\\w+, \\d+ \\w+ \\d{4} at \\d\\d:\\d\\d'

it('remembers what it is told, across a restart, and forgets for good', async () => {
  const memory = join(folder, 'memory')
  const first = await converse(memory, [
    'I parked the car on level 3 of the station garage.',
    'Anna lent me the green umbrella.',
    'The wifi password at home is blue-otter-99',
    'anna lent me the green umbrella.',
    'Where did I park the car?',
    'What is my cat called?',
  ])
  expect(first.map((text) => text.split('\n')[0])).toEqual([
    expect.stringMatching(/^0 memories\. Tell me something, or ask\./),
    ...Array(3).fill('I will remember that.'),
    'I know.',
    expect.stringMatching(new RegExp(`"I parked the car on level 3 of the station garage\\." That was on ${date}\\.$`)),
    expect.stringMatching(/^I do not know\./),
    'I will remember.',
  ])

  const file = join(folder, 'export.jsonl')
  const second = await converse(memory, [
    'who lent me the umbrella',
    '/history',
    '/forget wifi password',
    'n',
    '/forget wifi password',
    'y',
    'What is the wifi password?',
    `/export ${file}`,
    '/what',
    '',
  ])
  expect(second[0]).toMatch(/^3 memories\./)
  expect(second[1]).toContain('Anna lent me the green umbrella')
  expect(second[2]!.split('\n')).toEqual([
    expect.stringMatching(new RegExp(`^${date}  I parked the car`)),
    expect.stringMatching(/ {2}Anna lent me/),
    expect.stringMatching(/ {2}The wifi password/),
  ])
  expect(second[3]).toBe('Forget "The wifi password at home is blue-otter-99" for good? (y/n)')
  expect(second[4]).toBe('')
  expect(second[6]).toBe('Forgotten: 1 memory.')
  expect(second[7]).toMatch(/^I do not know\./)
  expect(second[7]).not.toContain('blue-otter')
  expect(second[8]).toBe(`Wrote 2 memories to ${file}.`)
  expect(second[9]).toContain('/history lists what I know')
  for (const name of await readdir(memory))
    expect(await readFile(join(memory, name), 'latin1')).not.toContain('blue-otter')

  const graph = await createMemoryGraph({ store: createVolatileStore() })
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean)
  expect(await graph.import(lines)).toEqual({ imported: 2, skipped: 0 })
})

it('is under 80 lines', async () => {
  const source = await readFile(fileURLToPath(new URL('../src/chat.ts', import.meta.url)), 'utf8')
  expect(source.trimEnd().split('\n').length).toBeLessThan(80)
})
