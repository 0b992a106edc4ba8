import type { Location } from './location'
import { type Sampling, timeTolerance } from './sampling'
import { type SoundRange, soundFilters } from './sound'

/** The two programs, by path or by name on PATH. */
export interface FfmpegPrograms {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  readonly threads: number
  /** `-fps_mode` since 5.1, `-vsync` before. */
  readonly passthrough: readonly string[]
}

/** Gives up on a network peer that stays silent this long, in microseconds. */
const networkPatience = '15000000'

/** The arguments that name an input. */
export function inputArguments({ url, format, file }: Location): string[] {
  const forced = format ? ['-f', format] : []
  if (file) return [...forced, '-i', `file:${url}`]
  if (/^rtsps?:/.test(url)) return ['-timeout', networkPatience, '-i', url]
  if (/^(https?|tcp):/.test(url)) return ['-rw_timeout', networkPatience, '-i', url]
  return [...forced, '-i', url]
}

/** What the frame reader is started for. */
export interface ReaderPlan {
  readonly location: Location
  readonly sampling: Sampling
  readonly stream: number
  readonly timeBase: string
  readonly origin: number
  readonly width: number
  readonly height: number
  /** True number of the first frame at or after the start; undefined: frames are counted from the beginning, unsought. */
  readonly firstIndex: number | undefined
  /** Where to seek for the start, in seconds from the origin: {@link seekTarget}. */
  readonly seekTo: number
}

/**
 * Where ffmpeg is told to seek for a moment, in seconds: a little before it, and a filter then picks the exact frame. A
 * transport stream has no index, so there it goes a second before the key packet that decoding must begin with.
 */
export function seekTarget(seconds: number, key: number | undefined, formatName: string): number {
  const before = /^mpeg/.test(formatName) ? (key ?? 0) - 1 : seconds - 0.002
  return Math.max(0, before)
}

/**
 * The arguments that write raw RGB frames to standard output, "frame: pts:" lines of them to pipe 3, and, where only
 * decoding tells their numbers, such lines of every decoded frame to pipe 4.
 */
export function readerArguments(programs: FfmpegPrograms, plan: ReaderPlan): string[] {
  const { sampling, location, width, height } = plan
  const seeks = plan.firstIndex !== undefined && sampling.start > 0
  const from = seeks ? plan.seekTo : 0
  const seek = from > 0 ? ['-ss', fixed(from)] : []
  const until = Number.isFinite(sampling.end) && location.file ? ['-t', fixed(sampling.end - from + 1)] : []
  const chain = [
    `settb=${plan.timeBase}`,
    ...(plan.firstIndex === undefined ? [printTo(4)] : []),
    ...selection(plan, seeks),
    printTo(3),
    `scale=${width}:${height}:flags=area`,
    'format=rgb24',
  ]
  return [
    ...common(programs),
    ...seek,
    ...until,
    ...inputArguments(location),
    ...output(programs, plan.stream, chain),
    'pipe:1',
  ]
}

/** The arguments that write one frame, larger, to standard output. */
export function copyArguments(
  programs: FfmpegPrograms,
  plan: ReaderPlan,
  frame: { readonly index: number; readonly seekTo: number; readonly time: bigint },
  size: { readonly width: number; readonly height: number },
): string[] {
  const seeks = plan.firstIndex !== undefined
  const seek = seeks && frame.seekTo > 0 ? ['-ss', fixed(frame.seekTo)] : []
  const pick = seeks ? `eq(pts,${frame.time})` : `eq(n,${frame.index})`
  const chain = [
    `settb=${plan.timeBase}`,
    `select='${pick}'`,
    `scale=${size.width}:${size.height}:flags=area`,
    'format=rgb24',
  ]
  return [
    ...common(programs),
    ...seek,
    ...inputArguments(plan.location),
    ...output(programs, plan.stream, chain),
    '-frames:v',
    '1',
    'pipe:1',
  ]
}

/** Where the sound of a source is, and which part of it is read. */
export interface SoundPlan {
  readonly location: Location
  /** Number of its stream. */
  readonly stream: number
  /** Container time of the source's start, in seconds. */
  readonly origin: number
  readonly range: SoundRange
}

/** Seconds before the first sample wanted at which decoding begins: codecs need a little sound to be right. */
const preroll = 1

/** The arguments that write raw mono floats to standard output. */
export function soundArguments(programs: FfmpegPrograms, { location, stream, origin, range }: SoundPlan): string[] {
  const from = range.start - preroll
  const seek = from > 0 ? ['-ss', fixed(from)] : []
  const chain = `asetpts=PTS-(${fixed(origin + range.start)})/TB,${soundFilters(range.sampleRate)}`
  const output = ['-map', `0:${stream}`, '-af', chain, '-f', 'f32le', 'pipe:1']
  return [...common(programs), ...seek, ...inputArguments(location), ...output]
}

function common({ threads }: FfmpegPrograms): string[] {
  return ['-v', 'error', '-nostdin', '-copyts', '-threads', String(threads)]
}

function output({ passthrough }: FfmpegPrograms, stream: number, chain: readonly string[]): string[] {
  return ['-map', `0:${stream}`, '-vf', chain.join(','), ...passthrough, '-f', 'rawvideo']
}

/** Time is known to the filters as container time, in seconds. */
function selection({ sampling, origin, firstIndex }: ReaderPlan, seeks: boolean): string[] {
  const { stride, rate, start, end } = sampling
  const after = start > 0 ? `gte(t,${fixed(start + origin - timeTolerance)})` : '1'
  const before = Number.isFinite(end) ? `*lt(t,${fixed(end + origin - timeTolerance)})` : ''
  if (rate !== undefined) {
    const tick = (time: string) => `floor((${time}-${fixed(start + origin)})*${rate}+${timeTolerance})`
    return [`select='${after}${before}*(isnan(prev_selected_t)+gt(${tick('t')},${tick('prev_selected_t')}))'`]
  }
  if (!seeks) return [`select='${after}${before}*not(mod(n,${stride}))'`]
  return [`select='${after}${before}'`, `select='not(mod(n+${firstIndex! % stride!},${stride}))'`]
}

function printTo(pipe: number): string {
  return `metadata=mode=add:key=n:value=1,metadata=mode=print:file='pipe\\:${pipe}':direct=1,metadata=mode=delete:key=n`
}

function fixed(seconds: number): string {
  return seconds.toFixed(7)
}
