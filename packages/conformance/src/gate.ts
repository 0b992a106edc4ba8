import type { RememberGate } from '@perstream/spec'
import { describe, expect, it } from 'vitest'

/** What the contract of a gate is tested with. */
export interface RememberGateFixture {
  readonly gate: RememberGate
  /** Three or more vectors of the gate's space, of different directions, some of them remembered. */
  readonly vectors: readonly Float32Array[]
}

type Create = () => RememberGateFixture | Promise<RememberGateFixture>

/**
 * Tests a `RememberGate` against what its users rely on: a strict threshold, decisions that depend on nothing but their
 * input, and inputs without a direction that are never remembered. Call it inside a test file.
 */
export function rememberGateContract(create: Create): void {
  describe('RememberGate contract', () => {
    decidesByItsThreshold(create)
    remembersNoNoise(create)
    readsItsContext(create)
    it('throws a TypeError for vectors of another length, and for none', async () => {
      const { gate, vectors } = await create()
      const long = new Float32Array(vectors[0]!.length + 1).fill(1)
      expect(() => gate.decide([long])).toThrow(TypeError)
      expect(() => gate.decide([vectors[0]!, long])).toThrow(TypeError)
      expect(() => gate.decide([vectors[0]!], { recent: [long] })).toThrow(TypeError)
      expect(() => gate.decide([])).toThrow(TypeError)
    })
  })
}

function decidesByItsThreshold(create: Create): void {
  it('remembers exactly what scores above the threshold, in one of its categories', async () => {
    const { gate, vectors } = await create()
    const keys = gate.categories.map(({ key }) => key)
    const decisions = [...vectors.map((vector) => gate.decide([vector])), gate.decide(vectors)]
    for (const { remember, score, threshold, mode, category } of decisions) {
      expect(remember).toBe(score > threshold)
      expect({ threshold, mode }).toEqual({ threshold: gate.threshold, mode: gate.mode })
      expect(keys).toContain(category)
    }
    expect(decisions.some(({ remember }) => remember)).toBe(true)
  })

  it('decides the same again whatever came between, and leaves its input alone', async () => {
    const { gate, vectors } = await create()
    const copies = vectors.map((vector) => vector.slice())
    const decide = () => vectors.map((vector) => gate.decide([vector]))
    const first = decide()
    gate.decide(vectors, { recent: vectors })
    expect(decide()).toEqual(first)
    expect(vectors).toEqual(copies)
  })

  it('does not depend on the length of a vector', async () => {
    const { gate, vectors } = await create()
    for (const vector of vectors) {
      const there = gate.decide([vector])
      const scaled = gate.decide([vector.map((value) => value * 4)])
      expect(scaled.score).toBeCloseTo(there.score, 6)
      expect(scaled.category).toBe(there.category)
    }
  })
}

function remembersNoNoise(create: Create): void {
  it.each([0, Number.NaN, Number.POSITIVE_INFINITY])(
    'never remembers a vector of %d: its score is NaN',
    async (value) => {
      const { gate, vectors } = await create()
      const { remember, score, category } = gate.decide([vectors[0]!.map(() => value)])
      expect({ remember, score, category }).toEqual({
        remember: false,
        score: Number.NaN,
        category: gate.categories[0]!.key,
      })
    },
  )
}

function readsItsContext(create: Create): void {
  it('never scores what has just been stored higher, and takes an empty or direction-less context', async () => {
    const { gate, vectors } = await create()
    for (const vector of vectors) {
      const { score } = gate.decide([vector])
      expect(gate.decide([vector], { recent: [vector] }).score).toBeLessThanOrEqual(score)
      expect(gate.decide([vector], { recent: [] }).score).toBe(score)
      expect(gate.decide([vector], { recent: [vector.map(() => 0)] }).score).toBe(score)
    }
  })
}
