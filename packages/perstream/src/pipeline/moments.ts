import type { GateDecision, Keyframe, Moment, PatchGrid } from '@perstream/spec'

/** How keyframes become moments. */
export interface MomentOptions {
  /** Keyframes a moment, at most. */
  readonly bufferSize: number
  /** Sees each keyframe as it is kept. */
  readonly onKeyframe: (keyframe: Keyframe) => void | Promise<void>
  /** Encodes the frames of a moment; absent: moments have no grids. */
  readonly encode?: ((keyframes: readonly Keyframe[]) => Promise<PatchGrid[]>) | undefined
  /** Decides on the grids of a moment; a refused moment goes no further. Absent: every moment goes on. */
  readonly decide?: ((grids: readonly PatchGrid[], keyframes: readonly Keyframe[]) => Promise<GateDecision>) | undefined
}

/** Groups keyframes into moments of `bufferSize`; the last may be shorter. Every keyframe is treated alike. (B-22) */
export async function* groupMoments(
  keyframes: AsyncIterable<Keyframe>,
  options: MomentOptions,
): AsyncGenerator<Moment, void, void> {
  let buffer: Keyframe[] = []
  try {
    for await (const keyframe of keyframes) {
      buffer.push(keyframe)
      await options.onKeyframe(keyframe)
      if (buffer.length < options.bufferSize) continue
      const taken = buffer
      buffer = []
      yield* admit(taken, options)
    }
    const rest = buffer
    buffer = []
    if (rest.length > 0) yield* admit(rest, options)
  } finally {
    releaseKeyframes(buffer)
  }
}

async function* admit(
  keyframes: readonly Keyframe[],
  { encode, decide }: MomentOptions,
): AsyncGenerator<Moment, void, void> {
  if (!encode) return yield { keyframes }
  const grids = await encode(keyframes)
  if (!decide) return yield { keyframes, grids }
  const gate = await decide(grids, keyframes)
  if (gate.remember) yield { keyframes, grids, gate }
  else releaseKeyframes(keyframes)
}

/** Releases the frames of keyframes. */
export function releaseKeyframes(keyframes: readonly Keyframe[]): void {
  for (const { frame } of keyframes) frame.release()
}
