import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRandom } from '@perstream/kit'
import type { PatchGrid, Warning } from '@perstream/spec'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTensorFiles } from '../src/files'
import { linesUntilKilled } from './kill-writer'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pmg-tensors-'))
})
afterEach(() => rm(folder, { recursive: true }))

const write = (options = {}) => openTensorFiles(folder, { mode: 'write', ...options })
const read = () => openTensorFiles(folder, { mode: 'read' })

/** A grid of multiples of 127: exact in every precision up to 16 of them. */
function filled(value: number, dimensions = 64): PatchGrid {
  return { data: new Float32Array(4 * dimensions).fill(127 * value), rows: 2, columns: 2, dimensions, space: 's' }
}

describe('opening', () => {
  it('refuses what is not a folder of grids, and leaves it as it is', async () => {
    await expect(openTensorFiles(join(folder, 'none'), { mode: 'read' })).rejects.toMatchObject({
      code: 'input-invalid',
    })
    await writeFile(join(folder, 'letter.txt'), 'dear')
    for (const open of [write, read]) await expect(open()).rejects.toMatchObject({ code: 'input-invalid' })
    for (const mode of ['write', 'read'] as const)
      await expect(openTensorFiles(join(folder, 'letter.txt'), { mode })).rejects.toMatchObject({
        code: 'input-invalid',
      })
    expect(await readdir(folder)).toEqual(['letter.txt'])
  })

  it('refuses a newer format and a damaged manifest', async () => {
    const manifest = join(folder, 'perstream-tensors.json')
    await writeFile(manifest, '{"format":"perstream-tensors","version":2}')
    for (const open of [write, read])
      await expect(open()).rejects.toMatchObject({ code: 'store-version', fields: { version: 2 } })
    await writeFile(manifest, '{"format":')
    await expect(read()).rejects.toMatchObject({ code: 'store-corrupt' })
    await writeFile(manifest, '{"format":"other","version":1}')
    await expect(read()).rejects.toMatchObject({ code: 'input-invalid' })
  })

  it('refuses wrong options by name', async () => {
    await expect(openTensorFiles(folder, { mode: 'append' as never })).rejects.toThrow(/mode is "append"/)
    await expect(write({ precision: 'f8' })).rejects.toThrow(/precision is "f8"/)
    await expect(write({ cacheBytes: Number.NaN })).rejects.toThrow(/cacheBytes is NaN/)
  })

  it('has one writer, and readers that cannot write', async () => {
    await using store = await write()
    await store.put('a', filled(1))
    await expect(write()).rejects.toMatchObject({ code: 'store-locked' })
    await using reader = await read()
    expect(await reader.get('a')).toEqual(filled(1))
    await expect(reader.put('a', filled(2))).rejects.toMatchObject({ code: 'store-read-only' })
    await expect(reader.delete(['a'])).rejects.toMatchObject({ code: 'store-read-only' })
  })

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'refuses to write where it may not (skipped on Windows and for root, who may)',
    async () => {
      const closed = join(folder, 'closed')
      await mkdir(closed, { mode: 0o500 })
      await expect(openTensorFiles(closed, { mode: 'write' })).rejects.toMatchObject({ code: 'store-read-only' })
    },
  )
})

describe('a reader beside a writer', () => {
  it('sees what was replaced, kept in another precision or deleted since it read it', async () => {
    await using store = await write()
    await using reader = await read()
    await store.put('a', filled(1))
    expect(await reader.get('a')).toEqual(filled(1))
    await store.put('a', filled(2))
    expect(await reader.get('a')).toEqual(filled(2))
    await store.put('a', filled(3), { precision: 'i8' })
    expect(await reader.get('a')).toEqual(filled(3))
    expect(await reader.list()).toEqual(await store.list())
    await store.delete(['a'])
    expect(await reader.get('a')).toBeUndefined()
  })
})

describe('the disk', () => {
  it('takes what list says, and nothing of what was deleted', async () => {
    await using store = await write({ precision: 'f16' })
    const empty = await usage()
    for (let i = 0; i < 20; i++) await store.put(`g${i}`, filled(i + 1, 3584))
    const said = (await store.list()).reduce((sum, { bytes }) => sum + bytes, 0)
    expect(said).toBeGreaterThan(20 * 4 * 3584 * 2)
    expect((await usage()).bytes - empty.bytes).toBe(said)
    expect((await usage()).blocks - empty.blocks).toBeLessThanOrEqual(said + 20 * 4096)
    await store.delete(Array.from({ length: 20 }, (_, i) => `g${i}`))
    expect(await usage()).toEqual(empty)
  })

  it('holds no half-made file when a write was stopped', async () => {
    await using store = await write()
    const abort = new AbortController()
    const put = store.put('a', filled(1, 100_000), { signal: abort.signal })
    abort.abort(new Error('stop'))
    await expect(put).rejects.toThrow('stop')
    expect(await store.get('a')).toBeUndefined()
    expect((await readdir(folder)).filter((name) => name.startsWith('grid-'))).toEqual([])
  })

  it('is tidied of what a crash left: half files, and the grid in the precision it had before or after', async () => {
    const store = await write()
    await store.put('a', filled(1), { precision: 'f16' })
    await store[Symbol.asyncDispose]()
    const file = await readFile(join(folder, 'grid-a.f16'))
    await using other = await openTensorFiles(join(folder, 'other'), { mode: 'write' })
    await other.put('a', filled(2), { precision: 'i8' })
    await writeFile(join(folder, 'grid-a.i8'), await readFile(join(folder, 'other', 'grid-a.i8')))
    await writeFile(join(folder, 'grid-1234.tmp'), file.subarray(0, 50))
    await using again = await write()
    expect(await again.get('a')).toEqual(filled(1))
    expect(await again.list()).toHaveLength(1)
    expect((await readdir(folder)).filter((name) => name.startsWith('grid-'))).toEqual(['grid-a.f16'])
  })

  async function usage(): Promise<{ bytes: number; blocks: number }> {
    let [bytes, blocks] = [0, 0]
    for (const name of await readdir(folder)) {
      const found = await stat(join(folder, name))
      bytes += found.size
      blocks += found.blocks * 512
    }
    return { bytes, blocks }
  }
})

it.skipIf(process.platform === 'win32')(
  'says by name that there is no room, and keeps what was there (skipped on Windows)',
  async () => {
    const fixture = fileURLToPath(new URL('fixtures/tensor-limit.mjs', import.meta.url))
    const command = 'ulimit -f 64 && exec "$0" "$1" "$2"'
    const child = spawn('bash', ['-c', command, process.execPath, fixture, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
    })
    await once(child, 'close')
    expect(JSON.parse(said)).toEqual({ code: 'store-full', kept: 100, list: 1 })
    expect((await readdir(folder)).sort()).toEqual(['grid-a.f32', 'perstream-tensors.json'])
  },
)

describe('damage', () => {
  it('is found in every byte of a file, and by its name', async () => {
    await using store = await write({ cacheBytes: 0 })
    await store.put('a', filled(1, 8), { precision: 'i8' })
    await store.put('b', filled(2, 8), { precision: 'i8' })
    const path = join(folder, 'grid-a.i8')
    const whole = await readFile(path)
    for (let i = 0; i < whole.length; i++) {
      const broken = Uint8Array.from(whole)
      broken[i]! ^= 1 << (i % 8)
      await writeFile(path, broken)
      await expect(store.get('a'), `byte ${i}`).rejects.toMatchObject({ code: 'store-corrupt', fields: { path } })
    }
    for (const length of [0, 5, 16, 40, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, length))
      await expect(store.get('a')).rejects.toMatchObject({ code: 'store-corrupt' })
    }
    await writeFile(path, await readFile(join(folder, 'grid-b.i8')))
    await expect(store.get('a')).rejects.toMatchObject({ code: 'store-corrupt' })
    expect(await store.get('b')).toEqual(filled(2, 8))
    await store.put('a', filled(3, 8))
    expect(await store.get('a')).toEqual(filled(3, 8))
  })
})

const writer = fileURLToPath(new URL('fixtures/tensor-writer.mjs', import.meta.url))
const kills = 15

it(`keeps every acknowledged grid whole through ${kills} kills, and none that was deleted`, async () => {
  const random = createRandom(20_261_123)
  const known = new Map<string, Set<number | null>>()
  const warnings: Warning[] = []
  let acknowledged = 0
  for (let round = 0; round < kills; round++) {
    for (const [event, id, value] of await runAndKill(round, random.integer(1, 60), random.next() * 20)) {
      if (event === 'written') acknowledged++
      // A write that had only begun may have taken effect or not.
      known.set(id, event === 'written' ? new Set([value]) : new Set([...(known.get(id) ?? [null]), value]))
    }
    await using store = await write({ onWarning: (warning: Warning) => warnings.push(warning) })
    for (const [id, values] of known) {
      const grid = await store.get(id)
      expect(values).toContain(keptIn(grid))
      expect(grid?.data.every((value) => value === grid.data[0]) ?? true).toBe(true)
      known.set(id, new Set([keptIn(grid)]))
    }
    const there = (await store.list()).map(({ id }) => id).sort()
    expect(there).toEqual(
      [...known]
        .filter(([, values]) => !values.has(null))
        .map(([id]) => id)
        .sort(),
    )
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  }
  expect(acknowledged).toBeGreaterThan(kills)
  expect(warnings.map(({ code }) => code)).toEqual(Array(kills).fill('lock-taken-over'))
})

function keptIn(grid: PatchGrid | undefined): number | null {
  return grid ? grid.data[0]! / 127 : null
}

async function runAndKill(
  round: number,
  lines: number,
  milliseconds: number,
): Promise<[string, string, number | null][]> {
  const script = [writer, folder, String(round)]
  const found = await linesUntilKilled(script, { marker: '"writing"', lines, milliseconds })
  return found.map((line) => JSON.parse(line))
}
