import type { Frame, FrameSource } from '@perstream/spec'

/** A source of flat grey frames, made for tests of the pipeline: one frame each second, its brightness given. */
export function syntheticSource(
  brightness: readonly number[],
  startedAt?: Date,
): FrameSource & { readonly held: () => number } {
  let held = 0
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
    async *[Symbol.asyncIterator]() {
      for (const [index, value] of brightness.entries()) yield frame(value, index)
    },
    async [Symbol.asyncDispose]() {},
  }
}
