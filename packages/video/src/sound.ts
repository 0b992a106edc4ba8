import type { AudioChunk, AudioOptions, Warning } from '@perstream/spec'

/** Which sound is read, checked. Plain data: it crosses to the decoding thread. */
export interface SoundRange {
  /** Samples a second. */
  readonly sampleRate: number
  readonly start: number
  /** Exclusive; infinite: to the end. */
  readonly end: number
}

/** Where no rate is asked for: what speech models take. */
const defaultRate = 16000

/** Checks which sound is wanted; what is not said is as the source was opened. @throws TypeError that names the field */
export function resolveSound(
  { sampleRate = defaultRate, start, end }: AudioOptions,
  opened: { readonly start: number; readonly end: number } = { start: 0, end: Number.POSITIVE_INFINITY },
): SoundRange {
  if (!Number.isInteger(sampleRate) || sampleRate < 1000 || sampleRate > 384_000)
    throw new TypeError(`sampleRate is ${sampleRate}: it must be a whole number from 1000 to 384000`)
  const from = start ?? opened.start
  const to = end ?? opened.end
  if (!(from >= 0 && Number.isFinite(from))) throw new TypeError(`start is ${start}: it must be seconds, 0 or more`)
  if (end !== undefined && !(end > from))
    throw new TypeError(`end is ${end}: it must be seconds after start, which is ${from}`)
  return { sampleRate, start: from, end: to }
}

/**
 * The filters that bring decoded sound to mono floats of a rate, over the times of its frames, which count from the first
 * sample wanted: what lies before is cut, silence is put where nothing was recorded. Channels are averaged.
 */
export function soundFilters(sampleRate: number): string {
  const place = 'async=1:min_hard_comp=0.01:first_pts=0'
  return `aresample=${sampleRate}:${place}:rematrix_maxval=1,aformat=sample_fmts=flt:channel_layouts=mono`
}

/** How many samples there are at most. */
export function soundLength({ sampleRate, start, end }: SoundRange): number {
  return Math.max(0, Math.round((end - start) * sampleRate))
}

/** Where each chunk lies: they follow each other from the start on. */
export async function* placeChunks(
  chunks: AsyncIterable<Float32Array>,
  { sampleRate, start }: SoundRange,
): AsyncGenerator<AudioChunk, void, void> {
  let count = 0
  for await (const samples of chunks) {
    yield { samples, sampleRate, startSeconds: start + count / sampleRate }
    count += samples.length
  }
}

/** The warning for sound that could not all be decoded. */
export function soundWarning(location: string, count: number, seconds: number): Warning {
  const parts = count === 1 ? 'a part' : `${count} parts`
  return {
    code: 'sound-corrupt',
    message: `The sound of ${location} is damaged near ${seconds.toFixed(1)} s: ${parts} could not be decoded, and ${count === 1 ? 'is' : 'are'} silent. The rest is heard.`,
    fields: { location, count, seconds },
  }
}
