import type { Frame, Keyframe, KeyframeReason, KeyframeSelector } from '@perstream/spec'
import { createFlowKernel, type FlowKernel, type FlowKernelOptions } from './flow-kernel'
import { checkAbove, checkAtLeast, type Selection, selectWith } from './selection'
import { SharpestFrame } from './sharpest-frame'

/** How {@link createFlowKeyframes} chooses. Motion is in pixels of the small copy, times in seconds. */
export interface FlowKeyframeOptions extends FlowKernelOptions {
  /** Motion, summed since the last keyframe, that makes the next one due. Above 0. Default 12. */
  readonly threshold?: number | undefined
  /** No keyframe is due sooner than this after the last was settled. 0 or more. Default 0.6. */
  readonly shortestGap?: number | undefined
  /** A keyframe is settled at the latest with the first frame this long after the last keyframe. Default 3. */
  readonly longestGap?: number | undefined
  /** Frames looked at after motion made a keyframe due, for a sharper one. 0 or more. Default 2. */
  readonly lookAhead?: number | undefined
}

interface Settings {
  readonly threshold: number
  readonly shortestGap: number
  readonly longestGap: number
  readonly lookAhead: number
}

/** Frames that moved less than this part of the threshold show what the last keyframe shows: no candidates. */
const nearby = 0.25

/**
 * Makes the default selector: a keyframe is due when the mean Lucas-Kanade motion, summed over the frames since the last
 * one, reaches the threshold, or when the longest gap is over. The sharpest frame since the last keyframe is taken, of
 * those that moved away from it, since flow alone prefers blur. Holds one frame besides the current one, and yields at
 * least one keyframe of every stream that has a frame. (BEHAVIOUR 1.4 and 1.5, faults B-09 to B-11 corrected)
 */
export function createFlowKeyframes(options: FlowKeyframeOptions = {}): KeyframeSelector {
  const { threshold = 12, shortestGap = 0.6, longestGap = 3, lookAhead = 2, engine } = options
  checkAbove('threshold', threshold, 0)
  checkAtLeast('shortestGap', shortestGap, 0)
  checkAbove('longestGap', longestGap, shortestGap)
  checkAtLeast('lookAhead', lookAhead, 0)
  return selectWith(() => new FlowSelection({ threshold, shortestGap, longestGap, lookAhead }, { engine }))
}

class FlowSelection implements Selection {
  private readonly sharpest = new SharpestFrame()
  private kernel: FlowKernel | undefined
  private due: { readonly reason: KeyframeReason; left: number } | undefined
  private motion = 0
  /** When the last keyframe was settled, and when it was itself; undefined before the first. */
  private settled: { readonly at: number; readonly keyframe: number } | undefined

  constructor(
    private readonly settings: Settings,
    private readonly engine: FlowKernelOptions,
  ) {}

  async take(frame: Frame, signal: AbortSignal | undefined): Promise<Keyframe | undefined> {
    const sharpness = await this.measure(frame, signal)
    if (this.due) this.due.left--
    else this.due = this.becomesDue(frame.seconds)
    if (this.due || this.isAway(frame.seconds)) this.sharpest.offer({ frame, sharpness })
    else frame.release()
    return this.due && (this.due.left <= 0 || this.isOverdue(frame.seconds)) ? this.settle(frame.seconds) : undefined
  }

  finish(): Keyframe | undefined {
    return this.due ? this.settle(0) : undefined
  }

  release(): void {
    this.sharpest.release()
  }

  /** Adds the motion since the frame before; returns the sharpness. */
  private async measure(frame: Frame, signal: AbortSignal | undefined): Promise<number> {
    const image = await frame.pixels({ signal })
    if (this.kernel?.width !== image.width || this.kernel.height !== image.height) {
      this.kernel = createFlowKernel(image.width, image.height, this.engine)
    }
    const { motion, sharpness } = this.kernel.next(image)
    this.motion += motion
    return sharpness
  }

  private becomesDue(seconds: number): { reason: KeyframeReason; left: number } | undefined {
    const { threshold, shortestGap, lookAhead } = this.settings
    if (!this.settled) return { reason: 'first', left: lookAhead }
    if (this.isOverdue(seconds)) return { reason: 'gap', left: 0 }
    const moved = this.motion >= threshold && seconds - this.settled.at >= shortestGap
    return moved ? { reason: 'motion', left: lookAhead } : undefined
  }

  private isOverdue(seconds: number): boolean {
    return this.settled !== undefined && seconds - this.settled.keyframe >= this.settings.longestGap
  }

  /** Whether a frame shows something else than the last keyframe: by motion, or by half of the longest gap. */
  private isAway(seconds: number): boolean {
    const { threshold, longestGap } = this.settings
    return this.motion >= nearby * threshold || seconds - this.settled!.keyframe >= longestGap / 2
  }

  private settle(at: number): Keyframe {
    const { frame, sharpness } = this.sharpest.take()!
    const keyframe = { frame, reason: this.due!.reason, motion: this.motion, sharpness }
    this.settled = { at, keyframe: frame.seconds }
    this.due = undefined
    this.motion = 0
    return keyframe
  }
}
