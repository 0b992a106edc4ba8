/** Which frames the prototype samples, and the numbers it reports for them. */
export interface CompatFrameIds {
  /** The true number of each frame that was read. */
  readonly frames: readonly number[]
  /** The number reported for each: position times stride, too small after a failed read. (fault B-08) */
  readonly reported: readonly number[]
}

/** What {@link compatFrameIds} samples from. */
export interface CompatFrameIdsOptions {
  /** Frames the video has. */
  readonly videoFrames: number
  /** Every n-th. Default 16, as the function's; the prototype's main loop passes 4. */
  readonly sampleRate?: number | undefined
  /** Frames from this number on are never looked at. Default 2000. (fault B-07) */
  readonly totalFrames?: number | undefined
  /** Numbers of frames whose reading fails. */
  readonly failing?: readonly number[] | undefined
}

/** Lists the prototype's sampled frames and the numbers it reports. `frames` is the corrected report. (vector A2) */
export function compatFrameIds(options: CompatFrameIdsOptions): CompatFrameIds {
  const { videoFrames, sampleRate = 16, totalFrames = 2000, failing = [] } = options
  const frames: number[] = []
  for (let i = 0; i < Math.min(videoFrames, totalFrames); i += sampleRate) if (!failing.includes(i)) frames.push(i)
  return { frames, reported: frames.map((_, position) => position * sampleRate) }
}

/** The prototype's keyframe sampler, with the variable it keeps for the life of the process made visible. */
export interface CompatSampler<Item> {
  /** The last frame looked at, of whichever video; undefined before the first comparison. */
  readonly last: Item | undefined
  /** Returns the positions kept of one video's sampled frames. */
  sample(frames: readonly Item[]): number[]
}

/** How {@link createCompatSampler} decides. */
export interface CompatSamplerOptions<Item> {
  /** Whether the scene changed from the last frame to the current one. */
  readonly isChange: (last: Item, current: Item) => boolean
  /** Forget the last frame at the start of each video, and compare the first pair too. Default false: as shipped. */
  readonly corrected?: boolean | undefined
}

/**
 * Makes the prototype's sampler. Position 0 is always kept and never remembered, so the first pair of the first video is
 * not compared, and later videos are compared with the one before. (BEHAVIOUR 1.4, fault B-10, vector A6)
 */
export function createCompatSampler<Item>(options: CompatSamplerOptions<Item>): CompatSampler<Item> {
  const { isChange, corrected = false } = options
  let last: Item | undefined
  const compare = (frame: Item): boolean => {
    const before = last
    last = frame
    return before !== undefined && isChange(before, frame)
  }
  return {
    get last() {
      return last
    },
    sample(frames) {
      if (corrected) last = frames[0]
      return frames.flatMap((frame, position) => (position === 0 || compare(frame) ? [position] : []))
    },
  }
}
