import { type AudioChunk, type CallOptions, PerStreamError } from '@perstream/spec'
import { type VoiceDetector, windowLength } from './voice-detector'

/** A stretch in which somebody speaks. */
export interface SpeechSegment {
  /** At 16 kHz, with a little sound before and after. */
  readonly samples: Float32Array
  /** Where its first sample lies. */
  readonly startSeconds: number
  /** Where speech begins and ends in it. */
  readonly speechFrom: number
  readonly speechTo: number
}

/** What counts as speech, and where it is cut. Seconds. */
export interface SegmentOptions {
  /** How likely somebody speaks in a window that counts as speech, above 0 and below 1. Default 0.5. */
  readonly threshold?: number | undefined
  /** Shorter bursts are no speech. Default 0.25. */
  readonly minSpeech?: number | undefined
  /** A pause this long ends a stretch; what is said around shorter ones is heard together, which is heard better. Default 2. */
  readonly minPause?: number | undefined
  /** Sound kept before and after. Default 0.4. */
  readonly padding?: number | undefined
  /** Longer stretches are cut, in their longest pause. 5 to 30. Default 29. */
  readonly longest?: number | undefined
}

const sampleRate = 16000
const windowSeconds = windowLength / sampleRate
/** Speech goes on while it is at most this much less likely than what begins it. */
const slack = 0.15

/** Finds where somebody speaks. @throws PerStreamError `input-invalid` for sound that is not at 16 kHz */
export async function* speechSegments(
  audio: AsyncIterable<AudioChunk>,
  detector: VoiceDetector,
  options: SegmentOptions & CallOptions = {},
): AsyncGenerator<SpeechSegment, void, void> {
  const segmenter = createSegmenter(options)
  let start: number | undefined
  for await (const { window, startSeconds } of windowsOf(audio)) {
    options.signal?.throwIfAborted()
    start ??= startSeconds
    const found = segmenter.push(window, await detector.next(window, options))
    if (found) yield placed(found, start)
  }
  const last = segmenter.flush()
  if (last && start !== undefined) yield placed(last, start)
}

/** Cuts sound into stretches of one length, where nobody tells speech from silence. */
export async function* fixedSegments(
  audio: AsyncIterable<AudioChunk>,
  seconds = 30,
): AsyncGenerator<SpeechSegment, void, void> {
  let windows: Float32Array[] = []
  let start = 0
  const cut = (): SpeechSegment => {
    const samples = concat(windows)
    const to = start + samples.length / sampleRate
    windows = []
    return { samples, startSeconds: start, speechFrom: start, speechTo: to }
  }
  for await (const { window, startSeconds } of windowsOf(audio)) {
    if (windows.length === 0) start = startSeconds
    windows.push(window)
    if ((windows.length + 1) * windowSeconds > seconds) yield cut()
  }
  if (windows.length > 0) yield cut()
}

/** Cuts chunks into windows; the last is filled up with silence. */
async function* windowsOf(
  audio: AsyncIterable<AudioChunk>,
): AsyncGenerator<{ window: Float32Array; startSeconds: number }, void, void> {
  let window = new Float32Array(windowLength)
  let filled = 0
  let at: number | undefined
  for await (const chunk of audio) {
    if (chunk.sampleRate !== sampleRate)
      throw new PerStreamError('input-invalid', `The sound has ${chunk.sampleRate} samples a second: give 16000.`, {
        fields: { sampleRate: chunk.sampleRate },
      })
    at ??= chunk.startSeconds
    for (let i = 0; i < chunk.samples.length; ) {
      const part = chunk.samples.subarray(i, i + windowLength - filled)
      window.set(part, filled)
      filled += part.length
      i += part.length
      if (filled < windowLength) continue
      yield { window, startSeconds: at }
      at += windowSeconds
      window = new Float32Array(windowLength)
      filled = 0
    }
  }
  if (filled > 0) yield { window, startSeconds: at! }
}

/** A stretch counted in windows from the beginning of the stream. */
interface Cut {
  readonly windows: readonly Float32Array[]
  readonly from: number
  readonly speechFrom: number
  readonly speechTo: number
}

function placed({ windows, from, speechFrom, speechTo }: Cut, start: number): SpeechSegment {
  return {
    samples: concat(windows),
    startSeconds: start + from * windowSeconds,
    speechFrom: start + speechFrom * windowSeconds,
    speechTo: start + speechTo * windowSeconds,
  }
}

/** The stretch under way: windows and how likely each is speech. */
interface Stretch {
  from: number
  windows: Float32Array[]
  likely: number[]
}

function createSegmenter(options: SegmentOptions) {
  const { threshold, minSpeech, minPause, padding, longest } = inWindows(options)
  /** What may become the sound before a stretch. */
  let before: Stretch = { from: 0, windows: [], likely: [] }
  let stretch: Stretch | undefined
  let quiet = 0

  const finish = (taken: Stretch): Cut | undefined => {
    const voiced = taken.likely.flatMap((value, i) => (value >= threshold ? [i] : []))
    if (voiced.length < minSpeech) return undefined
    const end = Math.min(taken.windows.length, voiced.at(-1)! + 1 + padding)
    return {
      windows: taken.windows.slice(0, end),
      from: taken.from,
      speechFrom: taken.from + voiced[0]!,
      speechTo: taken.from + voiced.at(-1)! + 1,
    }
  }

  /** Cuts a stretch that became too long in its longest pause; the rest of it goes on. */
  const split = (long: Stretch): Cut | undefined => {
    const at = pauseOf(long.likely, threshold - slack)
    stretch = after(long, at)
    return finish({ ...long, windows: long.windows.slice(0, at), likely: long.likely.slice(0, at) })
  }

  return {
    push(window: Float32Array, likely: number): Cut | undefined {
      if (!stretch) {
        before = { ...before, windows: [...before.windows, window], likely: [...before.likely, likely] }
        if (likely < threshold) {
          before = after(before, Math.max(0, before.windows.length - padding))
          return undefined
        }
        stretch = before
        quiet = 0
        return undefined
      }
      stretch.windows.push(window)
      stretch.likely.push(likely)
      if (likely >= threshold) quiet = 0
      else if (likely < threshold - slack || quiet > 0) quiet++
      if (quiet >= minPause) {
        const done = stretch
        stretch = undefined
        before = after(done, done.windows.length - Math.min(padding, quiet))
        return finish(done)
      }
      return stretch.windows.length >= longest ? split(stretch) : undefined
    },
    flush: () => stretch && finish(stretch),
  }
}

function after({ from, windows, likely }: Stretch, at: number): Stretch {
  return { from: from + at, windows: windows.slice(at), likely: likely.slice(at) }
}

/** The middle of the longest run of quiet windows in the later two thirds, or the quietest window of them. */
function pauseOf(likely: readonly number[], quiet: number): number {
  const first = Math.floor(likely.length / 3)
  let best = { length: 0, middle: 0 }
  let run = 0
  let quietest = first
  for (let i = first; i < likely.length; i++) {
    run = likely[i]! < quiet ? run + 1 : 0
    if (run >= best.length && run > 0) best = { length: run, middle: i + 1 - Math.floor(run / 2) }
    if (likely[i]! < likely[quietest]!) quietest = i
  }
  return best.length > 0 ? best.middle : Math.max(1, quietest)
}

/** Checks what counts as speech. @throws TypeError that names the field */
export function checkSegmentOptions(options: SegmentOptions): void {
  inWindows(options)
}

function inWindows(options: SegmentOptions) {
  const { threshold = 0.5, minSpeech = 0.25, minPause = 2, padding = 0.4, longest = 29 } = options
  if (!(threshold > 0 && threshold < 1)) throw new TypeError(`threshold is ${threshold}: it must lie between 0 and 1`)
  if (!(longest >= 5 && longest <= 30)) throw new TypeError(`longest is ${longest}: it must be 5 to 30 seconds`)
  for (const [name, value] of Object.entries({ minSpeech, minPause, padding }))
    if (!(value >= 0 && value <= longest))
      throw new TypeError(`${name} is ${value}: it must be seconds, 0 or more and at most longest, ${longest}`)
  const windows = (seconds: number) => Math.round(seconds / windowSeconds)
  return {
    threshold,
    minSpeech: Math.max(1, windows(minSpeech)),
    minPause: Math.max(1, windows(minPause)),
    padding: windows(padding),
    longest: Math.floor(longest / windowSeconds),
  }
}

function concat(windows: readonly Float32Array[]): Float32Array {
  const samples = new Float32Array(windows.length * windowLength)
  for (const [i, window] of windows.entries()) samples.set(window, i * windowLength)
  return samples
}
