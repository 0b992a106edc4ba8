import type { AudioChunk, AudioOptions, CallOptions } from '@perstream/spec'
import { placeChunks, resolveSound, type SoundRange } from './sound'

/** What a reader of sound is given beside the range. */
export interface ReadSoundContext {
  readonly signal: AbortSignal
  /** What must be ended, at once, when the source is closed; the reader adds and removes its own. */
  readonly resources: Set<() => Promise<void>>
}

/** Reads sound from its first to its last sample. Leaving the loop frees everything. */
export type ReadSound = (range: SoundRange, context: ReadSoundContext) => AsyncIterable<Float32Array>

/** The sound of an opened source. */
export interface SourceSound {
  audio(options?: AudioOptions): AsyncIterable<AudioChunk>
  /** Ends all readers; loops that are under way end. Idempotent. */
  close(): Promise<void>
}

/** Makes the sound of a source that was opened for some seconds; it is read as often as wanted until it is closed. */
export function createSourceSound(
  read: ReadSound,
  opened: { readonly start: number; readonly end: number } & CallOptions,
): SourceSound {
  const closing = new AbortController()
  const resources = new Set<() => Promise<void>>()
  return {
    audio(options = {}) {
      const range = resolveSound(options, opened)
      const signals = [options.signal, opened.signal, closing.signal].filter((signal) => signal !== undefined)
      return untilClosed(() => read(range, { signal: AbortSignal.any(signals), resources }), range, closing.signal)
    },
    async close() {
      closing.abort()
      await Promise.all([...resources].map((end) => end()))
    },
  }
}

async function* untilClosed(
  start: () => AsyncIterable<Float32Array>,
  range: SoundRange,
  closed: AbortSignal,
): AsyncGenerator<AudioChunk, void, void> {
  if (range.end <= range.start) return
  try {
    yield* placeChunks(start(), range)
  } catch (error) {
    if (error !== closed.reason || !closed.aborted) throw error
  }
}
