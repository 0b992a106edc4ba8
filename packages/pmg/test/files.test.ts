import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { collect, createRandom } from '@perstream/kit'
import type { MemoryInput, Warning } from '@perstream/spec'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFileStore, verifyStore } from '../src/files'
import { createMemoryGraph } from '../src/index'
import { plainBytes } from './plain-bytes'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pmg-files-'))
})
afterEach(() => rm(folder, { recursive: true }))

const note = (text: string, override: Partial<MemoryInput> = {}): MemoryInput => ({
  text,
  category: 'notes',
  origin: 'read',
  ...override,
})

async function openGraph(mode: 'write' | 'read' = 'write', warnings: Warning[] = [], compactAfterBytes?: number) {
  const store = await openFileStore(folder, { mode, compactAfterBytes, onWarning: (warning) => warnings.push(warning) })
  const graph = await createMemoryGraph({ store })
  return { graph, store, close: () => store[Symbol.asyncDispose]() }
}

describe('opening', () => {
  it('refuses a folder that is something else, a missing one to read, and a newer format', async () => {
    await writeFile(join(folder, 'letter.txt'), 'dear')
    await expect(openGraph()).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('letter.txt'),
    })
    await rm(join(folder, 'letter.txt'))
    await mkdir(join(folder, 'photos'))
    await expect(openGraph()).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(openFileStore(join(folder, 'none'), { mode: 'read' })).rejects.toMatchObject({ code: 'input-invalid' })
    await writeFile(join(folder, 'perstream-memory.json'), '{"format":"perstream-memory","version":4}')
    await expect(openGraph()).rejects.toMatchObject({
      code: 'store-version',
      message: expect.stringContaining('newer'),
      fields: { version: 4 },
    })
    for (const version of [1, 2]) {
      await writeFile(join(folder, 'perstream-memory.json'), `{"format":"perstream-memory","version":${version}}`)
      await expect(openGraph()).rejects.toMatchObject({ code: 'store-version', fields: { version } })
    }
    await writeFile(join(folder, 'perstream-memory.json'), '{"format":')
    await expect(openGraph()).rejects.toMatchObject({ code: 'store-corrupt' })
    expect(await readdir(folder)).toEqual(['perstream-memory.json', 'photos'])
  })

  it('refuses a path that is a file', async () => {
    const path = join(folder, 'file')
    await writeFile(path, '')
    for (const mode of ['write', 'read'] as const)
      await expect(openFileStore(path, { mode })).rejects.toMatchObject({ code: 'input-invalid' })
  })

  it('lets readers read and not write', async () => {
    const { graph, close } = await openGraph()
    await graph.create([note('one')])
    await close()
    const reader = await openGraph('read')
    expect(reader.graph.stats().memories).toBe(1)
    await expect(reader.graph.create([note('two')])).rejects.toMatchObject({ code: 'store-read-only' })
    expect(reader.graph.list().map(({ text }) => text)).toEqual(['one'])
  })
})

describe('the lock', () => {
  it('refuses a second writer by name, and is free after closing', async () => {
    const { close } = await openGraph()
    await expect(openGraph()).rejects.toMatchObject({
      code: 'store-locked',
      message: expect.stringContaining(`process ${process.pid} on ${hostname()}`),
      fields: { pid: process.pid, host: hostname(), since: expect.stringMatching(/^2\d{3}-/) },
    })
    await close()
    await (await openGraph()).close()
    expect(await readdir(folder)).not.toContain('lock')
  })

  it('of a process that died, or whose number another one has now, is taken over', async () => {
    const { close } = await openGraph()
    const lock = JSON.parse(await readFile(join(folder, 'lock'), 'utf8'))
    await close()
    const gone = spawn(process.execPath, ['-e', ''])
    await once(gone, 'close')
    for (const dead of [
      { ...lock, pid: gone.pid },
      { ...lock, started: 'another boot/1' },
    ]) {
      await writeFile(join(folder, 'lock'), JSON.stringify(dead))
      const warnings: Warning[] = []
      await (await openGraph('write', warnings)).close()
      expect(warnings).toEqual([expect.objectContaining({ code: 'lock-taken-over' })])
    }
  })

  it('leaves no drafts of processes that died, and those of others that are at it', async () => {
    await (await openGraph()).close()
    for (const name of ['lock.old.tmp', 'lock.fresh.tmp']) await writeFile(join(folder, name), '{}')
    await utimes(join(folder, 'lock.old.tmp'), 1_000_000, 1_000_000)
    const { graph, close } = await openGraph()
    const [made] = await graph.create([note('one')])
    await graph.delete([made!.id])
    const names = await readdir(folder)
    expect(names).toContain('lock.fresh.tmp')
    expect(names).not.toContain('lock.old.tmp')
    await close()
  })

  it('of another machine is never taken over', async () => {
    const { close } = await openGraph()
    const lock = JSON.parse(await readFile(join(folder, 'lock'), 'utf8'))
    await close()
    await writeFile(join(folder, 'lock'), JSON.stringify({ ...lock, host: 'elsewhere', pid: 1 }))
    await expect(openGraph()).rejects.toMatchObject({ code: 'store-locked', fields: { host: 'elsewhere' } })
  })

  it('goes to one of many that want to take it over', async () => {
    const { close } = await openGraph()
    const lock = JSON.parse(await readFile(join(folder, 'lock'), 'utf8'))
    await close()
    await writeFile(join(folder, 'lock'), JSON.stringify({ ...lock, started: 'another boot/1' }))
    const attempts = await Promise.allSettled(Array.from({ length: 12 }, () => openGraph()))
    expect(attempts.filter(({ status }) => status === 'fulfilled').length).toBe(1)
    for (const attempt of attempts)
      if (attempt.status === 'fulfilled') await attempt.value.close()
      else expect(attempt.reason).toMatchObject({ code: 'store-locked' })
  })
})

describe('a torn tail', () => {
  it('is cut by a writer, left out by a reader, and reported', async () => {
    const { graph, close } = await openGraph()
    await graph.create([note('one')])
    await close()
    const segment = (await readdir(folder)).find((name) => name.startsWith('journal'))!
    const size = (await stat(join(folder, segment))).size
    await appendFile(join(folder, segment), (await readFile(join(folder, segment))).subarray(0, size - 3))
    for (const [mode, code] of [
      ['read', 'journal-tail-ignored'],
      ['write', 'journal-tail-cut'],
    ] as const) {
      const warnings: Warning[] = []
      const again = await openGraph(mode, warnings)
      expect(again.graph.list().map(({ text }) => text)).toEqual(['one'])
      await again.close()
      expect(warnings).toEqual([
        expect.objectContaining({ code, fields: { file: segment, offset: size, bytes: size - 3 } }),
      ])
    }
    expect((await stat(join(folder, segment))).size).toBe(size)
  })

  it('is not mistaken for damage to what was acknowledged', async () => {
    const { graph, close } = await openGraph()
    for (const text of ['one', 'two', 'three']) await graph.create([note(text)])
    await close()
    const segment = join(folder, (await readdir(folder)).find((name) => name.startsWith('journal'))!)
    const bytes = await readFile(segment)
    bytes[60]! ^= 1
    await writeFile(segment, bytes)
    await expect(openGraph()).rejects.toMatchObject({ code: 'store-corrupt', fields: { offset: 0 } })
  })
})

describe('erasing', () => {
  it('leaves no byte of a deleted memory in the files', async () => {
    const random = createRandom(5)
    const vector = () => Float32Array.from({ length: 32 }, () => random.gaussian())
    const { graph, close } = await openGraph()
    const inputs = ['ZYXSECRET one', 'plain two', 'plain three'].map((text, i) =>
      note(text, {
        embedding: vector(),
        space: 's',
        evidence: [{ source: `clip-${i}.mp4`, startSeconds: 1, endSeconds: 2, frames: [3] }],
        triplets: [{ subject: `entity${i}-of-it`, predicate: `predicate${i}`, object: 'shared thing' }],
      }),
    )
    const [secret] = await graph.create(inputs)
    await graph.update(secret!.id, { text: 'ZYXSECRET changed', embedding: vector(), space: 's' })
    const kept = graph.embedding(secret!.id)!
    const traces = [secret!.id, 'ZYXSECRET', 'clip-0', 'entity0', 'predicate0', latin(kept)]
    const before = await contents()
    for (const trace of traces) expect(before).toContain(trace)
    expect(await graph.delete([secret!.id])).toBe(1)
    const after = await contents()
    for (const trace of traces) expect(after).not.toContain(trace)
    expect(after).toContain('plain two')
    expect(graph.entities().map(({ label }) => label)).toEqual(['shared thing', 'entity1-of-it', 'entity2-of-it'])
    await close()
  })

  it('is finished at the next opening when the files of before are still there', async () => {
    const { graph, close } = await openGraph()
    const [secret] = await graph.create([note('ZYXSECRET'), note('plain')])
    const before = new Map<string, Buffer>()
    for (const name of await storeFiles()) before.set(name, await readFile(join(folder, name)))
    await graph.delete([secret!.id])
    await close()
    for (const [name, bytes] of before) await writeFile(join(folder, name), bytes)
    await writeFile(join(folder, 'perstream-memory.json.tmp'), 'ZYXSECRET')
    expect(await verifyStore(folder)).toMatchObject({
      whole: true,
      files: expect.arrayContaining([expect.objectContaining({ file: [...before.keys()][0], kind: 'stale' })]),
    })
    const reader = await openGraph('read')
    expect(reader.graph.list().map(({ text }) => text)).toEqual(['plain'])
    await reader.close()
    const writer = await openGraph()
    expect(await contents()).not.toContain('ZYXSECRET')
    await writer.graph.create([note('later')])
    await writer.close()
    expect((await openGraph('read')).graph.stats().memories).toBe(2)
  })
})

describe('compaction', () => {
  it('changes nothing of the state, and bounds the size', async () => {
    const random = createRandom(3)
    const { graph, close } = await openGraph('write', [], 30_000)
    const ids: string[] = []
    for (let i = 0; i < 150; i++) {
      const [result] = await graph.create(
        [
          note(`memory ${random.integer(0, 60)}`, {
            embedding: Float32Array.of(i + 1, 1),
            space: 's',
            evidence: [{ source: 'a', startSeconds: i * 20, endSeconds: i * 20 + 1, frames: [i] }],
            triplets: [{ subject: 'I', predicate: 'saw', object: `thing ${i % 9}` }],
          }),
        ],
        { progress: { source: 'a', seconds: i } },
      )
      ids.push(result!.id)
      if (i % 40 === 39) await graph.delete([random.pick(ids)])
    }
    const state = await collect(graph.export())
    expect((await storeFiles()).length).toBeLessThan(8)
    await close()
    const again = await openGraph('read')
    // In what order depends on what was deleted when.
    expect((await collect(again.graph.export())).slice(1).sort()).toEqual(state.slice(1).sort())
    expect(again.graph.stats()).toEqual(graph.stats())
    const query = { text: 'memory 7', vector: Float32Array.of(0.6, 0.8) }
    expect(await again.graph.retrieve(query)).toEqual(await graph.retrieve(query))
  })
})

describe('two processes', () => {
  it('one writes, the other reads what is new, through deletions too', async () => {
    const holder = startHolder()
    const [read] = [lineReader(holder)]
    expect(await read()).toBe('open')
    await expect(openGraph()).rejects.toMatchObject({ code: 'store-locked', fields: { pid: holder.pid } })
    const { graph } = await openGraph('read')
    const tell = (text: string | null, drop?: string) => {
      holder.stdin.write(`${JSON.stringify([text, drop])}\n`)
      return read()
    }
    const first = await tell('first note')
    expect(graph.stats().memories).toBe(0)
    expect(await graph.refresh()).toBe(1)
    await tell('second note')
    await tell('third note', first)
    await graph.refresh()
    expect(
      graph
        .list()
        .map(({ text }) => text)
        .sort(),
    ).toEqual(['second note', 'third note'])
    expect(await graph.refresh()).toBe(0)
    await Promise.all([
      readWhile(),
      ...Array.from({ length: 30 }, (_, i) => tell(`note ${i}`, i % 3 ? undefined : first)),
    ])
    await graph.refresh()
    expect(graph.stats().memories).toBe(32)
    holder.stdin.end()
    await once(holder, 'close')

    async function readWhile() {
      for (let i = 0; i < 20; i++) {
        await graph.refresh()
        const fresh = await openGraph('read')
        expect(fresh.graph.stats().memories).toBeGreaterThanOrEqual(2)
        await fresh.close()
      }
    }
  })
})

function startHolder(): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [fileURLToPath(new URL('fixtures/holder.mjs', import.meta.url)), folder])
}

function lineReader(child: ChildProcessWithoutNullStreams): () => Promise<string> {
  child.stderr.pipe(process.stderr)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async () => (await lines.next()).value
}

async function storeFiles(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.pmg'))
}

async function contents(): Promise<string> {
  const names = await readdir(folder)
  return (await Promise.all(names.map(async (name) => plainBytes(await readFile(join(folder, name)))))).join('')
}

function latin(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('latin1')
}
