import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type CategoryScore, perPatchScore, relativeScore } from '../src/index'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const file = `${process.env.PERSTREAM_SHARED ?? `${root}../shared`}/reference/vectors.json`
const shared = existsSync(file)
const skipped = shared ? '' : ' (skipped: no shared material)'

interface ToyVector {
  id: string
  input: { patches_after_projection: number[][]; categories: number[][]; names: string[]; gamma: number }
  expected: Record<'as_shipped' | 'per_patch_variant', { score: number; category: string; remember: boolean }>
}
interface RangeVector {
  id: string
  expected: {
    all_equal_positive: number
    all_equal_negative: number
    one_hot: number
    one_hot_category: number
    zero_vector_category: number
    one_category_twice_the_rest: { score: number; category: number; 'scaled_x0.001_score': number }
  }
}

function find<Vector extends { id: string }>(id: string): Vector {
  const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }
  const vector = vectors.find((candidate) => candidate.id === id)
  if (!vector) throw new Error(`${file} has no vector ${id}`)
  return vector
}

const rows = (matrix: readonly number[][]) => matrix.map((row) => Float32Array.from(row))
const oneHot = (index: number) => Float32Array.from({ length: 34 }, (_, i) => (i === index ? 1 : 0))

describe('the reference vectors of the gate', () => {
  it.skipIf(!shared)(`D1: as shipped and per patch${skipped}`, () => {
    const { input, expected } = find<ToyVector>('D1-gate-toy')
    const check = ({ score, index }: CategoryScore, truth: ToyVector['expected']['as_shipped']) => {
      expect(score).toBeCloseTo(truth.score, 5)
      expect(input.names[index]).toBe(truth.category)
      expect(score > input.gamma).toBe(truth.remember)
    }
    const [patches, categories] = [rows(input.patches_after_projection), rows(input.categories)]
    check(relativeScore(patches, categories), expected.as_shipped)
    check(perPatchScore(patches, categories), expected.per_patch_variant)
  })

  it.skipIf(!shared)(`D2: the range of the score${skipped}`, () => {
    const { expected } = find<RangeVector>('D2-gate-range')
    const identity = Array.from({ length: 34 }, (_, i) => oneHot(i))
    const score = (vector: Float32Array) => relativeScore([vector], identity)
    const twice = expected.one_category_twice_the_rest
    const profile = oneHot(twice.category).map((value) => 0.1 * (1 + value))
    expect(score(new Float32Array(34).fill(1)).score).toBeCloseTo(expected.all_equal_positive, 5)
    expect(score(new Float32Array(34).fill(-1)).score).toBeCloseTo(expected.all_equal_negative, 5)
    expect(score(oneHot(expected.one_hot_category))).toEqual({
      score: expected.one_hot,
      index: expected.one_hot_category,
    })
    expect(score(new Float32Array(34))).toEqual({ score: Number.NaN, index: expected.zero_vector_category })
    expect(score(profile).score).toBeCloseTo(twice.score, 5)
    expect(score(profile.map((value) => value * 0.001)).score).toBeCloseTo(twice['scaled_x0.001_score'], 5)
    expect(score(profile).index).toBe(twice.category)
  })
})
