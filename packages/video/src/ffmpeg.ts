import { availableParallelism } from 'node:os'
import {
  type AudioChunk,
  type CallOptions,
  type DriverStatus,
  type FrameSource,
  type FrameSourceDriver,
  type OpenSourceOptions,
  PerStreamError,
} from '@perstream/spec'
import { type FfmpegPrograms, type ReaderPlan, seekTarget } from './ffmpeg-arguments'
import { readFfmpegSound } from './ffmpeg-audio'
import { PacketIndex } from './ffmpeg-index'
import { type Probed, type ProbedSound, probeSound, probeSource } from './ffmpeg-probe'
import { run } from './ffmpeg-process'
import { FfmpegSource } from './ffmpeg-source'
import { type Location, resolveLocation } from './location'
import { type AudioDriver, noSound, type OpenAudioOptions } from './open-audio'
import { fitHeight } from './resize-area'
import { resolveSampling, type Sampling, timeTolerance } from './sampling'
import { soundWarning } from './sound'
import { canBeHeard } from './source-info'
import { createSourceSound, type SourceSound } from './source-sound'

/** Where ffmpeg is, and how it decodes. */
export interface FfmpegOptions {
  /** The ffmpeg program. Default: `ffmpeg` on PATH. */
  readonly ffmpegPath?: string | undefined
  /** The ffprobe program. Default: `ffprobe` on PATH. */
  readonly ffprobePath?: string | undefined
  /** Threads the decoder may use, 1 or more. Default: the machine's, at most 4. */
  readonly threads?: number | undefined
}

const remedy = 'Install ffmpeg (https://ffmpeg.org), or give ffmpegPath and ffprobePath'

/**
 * Makes the driver that reads through the ffmpeg and ffprobe programs (4.4 or newer), which run as processes of their own.
 * A larger copy of a frame decodes again from the key frame before it, which takes 0.1 s or more; live streams and devices
 * have only the small copy.
 */
export function ffmpegDriver(options: FfmpegOptions = {}): FrameSourceDriver & AudioDriver {
  const { ffmpegPath = 'ffmpeg', ffprobePath = 'ffprobe', threads = Math.min(4, availableParallelism()) } = options
  if (!Number.isInteger(threads) || threads < 1)
    throw new TypeError(`threads is ${threads}: it must be a whole number, 1 or more`)
  const programs = { ffmpegPath, ffprobePath, threads }
  return {
    name: 'ffmpeg',
    probe: (callOptions) => probePrograms([ffmpegPath, ffprobePath], callOptions),
    open: (location, openOptions) => open(location, programs, openOptions),
    openAudio: (location, audioOptions) => openAudio(location, programs, audioOptions),
  }
}

async function probePrograms(programs: readonly string[], { signal }: CallOptions = {}): Promise<DriverStatus> {
  let version = ''
  for (const program of programs) {
    const { code, errors, output } = await run(program, ['-version'], signal)
    if (code !== 0) return { available: false, reason: `${program} does not start: ${errors.trim()}`, remedy }
    version ||= /version (\S+)/.exec(output.toString())?.[1] ?? 'unknown'
  }
  return { available: true, version }
}

/** ffmpeg 5.1 renamed the option; builds without a release number are newer than that. */
function passthrough(version: string): string[] {
  const [major, minor] = /^n?(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [99, 0]
  return major! < 5 || (major === 5 && minor! < 1) ? ['-vsync', '0'] : ['-fps_mode', 'passthrough']
}

async function open(
  location: string,
  given: Omit<FfmpegPrograms, 'passthrough'>,
  options: OpenSourceOptions = {},
): Promise<FrameSource> {
  const { signal } = options
  signal?.throwIfAborted()
  const sampling = resolveSampling(options)
  const found = await resolveLocation(location)
  // Side by side: each start of a program costs as much as decoding some frames.
  const [status, probing] = await Promise.allSettled([
    probePrograms([given.ffmpegPath], { signal }),
    probeSource(given, location, found, signal),
  ])
  if (status.status === 'rejected') throw status.reason
  if (!status.value.available) throw driverMissing(status.value.reason)
  if (probing.status === 'rejected') throw probing.reason
  const probed = probing.value
  const programs = { ...given, passthrough: passthrough(status.value.version) }
  const index = found.file ? new PacketIndex(programs, found, probed.stream) : undefined
  const stopIndex = () => void index?.stop()
  signal?.addEventListener('abort', stopIndex, { once: true })
  try {
    const timed = (await index?.isTimed()) ?? false
    if (!timed) await index?.stop()
    const plan = await planReader(found, sampling, probed, timed ? index : undefined)
    signal?.throwIfAborted()
    const range = { start: sampling.start, end: sampling.end }
    const heard = canBeHeard(probed.info)
    const sound = heard ? soundOf(location, { ...options, ...range, location: found, programs, probed }) : undefined
    return new FfmpegSource({ location, programs, probed, plan, sound, index: timed ? index : undefined }, options)
  } catch (error) {
    await index?.stop()
    throw error
  } finally {
    signal?.removeEventListener('abort', stopIndex)
  }
}

function driverMissing(reason: string): PerStreamError {
  return new PerStreamError('source-driver-missing', `${reason}. ${remedy}.`, { fields: { driver: 'ffmpeg' } })
}

async function* openAudio(
  location: string,
  given: Omit<FfmpegPrograms, 'passthrough'>,
  options: OpenAudioOptions = {},
): AsyncGenerator<AudioChunk, void, void> {
  const { signal, start = 0, end = Number.POSITIVE_INFINITY } = options
  signal?.throwIfAborted()
  const found = await resolveLocation(location)
  const status = await probePrograms([given.ffmpegPath], { signal })
  if (!status.available) throw driverMissing(status.reason)
  const probed = await probeSound(given, location, found, signal)
  const programs = { ...given, passthrough: passthrough(status.version) }
  const sound = soundOf(location, { ...options, start, end, location: found, programs, probed })
  if (!sound) throw noSound(location, 'it holds no sound')
  yield* sound.audio(options)
}

/** What the sound of a source is read with. */
interface SoundParts extends OpenSourceOptions {
  readonly start: number
  readonly end: number
  readonly location: Location
  readonly programs: FfmpegPrograms
  readonly probed: ProbedSound
}

function soundOf(name: string, parts: SoundParts): SourceSound | undefined {
  const { location, programs, probed, onWarning } = parts
  const { sound: stream, origin } = probed
  if (stream === undefined) return undefined
  const onDamage = (count: number, seconds: number) => onWarning?.(soundWarning(name, count, seconds))
  return createSourceSound(
    (range, context) => readFfmpegSound({ name, location, programs, stream, origin, range, onDamage, ...context }),
    parts,
  )
}

/** Decides where reading begins; for a start it reads all packets before it, without decoding. */
async function planReader(
  location: Location,
  sampling: Sampling,
  probed: Probed,
  index: PacketIndex | undefined,
): Promise<ReaderPlan> {
  const { info, unit, origin, formatName, stream, timeBase } = probed
  const first = BigInt(Math.ceil((sampling.start + origin - timeTolerance) / unit))
  const seeks = sampling.start > 0 && index !== undefined
  const firstIndex = seeks ? await index.countBefore(first) : index && 0
  const key = seeks ? index.keyBefore(first) : undefined
  return {
    location,
    sampling,
    stream,
    timeBase,
    origin,
    ...fitHeight(info.width, info.height, sampling.height),
    firstIndex,
    seekTo: seekTarget(sampling.start, key === undefined ? undefined : Number(key) * unit - origin, formatName),
  }
}
