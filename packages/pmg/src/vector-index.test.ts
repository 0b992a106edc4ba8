import { createRandom, dot, normalize } from '@perstream/kit'
import { PerStreamError } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlotSet } from './slot-set'
import type { VectorMatch } from './top-slots'
import { VectorIndex } from './vector-index'

const engines = ['wasm', 'typescript'] as const
const scans = ['f32', 'int8'] as const
const widths = [1, 3, 7, 16, 33, 384, 512]

function randomUnit(dimensions: number, seed: number): Float32Array {
  const random = createRandom(seed)
  return normalize(Float32Array.from({ length: dimensions }, () => random.gaussian()))
}

/** All scores by double precision, best first. */
function naiveScores(rows: ReadonlyMap<number, Float32Array>, query: Float32Array, allowed?: SlotSet): VectorMatch[] {
  return [...rows]
    .filter(([slot]) => allowed?.has(slot) ?? true)
    .map(([slot, vector]) => ({ slot, score: dot(query, vector) }))
    .sort((a, b) => b.score - a.score || a.slot - b.slot)
}

/** Says that what was found is the best there is, in order, up to scores that single precision cannot tell apart. */
function expectBest(found: readonly VectorMatch[], naive: readonly VectorMatch[], limit: number): void {
  expect(found.length).toBe(Math.min(limit, naive.length))
  expect(new Set(found.map(({ slot }) => slot)).size).toBe(found.length)
  const known = new Map(naive.map(({ slot, score }) => [slot, score]))
  const off = found.filter(({ slot, score }, i) => {
    const before = found[i - 1]
    const inOrder = !before || before.score > score || (before.score === score && before.slot < slot)
    return !inOrder || !(Math.abs(score - known.get(slot)!) < 1e-6) || !(Math.abs(score - naive[i]!.score) < 1e-6)
  })
  expect(off).toEqual([])
}

interface Change {
  readonly slot: number
  /** Which vector is written; the slot is emptied without. */
  readonly seed: number | undefined
}

const change: fc.Arbitrary<Change> = fc.record({
  slot: fc.oneof({ weight: 4, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(1500) }),
  seed: fc.option(fc.nat(30), { nil: undefined, freq: 3 }),
})

/** An index and a plain map that went through the same changes. */
function changed(index: VectorIndex, changes: readonly Change[]): Map<number, Float32Array> {
  const rows = new Map<number, Float32Array>()
  for (const { slot, seed } of changes) {
    const vector = seed === undefined ? undefined : randomUnit(index.dimensions, seed)
    if (vector) index.put(slot, vector)
    else if (slot % 2 === 0) index.delete(slot)
    else index.deleteLater(slot)
    if (vector) rows.set(slot, vector)
    else rows.delete(slot)
    expect(index.get(slot)).toEqual(vector)
  }
  expect(index.count).toBe(rows.size)
  return rows
}

describe.each(engines)('VectorIndex (%s)', (engine) => {
  it('finds what a naive search finds, through writes, deletions and filters, over several memories', () => {
    const property = fc.property(
      fc.constantFrom(...widths),
      fc.array(change, { maxLength: 60 }),
      fc.option(fc.array(fc.nat(1500), { maxLength: 40 })),
      fc.constantFrom(0, 1, 5, 100, Number.POSITIVE_INFINITY),
      (dimensions, changes, others, limit) => {
        const index = new VectorIndex(dimensions, { engine, memoryLimit: 800_000 })
        const rows = changed(index, changes)
        const query = randomUnit(dimensions, 1234)
        const allowed = others ? new SlotSet([...others, ...changes.map(({ slot }) => slot >> 1)]) : undefined
        const [exact, byCodes] = scans.map((scan) => index.search(query, { limit, allowed, scan }))
        expect(byCodes).toEqual(exact)
        expectBest(exact!, naiveScores(rows, query, allowed), limit)
      },
    )
    fc.assert(property, { numRuns: 150 })
  })

  it('scores given slots, in their order, and the empty ones NaN', () => {
    const property = fc.property(
      fc.constantFrom(...widths),
      fc.array(change, { maxLength: 60 }),
      (dimensions, changes) => {
        const index = new VectorIndex(dimensions, { engine, memoryLimit: 800_000 })
        const rows = changed(index, changes)
        const query = randomUnit(dimensions, 1234)
        const slots = [...changes.map(({ slot }) => slot), 3, 7000, -1, 2.5]
        const expected = slots.map((slot) => rows.get(slot)).map((vector) => (vector ? dot(query, vector) : Number.NaN))
        const off = [...index.scoresOf(query, slots)].map((score, i) => Math.abs(score - expected[i]!))
        expect(off.filter((each) => each >= 1e-6)).toEqual([])
        expect(off.map(Number.isNaN)).toEqual(expected.map(Number.isNaN))
      },
    )
    fc.assert(property, { numRuns: 60 })
  })

  it.each([16, 100, 384])(
    'ranks thousands of nearly equal vectors alike with and without codes, %i wide',
    (dimensions) => {
      const random = createRandom(21)
      const base = randomUnit(dimensions, 3)
      const index = new VectorIndex(dimensions, { engine })
      const rows = new Map<number, Float32Array>()
      const apart = [1e-2, 1e-4, 1e-6, 0]
      for (let slot = 0; slot < 3000; slot++) {
        const noise = apart[slot % apart.length]! / Math.sqrt(dimensions)
        const vector = normalize(base.map((value) => value + noise * random.gaussian()))
        index.put(slot, vector)
        rows.set(slot, vector)
      }
      for (const query of [base, randomUnit(dimensions, 4), rows.get(1234)!]) {
        const [exact, byCodes] = scans.map((scan) => index.search(query, { limit: 20, scan }))
        expect(byCodes).toEqual(exact)
        expectBest(exact!, naiveScores(rows, query), 20)
      }
    },
  )

  it.each([16, 20])('puts back a run of slots (%i wide) as it puts each', (dimensions) => {
    const vectors = Array.from({ length: 600 }, (_, seed) => randomUnit(dimensions, seed))
    const flat = new Float32Array(vectors.flatMap((vector) => [...vector]))
    const index = new VectorIndex(dimensions, { engine, memoryLimit: 800_000 })
    index.putBack(200, flat)
    index.delete(203)
    index.put(203, vectors[3]!)
    const single = new VectorIndex(dimensions, { engine })
    for (const [i, vector] of vectors.entries()) single.put(200 + i, vector)
    expect(index.count).toBe(600)
    for (const [i, vector] of vectors.entries()) expect(index.get(200 + i)).toEqual(vector)
    for (const scan of scans) {
      const options = { limit: 9, scan } as const
      expect(index.search(vectors[7]!, options)).toEqual(single.search(vectors[7]!, options))
    }
  })

  it('gives the lower slots where scores are equal', () => {
    const index = new VectorIndex(20, { engine })
    for (let slot = 999; slot >= 0; slot--) index.put(slot, randomUnit(20, slot % 3))
    for (const scan of scans) {
      const found = index.search(randomUnit(20, 1), { limit: 12, scan })
      expect(found.map(({ slot }) => slot)).toEqual([1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 34])
    }
  })

  it('finds a thousand of many', () => {
    const index = new VectorIndex(8, { engine })
    const rows = changed(
      index,
      Array.from({ length: 4000 }, (_, slot) => ({ slot, seed: slot })),
    )
    const [exact, byCodes] = scans.map((scan) => index.search(randomUnit(8, 9999), { limit: 1000, scan }))
    expect(byCodes).toEqual(exact)
    expectBest(exact!, naiveScores(rows, randomUnit(8, 9999)), 1000)
  })

  it('refuses bad vectors, slots, widths and limits, and is as it was', () => {
    const index = new VectorIndex(2, { engine })
    index.put(1, Float32Array.of(1, 0))
    const refused: readonly (readonly [() => unknown, string])[] = [
      [() => index.put(0, Float32Array.of(1)), 'vector has 1 elements: it must have 2'],
      [() => index.put(0, Float32Array.of(1, Number.NaN)), 'vector has a squared length of NaN: it must be finite'],
      [() => index.put(0, Float32Array.of(1, Number.POSITIVE_INFINITY)), 'Infinity: it must be finite'],
      [() => index.put(0, Float32Array.of(1, 3e38)), 'it must be finite'],
      [() => index.put(-1, Float32Array.of(1, 0)), 'slot is -1: it must be a whole number, 0 or more'],
      [() => index.put(0.5, Float32Array.of(1, 0)), 'slot is 0.5: it must be a whole number, 0 or more'],
      [() => index.search(Float32Array.of(1)), 'query has 1 elements: it must have 2'],
      [() => index.search(Float32Array.of(1, Number.NaN)), 'query has a squared length of NaN: it must be finite'],
      [() => index.search(Float32Array.of(3e38, 0)), 'it must be finite, in single precision too'],
      [() => index.scoresOf(Float32Array.of(1), []), 'query has 1 elements: it must have 2'],
      [() => index.search(Float32Array.of(1, 0), { limit: -1 }), 'limit is -1: it must be a whole number'],
      [() => new VectorIndex(0, { engine }), 'dimensions is 0: it must be a whole number of 1 to 8192'],
      [() => new VectorIndex(8193, { engine }), 'dimensions is 8193: it must be a whole number of 1 to 8192'],
    ]
    for (const [run, message] of refused) {
      expect(run).toThrow(TypeError)
      expect(run).toThrow(message)
    }
    expect(index.count).toBe(1)
    expect(index.search(Float32Array.of(1, 0))).toEqual([{ slot: 1, score: 1 }])
  })

  it('empties a slot whose new vector is refused', () => {
    const index = new VectorIndex(2, { engine })
    index.put(0, Float32Array.of(1, 0))
    expect(() => index.put(0, Float32Array.of(Number.NaN, 0))).toThrow(TypeError)
    expect(index.get(0)).toBeUndefined()
    index.put(1, Float32Array.of(0, 1))
    expect(index.search(Float32Array.of(0, 1))).toEqual([{ slot: 1, score: 1 }])
  })

  it('takes at most 1.3 times the bytes of its vectors and codes', () => {
    const index = new VectorIndex(384, { engine })
    for (let slot = 0; slot < 2000; slot++) index.put(slot, randomUnit(384, slot % 5))
    expect(index.byteLength).toBeLessThan(1.3 * 2000 * 384 * 5)
  })
})

describe('the WASM memories of a VectorIndex', () => {
  it('hold no byte of a vector that was deleted or replaced', () => {
    const { made: index, memories } = collectMemories(() => {
      const made = new VectorIndex(40, { engine: 'wasm', memoryLimit: 200_000 })
      for (let slot = 0; slot < 2000; slot++) made.put(slot, randomUnit(40, slot))
      return made
    })
    expect(memories.length).toBeGreaterThan(2)
    for (let slot = 0; slot < 2000; slot++) index.put(slot, new Float32Array(40))
    expect(memories.map(countNonZero)).toEqual(memories.map(() => 0))
    for (let slot = 0; slot < 2000; slot++) index.put(slot, randomUnit(40, slot))
    expect(Math.min(...memories.map(countNonZero))).toBeGreaterThan(10_000)
    for (let slot = 0; slot < 2000; slot++) index.delete(slot)
    expect(memories.map(countNonZero)).toEqual(memories.map(() => 0))
    for (let slot = 0; slot < 2000; slot++) index.put(slot, randomUnit(40, slot))
    for (let slot = 0; slot < 2000; slot++) index.deleteLater(slot)
    expect(index.search(randomUnit(40, 1))).toEqual([])
    // What the search itself writes is all that is left: the query.
    expect(Math.max(...memories.map(countNonZero))).toBeLessThan(1000)
  })

  it('run out with a typed error that names the slot, and what is stored stays', () => {
    const index = new VectorIndex(8192, { engine: 'wasm', memoryLimit: 8_000_000 })
    const error = thrown(() => index.put(3, randomUnit(8192, 1)))
    expect(error).toBeInstanceOf(PerStreamError)
    expect(error).toMatchObject({ code: 'out-of-memory', fields: { slot: 3, byteLength: 0 } })
    expect(index.count).toBe(0)
    expect(index.search(randomUnit(8192, 2))).toEqual([])
  })

  it('are done without where there is no WebAssembly', () => {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: unknown }
    Object.assign(globalThis, { WebAssembly: undefined })
    try {
      expect(new VectorIndex(4).engine).toBe('typescript')
      expect(() => new VectorIndex(4, { engine: 'wasm' })).toThrow(TypeError)
    } finally {
      Object.assign(globalThis, { WebAssembly })
    }
    expect(new VectorIndex(4).engine).toBe('wasm')
  })
})

type MemoryClass = new (descriptor: object) => { readonly buffer: ArrayBuffer }

function collectMemories<Made>(make: () => Made) {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { Memory: MemoryClass } }
  const { Memory } = WebAssembly
  const memories: { readonly buffer: ArrayBuffer }[] = []
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: object) {
      super(descriptor)
      memories.push(this)
    }
  }
  try {
    return { made: make(), memories }
  } finally {
    WebAssembly.Memory = Memory
  }
}

function countNonZero({ buffer }: { readonly buffer: ArrayBuffer }): number {
  return new Uint8Array(buffer).reduce((count, byte) => count + (byte === 0 ? 0 : 1), 0)
}

function thrown(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

describe('changes that wait', () => {
  it('are made in order before a vector is next read, and never to another', () => {
    for (const engine of ['wasm', 'typescript'] as const) {
      const index = new VectorIndex(2, { engine })
      const times = (factor: number) => (vector: Float32Array) => vector.map((value) => value * factor)
      for (let slot = 0; slot < 4; slot++) index.put(slot, Float32Array.of(1, slot))
      const plus = (vector: Float32Array) => vector.map((value) => value + 1)
      index.changeLater(0, times(2))
      index.changeLater(0, plus)
      index.changeLater(1, times(5))
      index.changeLater(2, times(7))
      index.delete(1)
      index.put(2, Float32Array.of(0, 9))
      expect(index.search(Float32Array.of(1, 0), { limit: 9 }).map(({ slot, score }) => [slot, score])).toEqual([
        [0, 3],
        [3, 1],
        [2, 0],
      ])
      index.changeLater(3, times(3))
      expect([index.get(3), index.get(1), index.get(0)]).toEqual([
        Float32Array.of(3, 9),
        undefined,
        Float32Array.of(3, 1),
      ])
      index.changeLater(3, times(2))
      expect([...index.scoresOf(Float32Array.of(0, 1), [0, 3])]).toEqual([1, 18])
    }
  })
})
