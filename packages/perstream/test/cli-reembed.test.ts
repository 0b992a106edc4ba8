import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createUseLiteEncoder } from '@perstream/lite'
import { createMemoryGraph } from '@perstream/pmg'
import { openFileStore, verifyStore } from '@perstream/pmg/files'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Outcome, perstream, start } from './support/command'
import { writeTinyBert } from './support/tiny-bert'
import { inspect, scratchFolder, writeOtherPlace } from './support/walk'

const scratch = scratchFolder()
const bert = scratch.path('tiny-bert')
const many = scratch.path('many')
const sharedModel = join(
  process.env.PERSTREAM_SHARED ?? join(import.meta.dirname, '../../../../shared'),
  'models/all-MiniLM-L6-v2',
)
const shared = existsSync(sharedModel)
const env = { PERSTREAM_MODELS: scratch.path('models') }
const run = (...args: string[]): Promise<Outcome> => start(args, { env }).ended

const notes = ['I parked in row C on level 2', 'My dentist is on Tuesday at 15:30', 'I paid 12.40 EUR at the bakery']

/** A memory that was written with the encoder of the lite preset. */
async function writeMemory(folder: string, texts: readonly string[]): Promise<string> {
  await using text = await createUseLiteEncoder()
  await using store = await openFileStore(folder, { mode: 'write' })
  await using graph = await createMemoryGraph({ store, text })
  await graph.create(texts.map((each) => ({ text: each, category: 'notes', origin: 'told' })))
  return folder
}

/** The lines of an export without vectors, in any order; and the space. */
async function contentOf(folder: string): Promise<{ space: string; lines: string[] }> {
  const path = `${folder}.jsonl`
  expect(await perstream('export', folder, path)).toMatchObject({ code: 0 })
  const [header, ...rest] = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const withoutVectors = rest.map(({ embedding: _, memory: { space: __, ...memory }, ...each }) => ({
    ...each,
    memory,
  }))
  return { space: header.space, lines: withoutVectors.map((each) => JSON.stringify(each)).sort() }
}

const filesOf = (folder: string) =>
  readdirSync(folder)
    .sort()
    .map((name) => [name, readFileSync(join(folder, name)).toString('base64')])

beforeAll(async () => {
  writeTinyBert(bert)
  await writeMemory(
    many,
    Array.from({ length: 3000 }, (_, i) => `Parcel number ${i} lies in row ${i % 40} of the cellar`),
  )
}, 120_000)
afterAll(() => scratch.remove())

describe('perstream reembed', () => {
  it('says how much it is, and changes no byte of it', async () => {
    const before = filesOf(many)
    const { code, stdout } = await run('reembed', many, '--text', bert, '--dry-run')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /use-lite-512 \(512 dimensions\) to tiny-bert \(64\)\n {2}3,000 texts to encode, about \d+:\d\d\n/,
    )
    expect(stdout).toContain('embeddings 6.1 MB now, 768.0 KB then')
    const plan = JSON.parse((await run('reembed', many, '--text', bert, '--dry-run', '--json')).stdout)
    expect(plan).toMatchObject({ dryRun: true, changed: true, texts: 3000, without: 0, bytesAfter: 768_000 })
    expect(filesOf(many)).toEqual(before)
  })

  it('moves a memory to another space and back; what is asked says which encoder it needs', async () => {
    const memory = await writeMemory(scratch.path('memory'), notes)
    const before = await contentOf(memory)
    await contentOf(many)
    const done = JSON.parse((await run('reembed', memory, '--text', bert, '--json')).stdout)
    expect(done).toMatchObject({
      changed: true,
      encoded: 3,
      without: 0,
      lost: 0,
      after: { id: 'tiny-bert', dimensions: 64 },
    })
    expect(await contentOf(memory)).toEqual({ ...before, space: 'tiny-bert' })

    const lite = await run('ask', memory, 'Where did I park?')
    expect(lite).toMatchObject({ code: 1, stdout: '' })
    expect(lite.stderr).toBe(
      `perstream: The embeddings in ${memory} are of tiny-bert, and --text lite makes those of use-lite-512. Give the encoder they were made with, --text tiny-bert, or move the memory to yours: "perstream reembed ${memory} --text lite".\n`,
    )
    expect((await run('ask', memory, 'Where did I park?', '--text', bert)).stdout).toContain('row C')
    expect((await run('inspect', memory)).stdout).toContain('embeddings of tiny-bert')
    expect((await run('reembed', memory, '--text', bert)).stdout).toContain(
      'of tiny-bert already. Nothing was changed.',
    )

    const mixed = await run('import', memory, `${many}.jsonl`)
    expect(mixed).toMatchObject({ code: 1, stderr: expect.stringContaining('"perstream reembed"') })
    expect((await run('reembed', memory, '--text', 'lite')).stdout).toMatch(
      /3 memories moved from tiny-bert to use-lite-512/,
    )
    expect(await contentOf(memory)).toEqual(before)
    expect((await run('ask', memory, 'Where did I park?')).stdout).toContain('row C')
  })

  it('takes models by name; weights in 8 bits make a space of their own', async () => {
    const memory = await writeMemory(scratch.path('named'), notes)
    expect(await run('models', 'import', bert, '--dtype', 'int8')).toMatchObject({ code: 0 })
    expect(await run('reembed', memory, '--text', 'tiny-bert-int8')).toMatchObject({ code: 0 })
    expect((await contentOf(memory)).space).toBe('tiny-bert-int8')
    expect((await run('ask', memory, 'Where did I park?', '--text', 'tiny-bert-int8')).stdout).toContain('row C')
    expect(await run('reembed', memory, '--text', 'tiny-bert-int4')).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining('Did you mean tiny-bert-int8?') },
    })
  })

  it('leaves the memory as it was, and no file beside it, when it is interrupted', async () => {
    const memory = scratch.path('interrupted')
    cpSync(many, memory, { recursive: true })
    await run('reembed', memory, '--text', bert)
    const before = filesOf(memory)
    const running = start(['reembed', memory, '--text', 'lite'], { env })
    await expect.poll(() => readdirSync(memory).length, { timeout: 60_000 }).toBeGreaterThan(before.length + 1)
    running.signal('SIGINT')
    expect(await running.ended).toMatchObject({ code: 130, stdout: '' })
    expect(filesOf(memory)).toEqual(before)
  }, 120_000)

  it('leaves the old memory or the new one, whole, when it is killed; again it is done', async () => {
    const before = await contentOf(many)
    const memory = scratch.path('killed')
    const spaces = new Set<string>()
    for (const milliseconds of [0, 150, 400, 900, 1500]) {
      cpSync(many, memory, { recursive: true, force: true })
      const running = start(['reembed', memory, '--text', bert], { env })
      await expect.poll(() => existsSync(join(memory, 'lock')), { timeout: 60_000, interval: 5 }).toBe(true)
      await new Promise((resolve) => setTimeout(resolve, milliseconds))
      running.child.kill('SIGKILL')
      await running.ended
      const found = await contentOf(memory)
      expect(found.lines, `${milliseconds} ms`).toEqual(before.lines)
      spaces.add(found.space)
      expect((await run('reembed', memory, '--text', bert)).code).toBe(0)
      expect(await contentOf(memory)).toEqual({ ...before, space: 'tiny-bert' })
      expect((await verifyStore(memory)).damage).toEqual([])
      rmSync(memory, { recursive: true })
    }
    expect(spaces).toContain('use-lite-512')
  }, 240_000)

  it('is refused while somebody writes, and where there is no memory', async () => {
    const memory = await writeMemory(scratch.path('busy'), notes)
    await using _store = await openFileStore(memory, { mode: 'write' })
    expect(await run('reembed', memory, '--text', bert)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('lock'),
    })
    expect(await run('reembed', scratch.path('none'), '--text', bert)).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining('There is no memory in') },
    })
    expect(await run('reembed', memory)).toMatchObject({ code: 2, stderr: expect.stringContaining('--text') })
  })

  it.skipIf(!shared)(
    'moves a memory to all-MiniLM-L6-v2, where it is found by meaning (skipped: no shared material)',
    async () => {
      const memory = await writeMemory(scratch.path('mini'), [...notes, 'The cat sleeps on the sofa'])
      expect(await run('reembed', memory, '--text', sharedModel)).toMatchObject({ code: 0 })
      expect((await inspect(memory)) as unknown).toMatchObject({
        space: 'all-MiniLM-L6-v2',
        dimensions: 384,
        embedded: 4,
      })
      const { stdout } = await run('ask', memory, 'Where did I leave my car?', '--text', sharedModel)
      expect(stdout).toContain('row C')
    },
  )
})

describe('perstream run --text', () => {
  it('remembers in the space of a model, and refuses a memory of another before it watches', async () => {
    const clip = scratch.path('clip.mp4')
    writeOtherPlace(clip)
    const memory = scratch.path('watched')
    const watched = await run('run', clip, '--store', memory, '--text', bert, '--ask', 'Where does my train go?')
    expect(watched).toMatchObject({ code: 0, stdout: expect.stringContaining('Train to Porto') })
    expect((await inspect(memory)) as unknown).toMatchObject({ space: 'tiny-bert', dimensions: 64 })
    const refused = await run('run', clip, '--store', memory)
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--text tiny-bert') })
  }, 120_000)
})
