import type { Random } from '@perstream/kit'
import { PerStreamError } from '@perstream/spec'

/** How the next token is drawn. */
export interface SamplingOptions {
  /** 0 is greedy. */
  readonly temperature: number
  readonly topK?: number | undefined
  readonly topP: number
}

/**
 * Chooses the next token of a row of logits: the largest (the first of equals), or a draw. As in Hugging Face's
 * transformers the logits are divided by the temperature first, then all but the `topK` largest are dropped, then of
 * the rest all that are not needed for a probability of `topP`. Of equal logits the smaller id counts as larger.
 * @throws PerStreamError `model-invalid` when no logit is a number
 */
export function chooseToken(logits: Float32Array, options: SamplingOptions, random: Random): number {
  const best = largest(logits)
  if (options.temperature === 0) return best
  return draw(logits, logits[best]!, options, random)
}

/** The index of the largest value, NaN passed over. */
function largest(logits: Float32Array): number {
  let best = -1
  let value = Number.NEGATIVE_INFINITY
  for (let i = 0; i < logits.length; i++) {
    if (logits[i]! > value) {
      value = logits[i]!
      best = i
    }
  }
  if (best < 0 || value === Number.POSITIVE_INFINITY) {
    throw new PerStreamError(
      'model-invalid',
      `The model gave no usable logits (the largest is ${best < 0 ? 'NaN' : value}): its weights are damaged, or its numbers overflow (use dtype "f32")`,
    )
  }
  return best
}

function draw(logits: Float32Array, top: number, { temperature, topK, topP }: SamplingOptions, random: Random): number {
  let total = 0
  const weight = (id: number) => {
    const value = Math.exp((logits[id]! - top) / temperature)
    return Number.isNaN(value) ? 0 : value
  }
  if (topK === undefined && topP === 1) {
    for (let id = 0; id < logits.length; id++) total += weight(id)
    return walk(logits.length, (i) => i, weight, random.next() * total)
  }
  const ids = candidates(logits, { top, temperature, topK, topP, weight })
  for (const id of ids) total += weight(id)
  return walk(ids.length, (i) => ids[i]!, weight, random.next() * total)
}

/** The first candidate at which the running sum passes `target`; rounding may leave the last. */
function walk(count: number, id: (i: number) => number, weight: (id: number) => number, target: number): number {
  let sum = 0
  let last = id(0)
  for (let i = 0; i < count; i++) {
    const share = weight(id(i))
    if (share === 0) continue
    last = id(i)
    sum += share
    if (sum > target) return last
  }
  return last
}

interface CandidateOptions extends SamplingOptions {
  readonly top: number
  readonly weight: (id: number) => number
}

/**
 * Ids that are left after topK and topP, likeliest first. Only those near the top are sorted: the bound sinks until
 * enough are above it.
 */
function candidates(logits: Float32Array, { top, temperature, topK, topP, weight }: CandidateOptions): number[] {
  const wanted = Math.min(topK ?? logits.length, logits.length)
  let total = 0
  if (topK === undefined) for (let id = 0; id < logits.length; id++) total += weight(id)
  for (let reach = 8; ; reach *= 2) {
    const bound = top - reach * temperature
    const ids: number[] = []
    for (let id = 0; id < logits.length; id++) if (logits[id]! >= bound) ids.push(id)
    const enough = topK !== undefined ? ids.length >= wanted : sum(ids, weight) >= topP * total
    if (!enough && reach < 1e6) continue
    ids.sort((a, b) => logits[b]! - logits[a]! || a - b)
    const left = ids.slice(0, wanted)
    return topP === 1 ? left : nucleus(left, topP * (topK === undefined ? total : sum(left, weight)), weight)
  }
}

/** The fewest ids from the first on whose weights reach `target`. */
function nucleus(ids: number[], target: number, weight: (id: number) => number): number[] {
  let reached = 0
  for (let i = 0; i < ids.length; i++) {
    reached += weight(ids[i]!)
    if (reached >= target) return ids.slice(0, i + 1)
  }
  return ids
}

function sum(ids: readonly number[], weight: (id: number) => number): number {
  let total = 0
  for (const id of ids) total += weight(id)
  return total
}

/** The natural logarithm of the probability of a token in a row of logits. */
export function logProbability(logits: Float32Array, id: number): number {
  const top = logits[largest(logits)]!
  let total = 0
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i]!
    if (!Number.isNaN(value)) total += Math.exp(value - top)
  }
  return logits[id]! - top - Math.log(total)
}
