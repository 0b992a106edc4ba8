import type { Frame, Keyframe, KeyframeReason, KeyframeSelector, RgbImage } from '@perstream/spec'
import { checkAbove, checkAtLeast, type Selection, selectWith } from './selection'

/** How {@link createSceneKeyframes} chooses. Times in seconds. */
export interface SceneKeyframeOptions {
  /** Share of the pixels, 0..1, whose colour must have changed since the last keyframe. Above 0. Default 0.4. */
  readonly threshold?: number | undefined
  /** No change is looked for sooner than this after the last keyframe. 0 or more. Default 0.5. */
  readonly shortestGap?: number | undefined
  /** A keyframe is kept at the latest this long after the last one. Default 10. */
  readonly longestGap?: number | undefined
}

/**
 * Makes a selector for changes of scene: it keeps a frame whose colour histogram (4 x 4 x 4 bins of RGB) differs enough from
 * the last keyframe's. It sees new places and lighting, not motion within a place. Holds no frame.
 */
export function createSceneKeyframes(options: SceneKeyframeOptions = {}): KeyframeSelector {
  const { threshold = 0.4, shortestGap = 0.5, longestGap = 10 } = options
  checkAbove('threshold', threshold, 0)
  checkAtLeast('shortestGap', shortestGap, 0)
  checkAbove('longestGap', longestGap, shortestGap)
  return selectWith(() => new SceneSelection({ threshold, shortestGap, longestGap }))
}

interface Settings {
  readonly threshold: number
  readonly shortestGap: number
  readonly longestGap: number
}

class SceneSelection implements Selection {
  private last: { readonly seconds: number; readonly histogram: Float64Array } | undefined

  constructor(private readonly settings: Settings) {}

  async take(frame: Frame, signal: AbortSignal | undefined): Promise<Keyframe | undefined> {
    const histogram = colourHistogram(await frame.pixels({ signal }))
    const reason = this.reasonToKeep(frame.seconds, histogram)
    if (!reason) {
      frame.release()
      return undefined
    }
    this.last = { seconds: frame.seconds, histogram }
    return { frame, reason, motion: 0, sharpness: 0 }
  }

  finish(): undefined {}

  release(): void {}

  private reasonToKeep(seconds: number, histogram: Float64Array): KeyframeReason | undefined {
    if (!this.last) return 'first'
    const gap = seconds - this.last.seconds
    if (gap >= this.settings.longestGap) return 'gap'
    if (gap < this.settings.shortestGap) return undefined
    return difference(histogram, this.last.histogram) >= this.settings.threshold ? 'scene' : undefined
  }
}

/** Share of the pixels in each of 64 colours. */
function colourHistogram({ data, width, height }: RgbImage): Float64Array {
  const bins = new Float64Array(64)
  for (let i = 0; i < data.length; i += 3) {
    const bin = ((data[i]! >> 6) << 4) | ((data[i + 1]! >> 6) << 2) | (data[i + 2]! >> 6)
    bins[bin]! += 1
  }
  return bins.map((count) => count / (width * height))
}

/** Share of the pixels that would have to change colour to make one histogram the other. */
function difference(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / 2
}
