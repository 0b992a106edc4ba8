import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRandom } from '@perstream/kit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openFileStore, openTensorFiles } from '../src/files'
import { createMemoryGraph } from '../src/index'
import { linesUntilKilled } from './kill-writer'

const writer = fileURLToPath(new URL('fixtures/governed-writer.mjs', import.meta.url))
const rounds = Math.ceil(Number(process.env.PERSTREAM_CRASHES ?? 200) / 10)
const budget = 40_000
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pmg-governed-'))
})
afterAll(() => rm(folder, { recursive: true }))

it(`finds a governed graph below its budget after each of ${rounds} kills, with what was acknowledged`, async () => {
  const random = createRandom(5)
  const alive = new Set<string>()
  let forgotten = 0
  let deleted = 0
  for (let round = 0; round < rounds; round++) {
    for (const [event, value, bytes] of await runAndKill(random.integer(20, 200), random.next() * 20)) {
      if (event === 'created') {
        alive.add(value as string)
        expect(bytes).toBeLessThanOrEqual(budget)
      }
      if (event !== 'deleting') continue
      deleted += (value as string[]).length
      for (const id of value as string[]) alive.delete(id)
    }
    const store = await openFileStore(join(folder, 'memory'), { mode: 'write' })
    const tensors = await openTensorFiles(join(folder, 'grids'), { mode: 'write' })
    const graph = await createMemoryGraph({ store, tensors })
    expect(graph.bytes).toBeLessThanOrEqual(budget)
    expect((await tensors.list()).reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(2 * budget)
    for (const id of alive) expect(graph.get(id), `round ${round}`).toBeDefined()
    forgotten += graph.stats().forgotten
    for (const each of [graph, tensors, store]) await each[Symbol.asyncDispose]()
    expect(await bytesIn(join(folder, 'memory'))).toBeLessThanOrEqual(2 * budget)
  }
  expect(forgotten).toBeGreaterThan(0)
  expect(deleted).toBeGreaterThan(0)
}, 300_000)

async function runAndKill(
  lines: number,
  milliseconds: number,
): Promise<[event: string, value: unknown, bytes: number][]> {
  const found = await linesUntilKilled([writer, folder, String(budget)], { marker: '"open"', lines, milliseconds })
  return found.map((line) => JSON.parse(line))
}

async function bytesIn(directory: string): Promise<number> {
  const sizes = await Promise.all(
    (await readdir(directory)).map(async (name) => (await stat(join(directory, name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
