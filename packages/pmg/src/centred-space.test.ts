import { normalize } from '@perstream/kit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CentredSpace } from './centred-space'
import { VectorIndex } from './vector-index'

const value = fc.double({ min: -1, max: 1, noNaN: true })
const vector = fc
  .array(value, { minLength: 4, maxLength: 4 })
  .filter((values) => Math.hypot(...values) > 0.1)
  .map((values) => normalize(Float32Array.from(values)))

/** The mean of vectors and eight at the origin. */
function meanOf(vectors: readonly Float32Array[]): number[] {
  return [0, 1, 2, 3].map((i) => vectors.reduce((sum, each) => sum + each[i]!, 0) / (vectors.length + 8))
}

function cosineFrom(mean: readonly number[], a: Float32Array, b: Float32Array): number {
  const [left, right] = [a, b].map((each) => mean.map((middle, i) => each[i]! - middle)) as [number[], number[]]
  const product = left.reduce((sum, each, i) => sum + each * right[i]!, 0)
  return product / (Math.hypot(...left) * Math.hypot(...right))
}

describe('CentredSpace', () => {
  it('gives the cosines that are had when the mean is taken from both, and none of empty slots', () => {
    fc.assert(
      fc.property(fc.array(vector, { minLength: 1, maxLength: 40 }), vector, (known, asked) => {
        const index = new VectorIndex(4)
        known.forEach((each, i) => {
          index.put(2 * i, each)
        })
        const space = new CentredSpace(index, 2 * known.length)
        const mean = meanOf(known)
        const found = space.similarities(
          asked,
          known.flatMap((_, i) => [2 * i, 2 * i + 1]),
        )
        known.forEach((each, i) => {
          expect(found[2 * i]!).toBeCloseTo(cosineFrom(mean, asked, each), 3)
          expect(found[2 * i + 1]!).toBeNaN()
        })
        const { mean: middle, deviation } = space.backgroundOf(asked)
        const cosines = known.map((each) => cosineFrom(mean, asked, each))
        const plain = cosines.reduce((sum, each) => sum + each, 0) / (known.length + 8)
        const squares = cosines.reduce((sum, each) => sum + (each - plain) ** 2, 8 * 0.12 ** 2)
        expect(middle).toBeCloseTo(plain, 3)
        expect(deviation).toBeCloseTo(Math.sqrt(squares / (known.length + 8)), 3)
      }),
      { numRuns: 100 },
    )
  })
})
