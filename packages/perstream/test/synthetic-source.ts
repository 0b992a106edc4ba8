import type { AudioChunk, AudioOptions, Frame, FrameSource } from '@perstream/spec'

/** What else a synthetic source has. */
export interface SyntheticSourceOptions {
  /** The second from which frames are given. Default 0. */
  readonly start?: number
  /** What each second of its sound says, as a number; absent: it has no sound. */
  readonly sound?: readonly number[]
}

/** A source of flat grey frames, made for tests of the pipeline: one frame each second, its brightness given. */
export function syntheticSource(
  brightness: readonly number[],
  startedAt?: Date,
  { start = 0, sound }: SyntheticSourceOptions = {},
): FrameSource & { readonly held: () => number; readonly listening: () => number; readonly heardTo: () => number } {
  let held = 0
  let listening = 0
  let heardTo = 0
  async function* audio({ start: from = start }: AudioOptions = {}): AsyncGenerator<AudioChunk, void, void> {
    listening++
    try {
      for (let at = from; at < sound!.length; at = Math.floor(at) + 1) {
        heardTo = Math.floor(at) + 1
        const samples = new Float32Array(Math.round((heardTo - at) * 100)).fill(sound![Math.floor(at)]! / 100)
        yield { samples, sampleRate: 100, startSeconds: at }
      }
    } finally {
      listening--
    }
  }
  const frame = (value: number, index: number): Frame => {
    let released = false
    held++
    const release = () => {
      if (!released) held--
      released = true
    }
    return {
      index,
      seconds: index,
      width: 8,
      height: 8,
      pixels: async () => ({ data: new Uint8Array(192).fill(value), width: 8, height: 8 }),
      release,
      [Symbol.dispose]: release,
    }
  }
  return {
    location: 'synthetic',
    startedAt,
    duration: brightness.length,
    width: 8,
    height: 8,
    frameRate: 1,
    held: () => held,
    listening: () => listening,
    heardTo: () => heardTo,
    ...(sound && { audio }),
    async *[Symbol.asyncIterator]() {
      for (const [index, value] of brightness.entries()) if (index >= start) yield frame(value, index)
    },
    async [Symbol.asyncDispose]() {},
  }
}
