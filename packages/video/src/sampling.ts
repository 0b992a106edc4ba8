import type { SamplingOptions } from '@perstream/spec'

/** Sampling options, checked, with their defaults. Plain data: it crosses to the decoding thread. */
export interface Sampling {
  /** Every n-th frame by true number, or undefined when a rate was asked for. */
  readonly stride: number | undefined
  readonly rate: number | undefined
  readonly start: number
  readonly end: number
  readonly height: number
}

/** How far a frame's time may be from a bound and still count as on it: times are rounded on the way here. */
export const timeTolerance = 1e-6

/** Checks sampling options. @throws TypeError that names the field */
export function resolveSampling(options: SamplingOptions): Sampling {
  const { stride, rate, start = 0, end = Number.POSITIVE_INFINITY, height = 224 } = options
  if (stride !== undefined && rate !== undefined)
    throw new TypeError(`stride is ${stride} and rate is ${rate}: give one of them`)
  if (stride !== undefined) checkWhole('stride', stride)
  if (rate !== undefined && !(rate > 0 && Number.isFinite(rate)))
    throw new TypeError(`rate is ${rate}: it must be frames a second, above 0`)
  checkWhole('height', height)
  if (!(start >= 0 && Number.isFinite(start))) throw new TypeError(`start is ${start}: it must be seconds, 0 or more`)
  if (!(end > start)) throw new TypeError(`end is ${end}: it must be seconds after start, which is ${start}`)
  return { stride: rate === undefined ? (stride ?? 4) : undefined, rate, start, end, height }
}

function checkWhole(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new TypeError(`${name} is ${value}: it must be a whole number, 1 or more`)
}

/**
 * Makes the rule that says of each frame, in order, whether it is sampled. By stride: frames whose true number is a
 * multiple of it, so that a later start samples the same frames. By rate: the first frame at or after each tick, ticks
 * counted from `start`.
 */
export function createSampler(sampling: Sampling): (index: number, seconds: number) => boolean {
  const { stride, rate, start, end } = sampling
  let tick = Number.NEGATIVE_INFINITY
  return (index, seconds) => {
    if ((start > 0 && seconds < start - timeTolerance) || seconds >= end - timeTolerance) return false
    if (rate === undefined) return index % stride! === 0
    const now = Math.floor((seconds - start) * rate + timeTolerance)
    if (now <= tick) return false
    tick = now
    return true
  }
}
