import { cosine, mean, norm } from '@perstream/kit'

/** The best category of some vectors, and how well it fits. */
export interface CategoryScore {
  /** NaN when the vectors have no direction. */
  readonly score: number
  /** Index of the best category: the first of equals, 0 when the score is NaN. */
  readonly index: number
}

/**
 * Scores the mean of the vectors as the prototype does: the largest of its cosines after dividing them by their common
 * length. It tells how much one category stands out, not how similar the vectors are to any; scaling all cosines changes
 * nothing. With K categories the range is -1/sqrt(K)..1. BEHAVIOUR section 4.2.
 * @throws TypeError when there are no vectors or their length is not the categories'
 */
export function relativeScore(vectors: readonly Float32Array[], categories: readonly Float32Array[]): CategoryScore {
  return firstMaximum(normalized(cosines(mean(vectors), categories)))
}

/**
 * Scores the mean of the vectors by its largest cosine, -1..1.
 * @throws TypeError when there are no vectors or their length is not the categories'
 */
export function absoluteScore(vectors: readonly Float32Array[], categories: readonly Float32Array[]): CategoryScore {
  return firstMaximum(cosines(mean(vectors), categories))
}

/**
 * Scores each vector by itself as {@link relativeScore} does and takes the best: what the prototype's comments describe
 * but its code does not do (B-17). Vectors without a direction are left out.
 * @throws TypeError when there are no vectors or their length is not the categories'
 */
export function perPatchScore(vectors: readonly Float32Array[], categories: readonly Float32Array[]): CategoryScore {
  if (vectors.length === 0) throw new TypeError('vectors is empty: give at least one')
  const rows = vectors.map((vector) => normalized(cosines(vector, categories))).filter((row) => !row.some(Number.isNaN))
  if (rows.length === 0) return { score: Number.NaN, index: 0 }
  return firstMaximum(categories.map((_, k) => Math.max(...rows.map((row) => row[k]!))))
}

/** The cosine of a vector with each of some others; NaN for all when the vector has no direction. */
function cosines(vector: Float32Array, others: readonly Float32Array[]): number[] {
  return hasDirection(vector) ? others.map((other) => cosine(vector, other)) : others.map(() => Number.NaN)
}

/** Whether a vector is finite and not zero. */
export function hasDirection(vector: Float32Array): boolean {
  const length = norm(vector)
  return length > 0 && Number.isFinite(length)
}

/** The first of the largest numbers; NaN wins over none, so that a list of NaN alone gives NaN at 0. */
export function firstMaximum(values: readonly number[]): CategoryScore {
  let index = 0
  for (let k = 1; k < values.length; k++) if (values[k]! > values[index]!) index = k
  return { score: values[index]!, index }
}

function normalized(values: readonly number[]): number[] {
  const length = Math.hypot(...values)
  return values.map((value) => value / length)
}
