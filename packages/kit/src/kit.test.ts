import { crc32 as zlibCrc32 } from 'node:zlib'
import type { TextEncoder } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import {
  collect,
  cosine,
  crc32,
  createRandom,
  createSpeechLimits,
  encodeAll,
  fromHalf,
  importPeer,
  mapAsync,
  mean,
  normalize,
  poolGrid,
  poolingRanges,
  roundHalfEven,
  toHalf,
} from './index'

describe('vectors', () => {
  it('gives the cosine, and 0 for a zero vector (vector F0)', () => {
    expect(cosine(Float32Array.of(1, 2, 2), Float32Array.of(2, 1, 2))).toBeCloseTo(8 / 9, 6)
    expect(cosine(Float32Array.of(0, 0), Float32Array.of(1, 1))).toBe(0)
    expect(() => cosine(Float32Array.of(1), Float32Array.of(1, 1))).toThrow(TypeError)
  })

  it('normalises and averages', () => {
    expect([...normalize(Float32Array.of(3, 4))]).toEqual([Math.fround(0.6), Math.fround(0.8)])
    expect([...normalize(new Float32Array(2))]).toEqual([0, 0])
    expect([...mean([Float32Array.of(1, 2), Float32Array.of(3, 6)])]).toEqual([2, 4])
    expect(() => mean([])).toThrow(TypeError)
  })
})

describe('adaptive pooling', () => {
  it('covers the ranges of vector B3', () => {
    const ranges = (n: number, o: number) => poolingRanges(n, o).map(({ start, end }) => [start, end])
    expect(ranges(14, 4)).toEqual([
      [0, 4],
      [3, 7],
      [7, 11],
      [10, 14],
    ])
    expect(ranges(5, 2)).toEqual([
      [0, 3],
      [2, 5],
    ])
    expect(ranges(2, 4)).toEqual([
      [0, 1],
      [0, 1],
      [1, 2],
      [1, 2],
    ])
  })

  it('pools the grid of vector B4', () => {
    const data = Float32Array.from({ length: 112 * 2 }, (_, i) => (i % 2 ? -(i >> 1) : i >> 1))
    const pooled = poolGrid({ data, rows: 8, columns: 14, dimensions: 2, space: 's' }, 4, 4)
    expect(pooled.data.length).toBe(32)
    expect([0, 1, 2, 3, 4, 15].map((cell) => pooled.data[cell * 2])).toEqual([8.5, 11.5, 15.5, 18.5, 36.5, 102.5])
    expect(pooled.data[1]).toBe(-8.5)
  })
})

describe('half floats', () => {
  it('round-trips every half', () => {
    const halves = Uint16Array.from({ length: 0x7c01 }, (_, i) => i)
    expect(toHalf(fromHalf(halves))).toEqual(halves)
  })

  it('rounds to nearest even, keeps signs, overflows to infinity', () => {
    expect([...fromHalf(toHalf(Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, -0.5, 70000, Number.NaN)))]).toEqual([
      1,
      1 + 2 ** -9,
      -0.5,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ])
  })
})

describe('rounding', () => {
  it('sends halves to even (vector Q1)', () => {
    expect([0.5, 1.5, 2.5, 7.5, 12.5, 2.4, 2.6].map(roundHalfEven)).toEqual([0, 2, 2, 8, 12, 2, 3])
  })
})

describe('random', () => {
  it('repeats for a seed and differs between seeds', () => {
    const draw = (seed: number) => Array.from({ length: 5 }, createRandom(seed).next)
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })

  it('has the moments of its distributions', () => {
    const random = createRandom(1)
    const values = Array.from({ length: 20000 }, () => random.gaussian())
    const average = values.reduce((a, b) => a + b) / values.length
    expect(Math.abs(average)).toBeLessThan(0.03)
    expect(Math.abs(values.reduce((a, b) => a + b * b, 0) / values.length - 1)).toBeLessThan(0.05)
    expect(random.shuffle([1, 2, 3, 4]).sort()).toEqual([1, 2, 3, 4])
  })
})

describe('streams', () => {
  it('map in order, and close their source when they are left', async () => {
    let closed = false
    async function* numbers() {
      try {
        yield* [1, 2, 3]
      } finally {
        closed = true
      }
    }
    expect(await collect(mapAsync(numbers(), async (value) => value * 2))).toEqual([2, 4, 6])
    closed = false
    for await (const value of mapAsync(numbers(), (number) => number)) if (value === 2) break
    expect(closed).toBe(true)
  })
})

describe('encodeAll', () => {
  it('batches as the encoder asks, and keeps the order', async () => {
    const sizes: number[] = []
    const encoder: TextEncoder = {
      space: 'length',
      dimensions: 1,
      maxBatchSize: 2,
      async encode(texts) {
        sizes.push(texts.length)
        return texts.map((text) => Float32Array.of(text.length))
      },
    }
    const vectors = await encodeAll(encoder, ['a', 'bb', 'ccc', 'dddd', 'eeeee'])
    expect(vectors.map(([value]) => value)).toEqual([1, 2, 3, 4, 5])
    expect(sizes).toEqual([2, 2, 1])
  })
})

describe('crc32', () => {
  it('is that of zlib', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
    const random = createRandom(7)
    for (let length = 0; length < 100; length++) {
      const bytes = Uint8Array.from({ length }, () => random.integer(0, 256))
      expect(crc32(bytes)).toBe(zlibCrc32(bytes))
    }
  })
})

describe('createSpeechLimits', () => {
  it('forgets what lies further back than a day, and keeps a gap that is longer', () => {
    const limits = createSpeechLimits({ perDay: 2, minGapSeconds: 0 })
    const hour = 3_600_000
    for (const at of [0, 2 * hour]) limits.spoke(at)
    expect(limits.reached(23.9 * hour)).toBe('the budget of this day is spent')
    expect(limits.reached(24 * hour)).toBeUndefined()
    const rare = createSpeechLimits({ minGapSeconds: 48 * 3600 })
    rare.spoke(0)
    rare.spoke(30 * hour)
    expect(rare.reached(77 * hour)).toBe('spoke a moment ago')
    expect(rare.reached(78 * hour)).toBeUndefined()
  })
})

describe('importPeer', () => {
  it('says what to install', async () => {
    await expect(importPeer('no-such', 'Reading', () => Promise.reject(new Error('not found')))).rejects.toMatchObject({
      code: 'dependency-missing',
      message: expect.stringContaining('npm install no-such'),
    })
  })
})
