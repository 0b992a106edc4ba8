import { type View, viewDifference } from './view'

/** Settings of {@link createReadPolicy}. */
interface ReadPolicyOptions {
  /** At most this many frames a second of the source. */
  readonly maxRate: number
  /** Views that differ by fewer grey levels than this are the same. */
  readonly minDifference: number
  /** Frames less sharp than this part of the usual are skipped. */
  readonly minSharpness: number
}

/** Decides which frames are worth a look by a costly model. */
export interface ReadPolicy {
  /** Whether to look at this view now. */
  wants(view: View, seconds: number): boolean
  /** Says that this view was looked at, and whether anything was found. */
  looked(view: View, seconds: number, found: boolean): void
}

/** The same view is looked at this often while something is found in it: readings to vote with. */
const LOOKS = 3
/** Without a look for this long, a blurred frame will do, and a still view is looked at again. */
const PATIENCE_SECONDS = 2
const STILL_SECONDS = 10
/** Sharpness is compared with the median of this many frames. */
const WINDOW = 15

/** Makes a policy for one stream: no two looks too close in time, none at what was just seen, none at a blur. */
export function createReadPolicy({ maxRate, minDifference, minSharpness }: ReadPolicyOptions): ReadPolicy {
  const interval = 1 / maxRate
  const sharpness: number[] = []
  let last: { view: View; seconds: number; looks: number; found: boolean } | undefined

  return {
    wants(view, seconds) {
      sharpness.push(view.sharpness)
      if (sharpness.length > WINDOW) sharpness.shift()
      if (!last) return true
      const since = seconds - last.seconds
      if (since < interval * 0.95) return false
      if (since < PATIENCE_SECONDS && view.sharpness < minSharpness * median(sharpness)) return false
      if (viewDifference(view, last.view) >= minDifference) return true
      return since >= STILL_SECONDS || (last.found && last.looks < LOOKS)
    },
    looked(view, seconds, found) {
      const same = last !== undefined && viewDifference(view, last.view) < minDifference
      last = { view, seconds, found, looks: same ? last!.looks + 1 : 1 }
    },
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
}
