import { createRandom } from '@perstream/kit'
import { describe, expect, it } from 'vitest'
import { fitDiscriminant } from './discriminant'

/** Points around a centre. */
function cluster(seed: number, count: number, centre: readonly number[], spread = 0.6): Float32Array[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => Float32Array.from(centre, (value) => value + spread * random.gaussian()))
}

/** Solves A x = b by Gaussian elimination. */
function eliminate(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!])
  for (const [i, pivot] of rows.entries())
    for (const [j, row] of rows.entries()) {
      if (i === j) continue
      const factor = row[i]! / pivot[i]!
      for (let k = 0; k < row.length; k++) row[k]! -= factor * pivot[k]!
    }
  return rows.map((row, i) => row.at(-1)! / row[i]!)
}

/** Weighted ridge regression, solved for the weights of the features; the last feature is the constant 1. */
function regress(points: readonly Float32Array[], targets: readonly number[], weights: readonly number[]): number[] {
  const features = points.map((point) => [...point, 1])
  const size = features[0]!.length
  const sums = (pick: (i: number) => number) => features.reduce((sum, _, i) => sum + weights[i]! * pick(i), 0)
  const matrix = Array.from({ length: size }, (_, a) =>
    Array.from({ length: size }, (_, b) => sums((i) => features[i]![a]! * features[i]![b]!) + (a === b ? 1 : 0)),
  )
  const right = Array.from({ length: size }, (_, a) => sums((i) => features[i]![a]! * targets[i]!))
  return eliminate(matrix, right)
}

/** The log-odds the slow way: one regression for each point left out. */
function naive(first: readonly Float32Array[], second: readonly Float32Array[]): (point: Float32Array) => number {
  const points = [...first, ...second]
  const targets = points.map((_, i) => (i < first.length ? 1 : -1))
  const weights = points.map((_, i) => points.length / 2 / (i < first.length ? first.length : second.length))
  const predict = (beta: readonly number[], point: Float32Array) =>
    [...point, 1].reduce((sum, value, k) => sum + value * beta[k]!, 0)
  const without = <Value>(list: readonly Value[], i: number) => list.filter((_, j) => j !== i)
  const leftOut = points.map((point, i) =>
    predict(regress(without(points, i), without(targets, i), without(weights, i)), point),
  )
  const average = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length
  const spread = (list: readonly number[]) => average(list.map((value) => (value - average(list)) ** 2))
  const [a, b] = [leftOut.slice(0, first.length), leftOut.slice(first.length)]
  const slope = (average(a) - average(b)) / ((spread(a) + spread(b)) / 2)
  const beta = regress(points, targets, weights)
  return (point) => slope * (predict(beta, point) - (average(a) + average(b)) / 2)
}

describe('fitDiscriminant', () => {
  it.each([
    [9, 14],
    [20, 5],
    [3, 3],
  ])('agrees with regressions that leave each example out (%d against %d)', (many, few) => {
    const first = cluster(1, many, [0.5, 0.2, -0.1])
    const second = cluster(2, few, [-0.4, 0.1, 0.3])
    const fast = fitDiscriminant(first, second)
    const slow = naive(first, second)
    for (const point of cluster(3, 20, [0, 0, 0], 1)) expect(fast(point)).toBeCloseTo(slow(point), 3)
  })

  it('is 0 half way between two clusters of equal size and far from 0 at their centres', () => {
    const logOdds = fitDiscriminant(cluster(1, 200, [1, 0], 0.2), cluster(2, 200, [-1, 0], 0.2))
    expect(Math.abs(logOdds(Float32Array.of(0, 0)))).toBeLessThan(3)
    expect(logOdds(Float32Array.of(1, 0))).toBeGreaterThan(10)
    expect(logOdds(Float32Array.of(-1, 0))).toBeLessThan(-10)
  })

  it('gives about as many errors as its probabilities promise', () => {
    const logOdds = fitDiscriminant(cluster(1, 300, [0.5, 0], 0.5), cluster(2, 300, [-0.5, 0], 0.5))
    const tests = [
      ...cluster(3, 2000, [0.5, 0], 0.5).map((point) => ({ point, first: 1 })),
      ...cluster(4, 2000, [-0.5, 0], 0.5).map((point) => ({ point, first: 0 })),
    ]
    const sure = tests.filter(({ point }) => Math.abs(logOdds(point) - Math.log(3)) < 0.3)
    const right = sure.filter(({ first }) => first === 1).length / sure.length
    expect(right).toBeGreaterThan(0.68)
    expect(right).toBeLessThan(0.82)
  })
})
