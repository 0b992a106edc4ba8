import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRandom } from '@perstream/kit'
import type { Memory, Warning } from '@perstream/spec'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type FileMemoryStore, openFileStore, verifyStore } from '../src/files'
import { createMemoryGraph } from '../src/index'
import { linesUntilKilled } from './kill-writer'
import { plainBytes } from './plain-bytes'

const writer = fileURLToPath(new URL('fixtures/crash-writer.mjs', import.meta.url))
const rounds = Number(process.env.PERSTREAM_CRASHES ?? 200)
/** A folder is used so often, so that it does not grow without end. */
const roundsPerFolder = 25
let parent: string

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'pmg-crash-'))
})
afterAll(() => rm(parent, { recursive: true }))

interface Known {
  readonly alive: Map<string, string>
  readonly erased: Map<string, string>
  /** The id whose deletion had begun when the process died: it may be there or not. */
  doubtful?: string | undefined
}

it(`keeps every acknowledged memory through ${rounds} kills, and no byte of what was deleted`, async () => {
  const seed = 20_261_123
  const random = createRandom(seed)
  const codes: string[] = []
  let created = 0
  let erased = 0
  let indexed = 0
  for (let first = 0; first < rounds; first += roundsPerFolder) {
    const folder = join(parent, String(first))
    const known: Known = { alive: new Map(), erased: new Map() }
    for (let round = first; round < Math.min(rounds, first + roundsPerFolder); round++) {
      const atStart = random.next() < 0.2
      await runAndKill(
        folder,
        round,
        { atStart, lines: atStart ? 0 : random.integer(0, 40), milliseconds: random.next() * (atStart ? 60 : 20) },
        known,
      )
      const { warnings, hasIndex } = await checkAfterKill(folder, known, `seed ${seed}, round ${round}`)
      if (hasIndex) indexed++
      codes.push(...warnings.map(({ code }) => code))
    }
    created += known.alive.size
    erased += known.erased.size
  }
  expect(created).toBeGreaterThan(rounds)
  expect(erased).toBeGreaterThan(rounds / 8)
  expect(indexed).toBeGreaterThan(rounds / 10)
  expect(codes.filter((code) => code === 'lock-taken-over').length).toBeGreaterThan(rounds * 0.7)
  expect(codes.every((code) => code === 'lock-taken-over' || code === 'journal-tail-cut')).toBe(true)
}, 600_000)

async function checkAfterKill(folder: string, known: Known, when: string) {
  const warnings: Warning[] = []
  const store = await openFileStore(folder, { mode: 'write', onWarning: (warning) => warnings.push(warning) })
  const graph = await createMemoryGraph({ store })
  if (known.doubtful !== undefined && !graph.get(known.doubtful)) {
    known.erased.set(known.doubtful, known.alive.get(known.doubtful)!)
    known.alive.delete(known.doubtful)
  }
  for (const [id, text] of known.alive) expect(shortened(graph.get(id)?.text), when).toBe(text)
  expect(graph.relations().every(({ memories }) => memories.length > 0)).toBe(true)
  const found = await contents(folder)
  for (const [id, text] of known.erased) {
    expect(found.includes(id), when).toBe(false)
    expect(found.includes(`${text} `) || found.includes(`${text}"`), when).toBe(false)
  }
  const hasIndex = await checkIndex(store, when)
  await store[Symbol.asyncDispose]()
  expect((await verifyStore(folder)).damage, when).toEqual([])
  return { warnings, hasIndex }
}

/** An index that is there is of exactly what the parts hold. */
async function checkIndex(store: FileMemoryStore, when: string): Promise<boolean> {
  const index = await store.readIndex()
  if (!index) return false
  const words: string[] = []
  for await (const { sequence, operations } of store.load())
    if (sequence === index.sequence)
      for (const each of operations) if (each.type === 'memory-put') words.push(wordsOf(each.memory))
  expect(JSON.parse(new TextDecoder().decode(index.sections.get('words'))), when).toEqual(words.sort())
  let count = 0
  for await (const { keys, vectors } of index.embeddings()) {
    expect(vectors.length, when).toBe(keys.length * 4)
    count += keys.length
  }
  expect(count, when).toBe(words.length)
  await index[Symbol.asyncDispose]()
  return true
}

function wordsOf({ id, text }: Memory): string {
  return `${id} ${text}`
}

async function runAndKill(
  folder: string,
  round: number,
  { atStart, ...until }: { atStart: boolean; lines: number; milliseconds: number },
  known: Known,
): Promise<void> {
  const marker = atStart ? '"starting"' : '"open"'
  const lines = await linesUntilKilled([writer, folder, String(round)], { marker, ...until })
  known.doubtful = undefined
  for (const line of lines) {
    const [event, id, text] = JSON.parse(line) as [string, string, string]
    if (event === 'created') known.alive.set(id, text)
    known.doubtful = event === 'deleting' ? id : undefined
    if (event !== 'deleted') continue
    known.erased.set(id, known.alive.get(id)!)
    known.alive.delete(id)
  }
}

/** As the writer prints it. */
function shortened(text: string | undefined): string | undefined {
  return text !== undefined && text.length > 1000 ? `${text.slice(0, 40)}90000` : text
}

async function contents(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name !== 'lock')
  return (await Promise.all(names.map(async (name) => plainBytes(await readFile(join(folder, name)))))).join('')
}
