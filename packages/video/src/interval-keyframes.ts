import type { Frame, Keyframe, KeyframeSelector } from '@perstream/spec'
import { checkAbove, type Selection, selectWith } from './selection'

/** How {@link createIntervalKeyframes} chooses. */
export interface IntervalKeyframeOptions {
  /** Seconds between keyframes, above 0. Default 1. */
  readonly interval?: number | undefined
}

/**
 * Makes a selector that keeps the first frame, and then the first frame at or after each multiple of the interval from it.
 * It looks at no pixels and holds no frame.
 */
export function createIntervalKeyframes(options: IntervalKeyframeOptions = {}): KeyframeSelector {
  const { interval = 1 } = options
  checkAbove('interval', interval, 0)
  return selectWith(() => new IntervalSelection(interval))
}

class IntervalSelection implements Selection {
  private first: number | undefined
  private tick = 0

  constructor(private readonly interval: number) {}

  async take(frame: Frame): Promise<Keyframe | undefined> {
    const reason = this.first === undefined ? 'first' : 'interval'
    this.first ??= frame.seconds
    const tick = Math.floor((frame.seconds - this.first) / this.interval + 1e-6)
    if (reason === 'interval' && tick <= this.tick) {
      frame.release()
      return undefined
    }
    this.tick = tick
    return { frame, reason, motion: 0, sharpness: 0 }
  }

  finish(): undefined {}

  release(): void {}
}
