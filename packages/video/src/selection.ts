import type { CallOptions, Frame, Keyframe, KeyframeSelector } from '@perstream/spec'

/** The state of choosing keyframes from one stream. */
export interface Selection {
  /** Takes a frame over: keeps it or releases it. Returns the keyframe that is settled with it, if one is. */
  take(frame: Frame, signal: AbortSignal | undefined): Promise<Keyframe | undefined>
  /** The stream has ended: the keyframe that was waiting for more, if one was. */
  finish(): Keyframe | undefined
  /** Releases what is held. */
  release(): void
}

/** Makes a selector that starts a selection for each stream, so that none remembers another's. */
export function selectWith(start: () => Selection): KeyframeSelector {
  return { select: (frames, options) => run(frames, start(), options) }
}

async function* run(
  frames: AsyncIterable<Frame>,
  selection: Selection,
  { signal }: CallOptions = {},
): AsyncGenerator<Keyframe, void, void> {
  try {
    signal?.throwIfAborted()
    for await (const frame of frames) {
      const keyframe = await takeOrRelease(frame, selection, signal)
      if (keyframe) yield keyframe
      signal?.throwIfAborted()
    }
    const last = selection.finish()
    if (last) yield last
  } finally {
    selection.release()
  }
}

async function takeOrRelease(frame: Frame, selection: Selection, signal: AbortSignal | undefined) {
  try {
    signal?.throwIfAborted()
    return await selection.take(frame, signal)
  } catch (error) {
    frame.release()
    throw error
  }
}

/** @throws TypeError unless the value is a finite number above the bound */
export function checkAbove(name: string, value: number, bound: number): void {
  if (!(value > bound && Number.isFinite(value)))
    throw new TypeError(`${name} is ${value}: it must be a number above ${bound}`)
}

/** @throws TypeError unless the value is a finite number, the bound or more */
export function checkAtLeast(name: string, value: number, bound: number): void {
  if (!(value >= bound && Number.isFinite(value)))
    throw new TypeError(`${name} is ${value}: it must be a number, ${bound} or more`)
}
