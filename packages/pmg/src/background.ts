import type { GraphState } from './graph-state'

/** How similar memories are to a question that has nothing to do with them, or little. */
export interface Background {
  readonly mean: number
  readonly deviation: number
}

const sampleSize = 512
/** What sentence encoders give two sentences that were drawn by lot; counts as much as this many memories. */
const usual = { mean: 0.15, deviation: 0.12, count: 8 }

/**
 * Measures what a vector's similarity to any memory is: the mean and deviation over 512 of them, evenly chosen, or all where there are
 * fewer. Encoders spread their scores each in their own way, so a similarity says something only against this.
 */
export function backgroundOf(state: GraphState, vector: Float32Array, size = sampleSize): Background {
  const step = Math.max(1, Math.floor(state.slotCount / size))
  const slots = Uint32Array.from({ length: Math.ceil(state.slotCount / step) }, (_, i) => i * step)
  const scores = state.vectors!.scoresOf(vector, slots).filter((score) => !Number.isNaN(score))
  const total = scores.reduce((sum, score) => sum + score, 0)
  const mean = (total + usual.count * usual.mean) / (scores.length + usual.count)
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0)
  const variance = (squares + usual.count * usual.deviation ** 2) / (scores.length + usual.count)
  return { mean, deviation: Math.sqrt(variance) }
}
