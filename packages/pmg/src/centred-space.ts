import { dot } from '@perstream/kit'
import type { VectorIndex } from './vector-index'

/** How similar memories are to a question that has nothing to do with them, or little. */
export interface Background {
  readonly mean: number
  readonly deviation: number
}

const sampleSize = 512
/** As many memories at the origin are counted in, so that the mean of a few is no more than a hint. */
const pull = 8
/** What two sentences that were drawn by lot differ by from their mean; counts as much as this many memories. */
const usual = { mean: 0, deviation: 0.12, count: 8 }

/**
 * Compares vectors by how they differ from the mean memory. What all memories of a person share (a car, a flat, being told by "I") says
 * nothing about which of them a question means, yet makes up much of a sentence embedding (Mu and Viswanath, All-but-the-Top, 2018).
 * The mean is of 512 memories, evenly chosen, or of all where there are fewer.
 */
export class CentredSpace {
  readonly #vectors: VectorIndex
  readonly #sample: Uint32Array
  readonly #mean: Float32Array
  readonly #squared: number

  /** @param around what vectors are seen from: the mean memory, or the origin, from where similarities are plain cosines */
  constructor(vectors: VectorIndex, slotCount: number, around: 'mean' | 'origin' = 'mean') {
    this.#vectors = vectors
    const step = Math.max(1, Math.floor(slotCount / sampleSize))
    this.#sample = Uint32Array.from({ length: Math.ceil(slotCount / step) }, (_, i) => i * step)
    this.#mean = around === 'mean' ? this.#meanOfSample() : new Float32Array(vectors.dimensions)
    this.#squared = dot(this.#mean, this.#mean)
  }

  /** Cosines of a vector (length 1) with those of slots, seen from the mean, in their order; NaN for those that are empty. */
  similarities(vector: Float32Array, slots: ArrayLike<number>): Float32Array {
    return this.centred(vector, slots, this.#vectors.scoresOf(vector, slots))
  }

  /** The same, of products with the vectors of the slots that are known already. */
  centred(vector: Float32Array, slots: ArrayLike<number>, products: Float32Array): Float32Array {
    const toMean = this.#vectors.scoresOf(this.#mean, slots)
    const own = dot(vector, this.#mean)
    const length = this.#lengthFor(own)
    return products.map((score, i) => {
      const lengths = length * this.#lengthFor(toMean[i]!)
      return lengths === 0 ? 0 : (score - own - toMean[i]! + this.#squared) / lengths
    })
  }

  /** The mean and deviation of a vector's similarities: encoders spread them each in their own way, so one says something only against these. */
  backgroundOf(vector: Float32Array, size = sampleSize): Background {
    const step = Math.max(1, Math.floor(this.#sample.length / size))
    const slots = this.#sample.filter((_, i) => i % step === 0)
    // In order, so that the sums are the same whichever slots the memories have.
    const scores = this.similarities(vector, slots)
      .filter((score) => !Number.isNaN(score))
      .sort()
    const total = scores.reduce((sum, score) => sum + score, 0)
    const mean = (total + usual.count * usual.mean) / (scores.length + usual.count)
    const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0)
    const variance = (squares + usual.count * usual.deviation ** 2) / (scores.length + usual.count)
    return { mean, deviation: Math.sqrt(variance) }
  }

  #meanOfSample(): Float32Array {
    const known = Array.from(this.#sample, (slot) => this.#vectors.get(slot)).filter((vector) => vector !== undefined)
    const sum = new Float64Array(this.#vectors.dimensions)
    for (const vector of known) for (let i = 0; i < vector.length; i++) sum[i]! += vector[i]!
    return Float32Array.from(sum, (value) => value / (known.length + pull))
  }

  /** How far from the mean a vector of length 1 is, by its product with the mean. */
  #lengthFor(product: number): number {
    return Math.sqrt(Math.max(0, 1 - 2 * product + this.#squared))
  }
}
