import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createRandom } from '@perstream/kit'
import type { Warning } from '@perstream/spec'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFileStore, repairStore, verifyStore } from '../src/files'
import { createMemoryGraph } from '../src/index'
import { plainBytes } from './plain-bytes'

let parent: string
let folder: string
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'pmg-repair-'))
  folder = join(parent, 'store')
})
afterEach(() => rm(parent, { recursive: true }))

async function openGraph(path = folder, mode: 'write' | 'read' = 'write', warnings: Warning[] = []) {
  const store = await openFileStore(path, { mode, onWarning: (warning) => warnings.push(warning) })
  const close = () => store[Symbol.asyncDispose]()
  try {
    return { graph: await createMemoryGraph({ store }), store, close }
  } catch (error) {
    await close()
    throw error
  }
}

const random = createRandom(9)

function note(text: string) {
  return {
    ...{ text, category: 'notes', origin: 'read' as const, space: 's' },
    embedding: Float32Array.from({ length: 200 }, () => random.gaussian()),
    triplets: [{ subject: 'I', predicate: 'saw', object: `thing of ${text}` }],
  }
}

/** 600 memories in parts, of several records each, and 20 more in the journal. Returns their ids. */
async function fill(): Promise<string[]> {
  const { graph, close } = await openGraph()
  const texts = Array.from({ length: 600 }, (_, i) => `note number ${i}`)
  const made = await graph.create(texts.map(note))
  const [gone] = await graph.create([note('ZYXSECRET to be gone')])
  await graph.delete([gone!.id])
  for (let i = 0; i < 20; i++) made.push(...(await graph.create([note(`later ${i}`)])))
  await close()
  return made.map(({ id }) => id)
}

async function damage(prefix: string, place: (bytes: Buffer) => number): Promise<string> {
  const sizes = await Promise.all(
    (await readdir(folder))
      .filter((name) => name.startsWith(prefix))
      .map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })),
  )
  const { name, bytes } = sizes.sort((a, b) => b.bytes.length - a.bytes.length)[0]!
  bytes[place(bytes)]! ^= 4
  await writeFile(join(folder, name), bytes)
  return name
}

describe('verifying', () => {
  it('reports every file of a whole store, while it is written to', async () => {
    await fill()
    const { close } = await openGraph()
    const report = await verifyStore(folder)
    await close()
    expect(report).toMatchObject({ whole: true, tornBytes: 0, damage: [], sequence: 23 })
    const kinds = report.files.map(({ kind }) => kind)
    expect(kinds.sort()).toEqual(['journal', 'manifest', 'part', 'part', 'part', 'part'])
    for (const { file, bytes } of report.files) expect(bytes).toBe((await readFile(join(folder, file))).length)
    expect(report.files.find(({ kind }) => kind === 'journal')).toMatchObject({ records: 20, sequences: [4, 23] })
  })

  it('names what is damaged, where and what is lost, and changes nothing', async () => {
    await fill()
    const part = await damage('part', (bytes) => bytes.length >> 1)
    const before = await contents(folder)
    const report = await verifyStore(folder)
    expect(report).toMatchObject({
      whole: false,
      damage: [{ file: part, lost: expect.stringMatching(/^\d+ of 600 memory-put operations$/) }],
    })
    expect(await contents(folder)).toBe(before)
  })

  it('refuses a folder that is no store', async () => {
    await mkdir(folder)
    await writeFile(join(folder, 'letter.txt'), 'dear')
    for (const look of [verifyStore, repairStore])
      await expect(look(folder)).rejects.toMatchObject({ code: 'input-invalid' })
  })
})

describe('repairing', () => {
  it('loses one record of a part for a byte, and keeps the rest with all that hangs together', async () => {
    const ids = await fill()
    const part = await damage('part', (bytes) => bytes.length >> 1)
    await expect(openGraph()).rejects.toMatchObject({ code: 'store-corrupt', fields: { file: part } })
    const report = await repairStore(folder)
    expect(report).toMatchObject({ repaired: true, kept: [`${part}.damaged`], after: { whole: true } })
    const { graph, close } = await openGraph()
    const left = ids.filter((id) => graph.get(id))
    expect(left.length).toBeGreaterThan(400)
    expect(left.length).toBeLessThan(620)
    expect(left).toEqual(expect.arrayContaining(ids.slice(-20)))
    expect(left.every((id) => graph.embedding(id)?.length === 200)).toBe(true)
    expect(graph.entities().length).toBe(left.length + 1)
    expect(graph.relations().every(({ memories }) => memories.length === 1)).toBe(true)
    await graph.create([note('goes on')])
    await close()
    expect(await verifyStore(folder)).toMatchObject({ whole: true })
    expect(await repairStore(folder)).toMatchObject({ repaired: false, kept: [] })
  })

  it('keeps all records but the one that is damaged in a journal', async () => {
    const ids = await fill()
    const journal = await damage('journal', () => 100)
    await expect(openGraph()).rejects.toMatchObject({ code: 'store-corrupt', fields: { file: journal, offset: 0 } })
    const report = await repairStore(folder)
    expect(report.damage).toMatchObject([{ file: journal, offset: 0, lost: expect.stringContaining('batches from 4') }])
    const { graph, close } = await openGraph()
    expect(ids.filter((id) => !graph.get(id))).toEqual([ids[600]])
    await close()
  })

  it('finds everything again without the manifest', async () => {
    const ids = await fill()
    await writeFile(join(folder, 'perstream-memory.json'), 'no JSON')
    await expect(openGraph()).rejects.toMatchObject({ code: 'store-corrupt' })
    const { kept } = await repairStore(folder)
    expect(await readFile(join(folder, kept[0]!), 'utf8')).toBe('no JSON')
    const { graph, close } = await openGraph()
    expect(ids.filter((id) => !graph.get(id))).toEqual([])
    expect(graph.stats().memories).toBe(620)
    await close()
  })

  it('is refused while a process writes', async () => {
    const { close } = await openGraph()
    await expect(repairStore(folder)).rejects.toMatchObject({ code: 'store-locked' })
    await close()
  })
})

describe('a backup', () => {
  it('made while it is written to holds a moment of it, whole, and nothing that was deleted before', async () => {
    await fill()
    const { graph, store, close } = await openGraph()
    let isDone = false
    let written = 0
    const writing = (async () => {
      for (; !isDone; written++) {
        const [made] = await graph.create([note(`meanwhile ${written}`)])
        if (written % 3 === 0) await graph.delete([made!.id])
      }
    })()
    for (let i = 0; i < 5; i++) {
      const before = graph.stats().memories
      const target = join(parent, `backup ${i}`)
      const report = await store.backup(target)
      expect(report).toMatchObject({ whole: true, tornBytes: 0 })
      expect((await verifyStore(folder)).damage).toEqual([])
      const copy = await openGraph(target)
      expect(copy.graph.stats().memories).toBeGreaterThanOrEqual(before - 2)
      expect(copy.graph.stats().memories).toBeLessThanOrEqual(graph.stats().memories + 1)
      await copy.graph.create([note('in the copy')])
      await copy.close()
      expect(await contents(target)).not.toContain('ZYXSECRET')
    }
    isDone = true
    await writing
    await close()
    expect(written).toBeGreaterThan(5)
  })

  it('can be made by a reader, and only into an empty folder', async () => {
    await fill()
    const { store, graph, close } = await openGraph(folder, 'read')
    const target = join(parent, 'copy')
    await store.backup(target)
    const copy = await openGraph(target, 'read')
    expect(copy.graph.list()).toEqual(graph.list())
    await copy.close()
    await expect(store.backup(target)).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(store.backup(join(target, 'perstream-memory.json'))).rejects.toMatchObject({ code: 'input-invalid' })
    await close()
  })

  it('is refused of a store that is damaged', async () => {
    await fill()
    const { store, close } = await openGraph()
    const part = await damage('part', (bytes) => bytes.length >> 1)
    await expect(store.backup(join(parent, 'copy'))).rejects.toMatchObject({ fields: { file: part } })
    await close()
  })
})

describe('a disk that is full', () => {
  it.skipIf(process.platform === 'win32')('fails the write by name, changes nothing, and takes the next', async () => {
    const fixture = fileURLToPath(new URL('fixtures/full-writer.mjs', import.meta.url))
    const command = 'ulimit -f 200 && exec "$0" "$@"'
    const { stdout } = await promisify(execFile)('bash', ['-c', command, process.execPath, fixture, folder])
    const { written, ...seen } = JSON.parse(stdout)
    expect(written).toBeGreaterThan(5)
    const failure = { code: 'store-full', cause: 'EFBIG' }
    expect(seen).toEqual({
      ...{ failure, before: written, after: written + 1, warnings: ['index-not-kept'], hasIndex: false },
    })
    expect((await readdir(folder)).filter((name) => name.startsWith('index'))).toEqual([])
    expect(await verifyStore(folder)).toMatchObject({ whole: true, tornBytes: 0 })
    const { graph, close } = await openGraph()
    expect(graph.stats().memories).toBe(written + 1)
    await close()
  })
})

const isRoot = process.getuid?.() === 0

describe('rights', () => {
  it.skipIf(isRoot || process.platform === 'win32')(
    `a folder that cannot be written to is refused to write and open to read${isRoot ? ' (skipped: root has all rights)' : ''}`,
    async () => {
      await fill()
      await chmod(folder, 0o500)
      try {
        await expect(openGraph()).rejects.toMatchObject({ code: 'store-read-only' })
        const { graph, close } = await openGraph(folder, 'read')
        expect(graph.stats().memories).toBe(620)
        await close()
      } finally {
        await chmod(folder, 0o700)
      }
    },
  )
})

async function contents(path: string): Promise<string> {
  const names = await readdir(path)
  return (await Promise.all(names.map(async (name) => plainBytes(await readFile(join(path, name)))))).join('')
}
