import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createRandom } from '@perstream/kit'
import type { Warning } from '@perstream/spec'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openFileStore } from '../src/files'
import { createMemoryGraph } from '../src/index'

const writer = fileURLToPath(new URL('fixtures/crash-writer.mjs', import.meta.url))
const rounds = 10
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pmg-crash-'))
})
afterAll(() => rm(folder, { recursive: true }))

it(`keeps every acknowledged memory through ${rounds} kills, and nothing that was deleted`, async () => {
  const seed = 20_261_123
  const random = createRandom(seed)
  const alive = new Map<string, string>()
  const erased = new Map<string, string>()
  const warnings: Warning[] = []
  for (let round = 0; round < rounds; round++) {
    const doubtful = await runAndKill(round, 60 + random.next() * 400, alive, erased)
    const store = await openFileStore(folder, { mode: 'write', onWarning: (warning) => warnings.push(warning) })
    const graph = await createMemoryGraph({ store })
    for (const [id, text] of alive)
      if (id !== doubtful) expect(graph.get(id)?.text, `seed ${seed}, round ${round}`).toBe(text)
    for (const id of erased.keys()) expect(graph.get(id)).toBeUndefined()
    expect(graph.relations().every(({ memories }) => memories.length > 0)).toBe(true)
    if (doubtful && !graph.get(doubtful)) alive.delete(doubtful)
    await store[Symbol.asyncDispose]()
  }
  expect(alive.size).toBeGreaterThan(rounds)
  expect(warnings.filter(({ code }) => code === 'lock-taken-over').length).toBe(rounds)
  expect(await contents()).not.toContain([...erased.values()].at(-1))
})

/** Returns the id whose deletion had begun when the process died: it may be there or not. */
async function runAndKill(
  round: number,
  milliseconds: number,
  alive: Map<string, string>,
  erased: Map<string, string>,
) {
  const child = spawn(process.execPath, [writer, folder, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  await once(child.stdout, 'data')
  await wait(milliseconds)
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  expect((await closed)[1]).toBe('SIGKILL')
  let doubtful: string | undefined
  for (const line of output.split('\n').slice(0, -1)) {
    const [event, id, text] = JSON.parse(line) as [string, string, string]
    doubtful = event === 'deleting' ? id : undefined
    if (event === 'created') alive.set(id, text)
    if (event !== 'deleted') continue
    erased.set(id, alive.get(id)!)
    alive.delete(id)
  }
  return doubtful
}

async function contents(): Promise<string> {
  const names = await readdir(folder)
  return (await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')))).join('')
}
