import { createRandom } from '@perstream/kit'

/** The share of what is relevant that is among the first `k`, 0..1. */
export function recallAt(ranked: readonly number[], relevant: ReadonlySet<number>, k: number): number {
  return ranked.slice(0, k).filter((id) => relevant.has(id)).length / relevant.size
}

/** 1 when anything relevant is among the first `k`, else 0. */
export function hitAt(ranked: readonly number[], relevant: ReadonlySet<number>, k: number): number {
  return ranked.slice(0, k).some((id) => relevant.has(id)) ? 1 : 0
}

/** One over the rank of the first that is relevant; 0 when there is none. */
export function reciprocalRank(ranked: readonly number[], relevant: ReadonlySet<number>): number {
  const rank = ranked.findIndex((id) => relevant.has(id))
  return rank < 0 ? 0 : 1 / (rank + 1)
}

/** The chance that a score of the first kind is above one of the second; ties count half. NaN when a kind is empty. */
export function areaUnderCurve(positives: readonly number[], negatives: readonly number[]): number {
  let won = 0
  for (const positive of positives)
    for (const negative of negatives) won += positive > negative ? 1 : positive === negative ? 0.5 : 0
  return won / (positives.length * negatives.length)
}

export function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The 95 % interval of the area under the curve: percentile bootstrap over both kinds. */
export function areaInterval(
  positives: readonly number[],
  negatives: readonly number[],
  resamples = 1000,
): [number, number] {
  const random = createRandom(13)
  const drawn = (values: readonly number[]) => values.map(() => random.pick(values))
  const areas = Array.from({ length: resamples }, () => areaUnderCurve(drawn(positives), drawn(negatives)))
  return middle95(areas)
}

/** The 95 % interval of the mean difference of paired values: percentile bootstrap over the pairs. */
export function pairedInterval(a: readonly number[], b: readonly number[], resamples = 5000): [number, number] {
  const differences = a.map((value, i) => value - b[i]!)
  const random = createRandom(11)
  const means = Array.from({ length: resamples }, () => {
    let sum = 0
    for (let i = 0; i < differences.length; i++) sum += random.pick(differences)
    return sum / differences.length
  })
  return middle95(means)
}

function middle95(values: readonly number[]): [number, number] {
  const sorted = [...values].sort((x, y) => x - y)
  return [sorted[Math.floor(0.025 * values.length)]!, sorted[Math.ceil(0.975 * values.length) - 1]!]
}
