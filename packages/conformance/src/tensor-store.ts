import { createRandom } from '@perstream/kit'
import type { PatchGrid, TensorPrecision, TensorStore } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { type CurrentStore, openForEach, type StoreSubject } from './store-subject'

/** A tensor store under test, empty. */
export type TensorStoreSubject = StoreSubject<TensorStore>

/** Registers the tests that every `TensorStore` must pass. */
export function tensorStoreContract(name: string, open: () => Promise<TensorStoreSubject>): void {
  describe(`TensorStore contract: ${name}`, () => {
    const current: Current = openForEach(open)
    testValues(current)
    testIds(current)
    testCalls(current)
    testRefusals(current)
    testClosing(current)
  })
}

type Current = CurrentStore<TensorStore, TensorStoreSubject>

function testValues(current: Current): void {
  it('gives a grid back bit by bit in f32, and nothing for what is not there', async () => {
    const grid = randomGrid(3, 2, 5, 1)
    grid.data.set([-0, 1e-45, 3.4e38, -1e-20])
    await current.store.put('a', grid)
    const kept = await current.store.get('a')
    expect(kept).toEqual(grid)
    expect(new Uint32Array(kept!.data.slice().buffer)).toEqual(new Uint32Array(grid.data.slice().buffer))
    expect(await current.store.get('b')).toBeUndefined()
  })

  it('keeps f16 and i8 within their bounds', async () => {
    const grid = randomGrid(4, 4, 384, 2)
    grid.data.fill(0, 0, 384)
    grid.data[384] = 1000
    for (const precision of ['f16', 'i8'] as const) {
      await current.store.put(precision, grid, { precision })
      const { data, ...shape } = (await current.store.get(precision))!
      expect({ ...shape, data: grid.data }).toEqual(grid)
      for (let i = 0; i < data.length; i++)
        if (Math.abs(data[i]! - grid.data[i]!) > errorBound(grid, i, precision))
          expect.fail(`${precision}[${i}]: ${grid.data[i]} came back as ${data[i]}`)
    }
  })

  it('keeps signs alone in b1, and the length of each patch', async () => {
    const grid = randomGrid(3, 3, 100, 6)
    grid.data.fill(0, 0, 100)
    await current.store.put('a', grid, { precision: 'b1' })
    const kept = (await current.store.get('a'))!
    expect({ ...kept, data: grid.data }).toEqual(grid)
    for (let patch = 0; patch < 9; patch++) {
      const [before, after] = [grid, kept].map(({ data }) => data.subarray(patch * 100, (patch + 1) * 100))
      expect(lengthOf(after!)).toBeCloseTo(lengthOf(before!), 4)
      expect(new Set(after!.map(Math.abs)).size).toBe(1)
      if (patch > 0) expect(after!.map(Math.sign)).toEqual(before!.map(Math.sign))
    }
  })

  it('keeps what it gave as it is in the same precision, and in the one it names where none is', async () => {
    const grid = randomGrid(2, 2, 50, 7)
    for (const precision of ['f32', 'f16', 'i8', 'b1'] as const) {
      await current.store.put('a', grid, { precision })
      const first = (await current.store.get('a'))!
      await current.store.put('b', first, { precision })
      expect(await current.store.get('b')).toEqual(first)
    }
    expect(['f32', 'f16', 'i8', 'b1']).toContain(current.store.precision)
    await current.store.put('c', grid)
    const list = await current.store.list()
    expect(list.find(({ id }) => id === 'c')?.precision).toBe(current.store.precision)
  })

  it('says what each grid takes, in the proportions of the precisions', async () => {
    const grid = randomGrid(8, 8, 512, 5)
    const values = grid.data.length
    const precisions = ['f32', 'f16', 'i8', 'b1'] as const
    for (const precision of precisions) await current.store.put(precision, grid, { precision })
    const list = new Map((await current.store.list()).map(({ id, bytes }) => [id, bytes]))
    const least = { f32: 4 * values, f16: 2 * values, i8: values + 4 * 64, b1: values / 8 + 4 * 64 }
    for (const precision of precisions) {
      expect(list.get(precision)).toBeGreaterThanOrEqual(least[precision])
      expect(list.get(precision)).toBeLessThan(least[precision] + 1024)
    }
  })
}

function testIds(current: Current): void {
  it('takes any text as an id, and tells them apart', async () => {
    const ids = [
      '',
      'a',
      'A',
      'é',
      'e\u0301',
      '../up',
      'con',
      'a/b\\c:d*?"<>|',
      '.',
      '..',
      '\0',
      ' ',
      '\ud800',
      '日本語 🙂',
      '~0041',
      `${'x'.repeat(5000)}1`,
      `${'x'.repeat(5000)}2`,
      'a.f16',
      'ａ'.repeat(100),
    ]
    await Promise.all(ids.map((id, i) => current.store.put(id, gridOf(i + 1))))
    for (const [i, id] of ids.entries()) expect(await current.store.get(id)).toEqual(gridOf(i + 1))
    expect((await current.store.list()).map(({ id }) => id).sort()).toEqual([...ids].sort())
    await current.store.delete(ids.slice(1))
    expect((await current.store.list()).map(({ id }) => id)).toEqual([''])
  })

  it('replaces a grid, in another precision and shape too', async () => {
    await current.store.put('a', randomGrid(2, 2, 8, 3))
    await current.store.get('a')
    await current.store.put('a', gridOf(7), { precision: 'i8' })
    expect(await current.store.get('a')).toEqual(gridOf(7))
    expect(await current.store.list()).toMatchObject([{ id: 'a', precision: 'i8' }])
    await current.store.put('a', randomGrid(3, 1, 8, 4), { precision: 'f16' })
    expect(await current.store.get('a')).toMatchObject({ rows: 3, columns: 1, dimensions: 8 })
    expect(await current.store.list()).toMatchObject([{ id: 'a', precision: 'f16' }])
  })

  it('forgets what is deleted; unknown ids are passed over', async () => {
    for (const id of ['a', 'b', 'c']) await current.store.put(id, gridOf(1))
    await current.store.get('b')
    await current.store.delete(['b', 'none', 'b', 'c'])
    await current.store.delete([])
    expect(await current.store.get('b')).toBeUndefined()
    expect((await current.store.list()).map(({ id }) => id)).toEqual(['a'])
  })
}

function testCalls(current: Current): void {
  it('keeps its own copy of what is handed in, and hands out copies', async () => {
    const grid = gridOf(1)
    const done = current.store.put('a', grid)
    grid.data.fill(9)
    await done
    const got = await current.store.get('a')
    expect(got).toEqual(gridOf(1))
    got!.data.fill(9)
    expect(await current.store.get('a')).toEqual(gridOf(1))
  })

  it('lets writes of one id take effect in the order of the calls', async () => {
    const writes = Array.from({ length: 20 }, (_, i) => [
      current.store.put('a', gridOf(i)),
      ...(i % 5 === 4 ? [current.store.delete(['a'])] : []),
    ])
    await Promise.all([...writes.flat(), current.store.put('a', gridOf(100))])
    expect(await current.store.get('a')).toEqual(gridOf(100))
    await Promise.all([current.store.get('a'), current.store.put('a', gridOf(101)), current.store.get('a')])
    expect(await current.store.get('a')).toEqual(gridOf(101))
  })

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('stop'))
    await current.store.put('a', gridOf(1))
    const calls = [
      current.store.put('b', gridOf(2), { signal }),
      current.store.get('a', { signal }),
      current.store.delete(['a'], { signal }),
      current.store.list({ signal }),
    ]
    for (const result of await Promise.allSettled(calls))
      expect(result).toMatchObject({ status: 'rejected', reason: { message: 'stop' } })
    expect((await current.store.list()).map(({ id }) => id)).toEqual(['a'])
  })
}

function testRefusals(current: Current): void {
  it.each<[string, Partial<PatchGrid>, TensorPrecision, RegExp]>([
    ['NaN', { data: Float32Array.of(1, Number.NaN) }, 'f32', /grid\.data\[1\] is NaN/],
    ['Infinity', { data: Float32Array.of(-Infinity, 0) }, 'i8', /grid\.data\[0\] is -Infinity/],
    ['values too large for f16', { data: Float32Array.of(0, 70000) }, 'f16', /grid\.data\[1\] is 70000/],
    ['a wrong length', { data: new Float32Array(3) }, 'f32', /grid\.data is of length 3/],
    ['no rows', { rows: 0 }, 'f32', /grid\.rows is 0/],
    ['half a column', { columns: 0.5 }, 'f32', /grid\.columns is 0\.5/],
    ['no space', { space: '' }, 'f32', /grid\.space/],
    ['an unknown precision', {}, 'f8' as TensorPrecision, /precision/],
  ])('refuses %s by name and keeps what was there', async (_, change, precision, message) => {
    await current.store.put('a', gridOf(1))
    await expect(current.store.put('a', { ...gridOf(2), ...change }, { precision })).rejects.toThrow(message)
    await expect(current.store.put('a', { ...gridOf(2), ...change }, { precision })).rejects.toBeInstanceOf(TypeError)
    expect(await current.store.get('a')).toEqual(gridOf(1))
  })
}

function testClosing(current: Current): void {
  it('refuses work when it is closed, and can be closed twice', async () => {
    await current.store[Symbol.asyncDispose]()
    await current.store[Symbol.asyncDispose]()
    for (const call of [
      current.store.put('a', gridOf(1)),
      current.store.get('a'),
      current.store.delete(['a']),
      current.store.list(),
    ])
      await expect(call).rejects.toMatchObject({ code: 'store-closed' })
  })

  it('has everything when it is opened again', async () => {
    if (!current.subject.reopen) return
    const precisions = ['f32', 'f16', 'i8', 'b1'] as const
    for (const [i, precision] of precisions.entries())
      await current.store.put(precision, randomGrid(2, 3, 16, i), { precision })
    await current.store.put('gone', gridOf(1))
    await current.store.delete(['gone'])
    const before = {
      list: await current.store.list(),
      grids: await Promise.all(precisions.map((id) => current.store.get(id))),
    }
    await current.store[Symbol.asyncDispose]()
    current.store = await current.subject.reopen()
    const after = {
      list: await current.store.list(),
      grids: await Promise.all(precisions.map((id) => current.store.get(id))),
    }
    expect(after.grids).toEqual(before.grids)
    expect(after.list.slice().sort(byId)).toEqual(before.list.slice().sort(byId))
  })
}

/** What a value may be off by. f16: half a unit of its last place. i8: half a scale of its patch. */
function errorBound({ data, dimensions }: PatchGrid, i: number, precision: 'f16' | 'i8'): number {
  if (precision === 'f16') return Math.max(2 ** -11 * Math.abs(data[i]!), 2 ** -25)
  const start = i - (i % dimensions)
  const largest = data.subarray(start, start + dimensions).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return (largest / 254) * (1 + 2 ** -15)
}

function randomGrid(rows: number, columns: number, dimensions: number, seed: number): PatchGrid {
  const random = createRandom(seed)
  const data = Float32Array.from({ length: rows * columns * dimensions }, () => random.gaussian())
  return { data, rows, columns, dimensions, space: 'patches' }
}

/** Small, and of multiples of 127: exact in every precision up to 16 of them. */
function gridOf(value: number): PatchGrid {
  return { data: Float32Array.of(127 * value, 127 * value), rows: 1, columns: 1, dimensions: 2, space: 's' }
}

function lengthOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1
}
