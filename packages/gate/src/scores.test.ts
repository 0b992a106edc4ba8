import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { absoluteScore, perPatchScore, relativeScore } from './scores'

const vector = (...values: number[]) => Float32Array.from(values)
const oneHot = (index: number, size = 34) => Float32Array.from({ length: size }, (_, i) => (i === index ? 1 : 0))
const identity = Array.from({ length: 34 }, (_, i) => oneHot(i))

describe('vector D1: two patches, three categories', () => {
  const patches = [vector(1, 0, 0), vector(0, 2, 0)]
  const categories = [vector(1, 0, 0), vector(0, 1, 0), vector(3, 4, 0)]

  it('relative averages the patches first', () => {
    const { score, index } = relativeScore(patches, categories)
    expect(score).toBeCloseTo(0.701334, 5)
    expect(index).toBe(2)
  })

  it('per-patch takes the best patch', () => {
    const { score, index } = perPatchScore(patches, categories)
    expect(score).toBeCloseTo(0.857493, 5)
    expect(index).toBe(0)
  })

  it('absolute is the largest cosine', () => {
    const { score, index } = absoluteScore(patches, categories)
    expect(score).toBeCloseTo(0.98387, 5)
    expect(index).toBe(2)
  })
})

describe('vector D2: the range of the relative score with 34 categories', () => {
  const score = (values: ArrayLike<number>) => relativeScore([Float32Array.from(values)], identity)
  const twice = oneHot(7).map((value) => 0.1 + 0.1 * value)

  it('is 1/sqrt(34) when all cosines are equal, negative when they are', () => {
    expect(score(new Float32Array(34).fill(1)).score).toBeCloseTo(0.171499, 5)
    expect(score(new Float32Array(34).fill(-1)).score).toBeCloseTo(-0.171499, 5)
    expect(score(new Float32Array(34).fill(1)).index).toBe(0)
  })

  it('is 1 when one cosine alone is not zero', () => {
    expect(score(oneHot(5))).toEqual({ score: 1, index: 5 })
  })

  it('is the same for cosines a thousandth as large', () => {
    expect(score(twice).score).toBeCloseTo(0.328798, 5)
    expect(score(twice.map((value) => value * 0.001)).score).toBeCloseTo(0.328798, 5)
    expect(score(twice).index).toBe(7)
  })

  it('is NaN, first category, for the zero vector and when all cosines are zero', () => {
    expect(score(new Float32Array(34))).toEqual({ score: Number.NaN, index: 0 })
    expect(relativeScore([vector(0, 1)], [vector(1, 0)])).toEqual({ score: Number.NaN, index: 0 })
  })
})

const matrix = (rows: number) =>
  fc.array(
    fc
      .array(fc.integer({ min: -50, max: 50 }), { minLength: 5, maxLength: 5 })
      .filter((row) => row.some((x) => x !== 0)),
    { minLength: rows, maxLength: rows },
  )
const vectors = (rows: readonly number[][]) => rows.map((row) => Float32Array.from(row))

describe('properties', () => {
  it('relative agrees with a naive computation', () => {
    fc.assert(
      fc.property(matrix(3), matrix(6), (patches, categories) => {
        const average = categories[0]!.map((_, d) => patches.reduce((sum, row) => sum + row[d]!, 0) / patches.length)
        fc.pre(average.some((value) => value !== 0))
        const length = (row: number[]) => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0))
        const cosines = categories.map(
          (row) => row.reduce((sum, value, d) => sum + value * average[d]!, 0) / (length(row) * length(average)),
        )
        fc.pre(length(cosines) > 1e-3)
        expect(relativeScore(vectors(patches), vectors(categories)).score).toBeCloseTo(
          Math.max(...cosines) / length(cosines),
          4,
        )
      }),
    )
  })

  it('no score depends on the length of a single vector, nor relative and absolute on the length of categories', () => {
    fc.assert(
      fc.property(matrix(1), matrix(6), fc.integer({ min: -8, max: 8 }), (patches, categories, power) => {
        const scaled = vectors(patches).map((row) => row.map((value) => value * 2 ** power))
        for (const score of [relativeScore, absoluteScore, perPatchScore])
          expect(score(scaled, vectors(categories))).toEqual(score(vectors(patches), vectors(categories)))
      }),
    )
  })

  it('the order of the categories changes the index alone', () => {
    fc.assert(
      fc.property(matrix(2), matrix(6), (patches, categories) => {
        for (const score of [relativeScore, absoluteScore, perPatchScore]) {
          const there = score(vectors(patches), vectors(categories))
          const back = score(vectors(patches), vectors([...categories].reverse()))
          if (Number.isNaN(there.score)) expect(back.score).toBeNaN()
          else expect(back.score).toBeCloseTo(there.score, 10)
        }
      }),
    )
  })

  it('the first of equal categories wins', () => {
    const categories = [vector(0, 1), vector(1, 0), vector(1, 0)]
    for (const score of [relativeScore, absoluteScore, perPatchScore])
      expect(score([vector(2, 0)], categories).index).toBe(1)
  })
})

describe('vectors without a direction', () => {
  const categories = [vector(1, 0), vector(0, 1)]

  it.each([0, Number.NaN, Number.POSITIVE_INFINITY])('of %d give NaN', (value) => {
    for (const score of [relativeScore, absoluteScore, perPatchScore])
      expect(score([vector(value, value)], categories)).toEqual({ score: Number.NaN, index: 0 })
  })

  it('are left out where each patch counts by itself', () => {
    expect(perPatchScore([vector(Number.NaN, 1), vector(0, 3)], categories)).toEqual({ score: 1, index: 1 })
  })

  it('make the average NaN', () => {
    expect(relativeScore([vector(Number.NaN, 1), vector(0, 3)], categories).score).toBeNaN()
  })

  it('must be at least one, of one length', () => {
    for (const score of [relativeScore, absoluteScore, perPatchScore]) {
      expect(() => score([], categories)).toThrow(TypeError)
      expect(() => score([vector(1, 2, 3)], categories)).toThrow(TypeError)
    }
  })
})
