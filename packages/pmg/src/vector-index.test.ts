import { createRandom, dot, normalize } from '@perstream/kit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlotSet } from './slot-set'
import { VectorIndex } from './vector-index'

const engines = ['wasm', 'typescript'] as const
const scans = ['f32', 'int8'] as const
const widths = [1, 3, 7, 16, 33, 384, 512]

type Rows = ReadonlyMap<number, Float32Array>

function randomUnit(dimensions: number, seed: number): Float32Array {
  const random = createRandom(seed)
  return normalize(Float32Array.from({ length: dimensions }, () => random.gaussian()))
}

/** All scores, exact to double precision, best first. */
function naiveScores(rows: Rows, query: Float32Array, allowed?: SlotSet) {
  return [...rows]
    .filter(([slot]) => allowed?.has(slot) ?? true)
    .map(([slot, vector]) => ({ slot, score: dot(query, vector) }))
    .sort((a, b) => b.score - a.score || a.slot - b.slot)
}

/** Says that what was found is the best there is, in order, up to scores that single precision cannot tell apart. */
function expectBest(
  found: readonly { slot: number; score: number }[],
  naive: readonly { slot: number; score: number }[],
  limit: number,
) {
  expect(found.length).toBe(Math.min(limit, naive.length))
  const known = new Map(naive.map(({ slot, score }) => [slot, score]))
  expect(new Set(found.map(({ slot }) => slot)).size).toBe(found.length)
  found.forEach(({ slot, score }, i) => {
    expect(Math.abs(score - known.get(slot)!)).toBeLessThan(1e-6)
    expect(Math.abs(score - naive[i]!.score)).toBeLessThan(2e-6)
    const before = found[i - 1]
    if (before) expect(before.score > score || (before.score === score && before.slot < slot)).toBe(true)
  })
}

type Change = { readonly slot: number; readonly seed: number | undefined }

const change: fc.Arbitrary<Change> = fc.record({
  slot: fc.oneof({ weight: 4, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(1500) }),
  seed: fc.option(fc.nat(30), { nil: undefined, freq: 3 }),
})

describe.each(engines)('VectorIndex (%s)', (engine) => {
  it('finds what a naive search finds, through writes, deletions and filters', () => {
    const property = fc.property(
      fc.constantFrom(...widths),
      fc.array(change, { maxLength: 60 }),
      fc.option(fc.array(fc.nat(1500), { maxLength: 40 })),
      fc.constantFrom(0, 1, 5, 100, Number.POSITIVE_INFINITY),
      (dimensions, changes, allowedSlots, limit) => {
        const index = new VectorIndex(dimensions, { engine, memoryLimit: 800_000 })
        const rows = new Map<number, Float32Array>()
        for (const { slot, seed } of changes) apply(index, rows, slot, seed, dimensions)
        expect(index.count).toBe(rows.size)
        const query = randomUnit(dimensions, 1234)
        const allowed = allowedSlots
          ? new SlotSet([...allowedSlots, ...changes.map((each) => (each.slot / 2) | 0)])
          : undefined
        const naive = naiveScores(rows, query, allowed)
        const [first, second] = scans.map((scan) => index.search(query, { limit, allowed, scan }))
        expect(second).toEqual(first)
        expectBest(first!, naive, limit)
        const slots = [...changes.map((each) => each.slot), 3, 7000]
        index.scoresOf(query, slots).forEach((score, i) => {
          const vector = rows.get(slots[i]!)
          if (vector) expect(Math.abs(score - dot(query, vector))).toBeLessThan(1e-6)
          else expect(score).toBeNaN()
        })
      },
    )
    fc.assert(property, { numRuns: 150 })
  })
})

function apply(
  index: VectorIndex,
  rows: Map<number, Float32Array>,
  slot: number,
  seed: number | undefined,
  dimensions: number,
): void {
  if (seed === undefined) {
    index.delete(slot)
    rows.delete(slot)
    expect(index.get(slot)).toBeUndefined()
    return
  }
  const vector = randomUnit(dimensions, seed)
  index.put(slot, vector)
  rows.set(slot, vector)
  expect(index.get(slot)).toEqual(vector)
}
