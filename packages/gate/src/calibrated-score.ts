import { cosine, dot, normalize } from '@perstream/kit'
import type { GateContext } from '@perstream/spec'
import { fitDiscriminant } from './discriminant'
import { type CategoryScore, firstMaximum, hasDirection } from './scores'

/** The texts a calibrated score learns from, as unit vectors. */
interface CalibrationSample {
  /** What stands for each category: its heading, and sentences that belong there and are worth remembering. */
  readonly categories: readonly { readonly heading: Float32Array; readonly examples: readonly Float32Array[] }[]
  /** Sentences that are not. */
  readonly background: readonly Float32Array[]
}

/** Scores vectors by the probability that they are worth remembering, 0..1, NaN when none has a direction. */
type CalibratedScore = (vectors: readonly Float32Array[], context: GateContext) => CategoryScore

/** How many random vectors in one may look like text. */
const falseAlarm = 0.01

/**
 * Makes the score that is calibrated for one encoder: the probability by which a vector is nearer to sentences that are
 * worth remembering than to the background. 0 for a vector that is no nearer to any of them than random ones are.
 * Of several vectors the best counts, its odds divided by their number, since many looks find something by chance.
 */
export function createCalibratedScore({ categories, background }: CalibrationSample): CalibratedScore {
  const memories = categories.flatMap(({ examples }) => examples)
  const logOdds = fitDiscriminant(memories, background)
  const known = [...memories, ...background]
  const noise = Math.sqrt((2 * Math.log(known.length / falseAlarm)) / known[0]!.length)
  const typical = typicalSimilarity(memories)
  const probability = (vector: Float32Array, looks: number, recent: readonly Float32Array[]) =>
    nearest(vector, known) <= noise
      ? 0
      : novelty(nearest(vector, recent), typical) / (1 + looks * Math.exp(-logOdds(vector)))

  return (vectors, { recent = [] }) => {
    const units = vectors.filter(hasDirection).map(normalize)
    if (units.length === 0) return { score: Number.NaN, index: 0 }
    const stored = recent.filter(hasDirection).map(normalize)
    const best = firstMaximum(units.map((unit) => probability(unit, units.length, stored)))
    const fits = categories.map((category) => fit(units[best.index]!, category))
    return { score: best.score, index: firstMaximum(fits).index }
  }
}

/** How well a vector fits a category: heading and nearest example together say it better than either. */
function fit(unit: Float32Array, { heading, examples }: CalibrationSample['categories'][number]): number {
  const topic = cosine(unit, heading)
  return topic + (examples.length === 0 ? topic : nearest(unit, examples))
}

/** The largest cosine of a unit vector with others; -1 when there are none. */
function nearest(vector: Float32Array, others: readonly Float32Array[]): number {
  return others.reduce((best, other) => Math.max(best, dot(vector, other)), -1)
}

/** The median cosine of a sentence and the one nearest to it among different ones. */
function typicalSimilarity(texts: readonly Float32Array[]): number {
  const similarities = texts.map((text, i) =>
    nearest(
      text,
      texts.filter((_, j) => j !== i),
    ),
  )
  return similarities.sort((a, b) => a - b)[Math.floor(similarities.length / 2)]!
}

/**
 * 1 for what is no more similar to what was just stored than different sentences are, 0 for the same again. It falls
 * late: sentences that share all words but one can say different things, so only a near copy is held back.
 */
function novelty(similarity: number, typical: number): number {
  const distance = (1 - similarity) / (1 - typical)
  return Math.min(1, Math.max(0, distance)) ** (1 / 8)
}
