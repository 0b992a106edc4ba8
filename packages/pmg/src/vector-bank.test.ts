import { createRandom, dot, type Random } from '@perstream/kit'
import { describe, expect, it } from 'vitest'
import { plainQuery, prepareQuery } from './prepared-query'
import { roundingShare } from './rounding-share'
import { TypeScriptBank } from './typescript-bank'
import { segmentRows, type VectorBank } from './vector-bank'
import { wasmBanks } from './wasm-bank'

const engines: Readonly<Record<string, (dimensions: number) => VectorBank>> = {
  wasm: (dimensions) => wasmBanks(dimensions)!(),
  typescript: (dimensions) => new TypeScriptBank(dimensions),
}
const widths = [1, 3, 7, 16, 33, 384, 512, 3584, 8192]

/** Vectors that are hard on 8-bit codes, and plain ones; none of them need be of length 1. */
const shapes: Readonly<Record<string, (random: Random, dimensions: number) => (i: number) => number>> = {
  normal: (random) => () => random.gaussian() / 10,
  zero: () => () => 0,
  constant: (random) => {
    const value = random.gaussian()
    return () => value
  },
  'one large among small': (random) => (i) => (i === 0 ? 1 : 0.003 * random.next()),
  'half steps': (random) => (i) => (i === 0 ? 127 : random.integer(-127, 127) + 0.5) / 1500,
  'alternating signs': () => (i) => (i % 2 ? -1 : 1) / 40,
  'very small': (random) => () => random.gaussian() * 1e-25,
  'smallest numbers': (random) => () => random.gaussian() * 1e-43,
  large: (random) => () => random.gaussian() * 1000,
}

function makeVectors(dimensions: number, seed: number): Float32Array[] {
  const random = createRandom(seed)
  return Object.values(shapes).flatMap((shape) =>
    Array.from({ length: 3 }, () => {
      const value = shape(random, dimensions)
      return Float32Array.from({ length: dimensions }, (_, i) => value(i))
    }),
  )
}

function fill(bank: VectorBank, vectors: readonly Float32Array[]): number {
  let longest = 0
  while (bank.capacity < vectors.length) bank.grow()
  vectors.forEach((vector, row) => {
    longest = Math.max(longest, Math.sqrt(bank.write(row, vector)) * 1.001)
  })
  return longest
}

/** The largest single-precision number below another. */
function below(score: number): number {
  const bits = new Int32Array(1)
  const number = new Float32Array(bits.buffer)
  number[0] = score
  if (number[0] === 0) return -1.401298464324817e-45
  bits[0]! += number[0]! > 0 ? -1 : 1
  return number[0]!
}

describe.each(Object.keys(engines))('the bounds of the codes (%s)', (engine) => {
  it.each(widths)('never pass over a row that scores more than the floor, %i wide', (dimensions) => {
    const vectors = makeVectors(dimensions, 7)
    const bank = engines[engine]!(dimensions)
    const longest = fill(bank, vectors)
    for (const values of makeVectors(dimensions, 8)) {
      bank.setQuery(prepareQuery(values, longest))
      for (let row = 0; row < vectors.length; row++) {
        bank.rows[0] = row
        bank.keepAbove(1, Number.NEGATIVE_INFINITY)
        const score = bank.scores[0]!
        expect([row, bank.keepAboveByCodes(1, below(score)), bank.rows[0], bank.scores[0]]).toEqual([
          row,
          1,
          row,
          score,
        ])
        expect(bank.keepAbove(1, below(score))).toBe(1)
        expect(bank.keepAbove(1, score)).toBe(0)
      }
    }
  })

  it('rule nothing out for a query without codes, whatever was asked before', () => {
    const [query, ...vectors] = makeVectors(384, 9)
    const bank = engines[engine]!(384)
    bank.setQuery(prepareQuery(vectors[0]!, fill(bank, vectors)))
    bank.setQuery(plainQuery(query!))
    const kept = (keep: 'keepAbove' | 'keepAboveByCodes', floor: number) => {
      vectors.forEach((_, row) => {
        bank.rows[row] = row
      })
      const count = bank[keep](vectors.length, floor)
      return Array.from(bank.rows.subarray(0, count), (row, i) => [row, bank.scores[i]])
    }
    const all = kept('keepAbove', Number.NEGATIVE_INFINITY)
    expect(all).toHaveLength(vectors.length)
    for (const [, floor] of all) expect(kept('keepAboveByCodes', floor!)).toEqual(kept('keepAbove', floor!))
  })

  it.each([7, 384])('keep of a list, however its rows lie, what they keep of each row, %i wide', (dimensions) => {
    const random = createRandom(11)
    const bank = engines[engine]!(dimensions)
    const vectors = Array.from({ length: 3 * segmentRows }, () =>
      Float32Array.from({ length: dimensions }, () => random.gaussian()),
    )
    const longest = fill(bank, vectors)
    bank.setQuery(prepareQuery(vectors[5]!, longest))
    const scoreOf = (row: number) => {
      bank.rows[0] = row
      bank.keepAbove(1, Number.NEGATIVE_INFINITY)
      return bank.scores[0]!
    }
    const scores = vectors.map((_, row) => scoreOf(row))
    for (let round = 0; round < 60; round++) {
      const share = random.pick([0.02, 0.2, 0.6, 1])
      const rows = [...vectors.keys()].filter(() => random.next() < share).slice(0, random.integer(0, 2 * segmentRows))
      const floor = random.pick([Number.NEGATIVE_INFINITY, 0, scores[7]!, Math.max(...scores)])
      bank.rows.set(rows)
      const kept = bank.keepAboveByCodes(rows.length, floor)
      const expected = rows.filter((row) => scores[row]! > floor)
      expect([...bank.rows.slice(0, kept)]).toEqual(expected)
      expect([...bank.scores.slice(0, kept)]).toEqual(expected.map((row) => scores[row]))
    }
  })

  it.each([64, 384, 512])('pass over nearly all rows that are not among the best, %i wide', (dimensions) => {
    const random = createRandom(3)
    const make = () => {
      const vector = Float32Array.from({ length: dimensions }, () => random.gaussian())
      return vector.map((value) => value / Math.sqrt(dot(vector, vector)))
    }
    const bank = engines[engine]!(dimensions)
    const longest = fill(bank, Array.from({ length: segmentRows }, make))
    bank.setQuery(prepareQuery(make(), longest))
    bank.mask.fill(0xffffffff)
    expect(bank.listRows(0, 0)).toBe(segmentRows)
    bank.keepAbove(segmentRows, Number.NEGATIVE_INFINITY)
    const floor = [...bank.scores.slice(0, segmentRows)].sort((a, b) => b - a)[10]!
    expect(bank.listRows(0, 0)).toBe(segmentRows)
    const kept = bank.keepAboveByCodes(segmentRows, floor)
    expect(kept).toBeGreaterThanOrEqual(10)
    expect(kept).toBeLessThan(30)
  })
})

describe('the twin and the kernel', () => {
  it.each(widths)('give the same scores, %i wide', (dimensions) => {
    const [wasm, twin] = [engines.wasm!(dimensions), engines.typescript!(dimensions)]
    const vectors = makeVectors(dimensions, 5)
    const longest = Math.max(fill(wasm, vectors), fill(twin, vectors))
    // Above, single precision tells in the sixth digit which order the products were added in.
    const share = dimensions <= 512 ? 1e-6 : roundingShare(dimensions)
    for (const values of makeVectors(dimensions, 6)) {
      const lengths = vectors.map((vector) => Math.sqrt(dot(vector, vector) * dot(values, values)))
      const [one, other] = [wasm, twin].map((bank) => {
        bank.setQuery(prepareQuery(values, longest))
        vectors.forEach((_, row) => {
          bank.rows[row] = row
        })
        expect(bank.keepAbove(vectors.length, Number.NEGATIVE_INFINITY)).toBe(vectors.length)
        return [...bank.scores.slice(0, vectors.length)]
      })
      one!.forEach((score, row) => {
        expect(Math.abs(score - other![row]!)).toBeLessThanOrEqual(share * lengths[row]! + 1e-30)
      })
    }
  })

  it('list the same rows of a mask, behind those that are listed', () => {
    const random = createRandom(1)
    const banks = [engines.wasm!(4), engines.typescript!(4)]
    for (const bank of banks) for (let i = 0; i < 3; i++) bank.grow()
    for (let round = 0; round < 50; round++) {
      const mask = Uint32Array.from({ length: 8 }, () => random.pick([0, 0xffffffff, random.integer(0, 2 ** 32)]))
      const expected = [...mask.keys()].flatMap((word) =>
        Array.from({ length: 32 }, (_, bit) => word * 32 + bit).filter((_, bit) => (mask[word]! >>> bit) & 1),
      )
      for (const bank of banks) {
        bank.rows.fill(7)
        bank.mask.set(mask)
        expect(bank.listRows(2, 3)).toBe(3 + expected.length)
        expect([...bank.rows.slice(0, 3 + expected.length)]).toEqual([7, 7, 7, ...expected.map((row) => 512 + row)])
      }
    }
  })
})
