import { PerStreamError } from '@perstream/spec'
import type { FfmpegPrograms } from './ffmpeg-arguments'
import { inputArguments } from './ffmpeg-arguments'
import { lastError, run } from './ffmpeg-process'
import { diagnose, type Location } from './location'
import type { SourceInfo } from './node-av-protocol'
import { readCreationTime } from './source-info'

/** What ffprobe says of a source. */
export interface Probed {
  readonly info: SourceInfo
  /** Number of the video stream among all. */
  readonly stream: number
  /** Seconds of one unit of time of the stream, as a fraction. */
  readonly timeBase: string
  readonly unit: number
  /** Container time of the source's start, in seconds. */
  readonly origin: number
  readonly formatName: string
  /** Number of the stream of the best sound, or undefined: there is none. */
  readonly sound: number | undefined
  /** Seconds from the origin to the end of the video stream, where something states it. */
  readonly stated: number | undefined
}

interface ProbeStream {
  readonly index: number
  readonly codec_type?: string
  readonly codec_name?: string
  readonly width?: number
  readonly height?: number
  readonly time_base?: string
  readonly avg_frame_rate?: string
  readonly start_time?: string
  readonly duration?: string
  readonly sample_rate?: string
  readonly disposition?: { readonly attached_pic?: number; readonly default?: number }
  readonly tags?: Readonly<Record<string, string>>
  readonly side_data_list?: readonly { readonly rotation?: number }[]
}

interface ProbeOutput {
  readonly streams?: readonly ProbeStream[]
  readonly format?: {
    readonly format_name?: string
    readonly start_time?: string
    readonly duration?: string
    readonly tags?: Readonly<Record<string, string>>
  }
}

/**
 * Asks ffprobe what a source holds.
 * @throws PerStreamError `source-unreadable`, `source-no-video`, `source-driver-missing`
 */
export async function probeSource(
  programs: Pick<FfmpegPrograms, 'ffprobePath'>,
  name: string,
  location: Location,
  signal: AbortSignal | undefined,
): Promise<Probed> {
  const { streams = [], format = {} } = await probe(programs, name, location, signal)
  const video = findVideo(name, streams)
  if (!video.width || !video.height || !video.codec_name || video.codec_name === 'unknown')
    throw await diagnose(name, location, 'its video stream cannot be decoded')
  return describe(video, streams, format)
}

/** Where the sound of a source is. */
export type ProbedSound = Pick<Probed, 'origin'> & { readonly sound: number | undefined }

/**
 * Asks ffprobe where the sound of a source is, whether it has pictures or not.
 * @throws PerStreamError `source-unreadable`, `source-driver-missing`
 */
export async function probeSound(
  programs: Pick<FfmpegPrograms, 'ffprobePath'>,
  name: string,
  location: Location,
  signal: AbortSignal | undefined,
): Promise<ProbedSound> {
  const { streams = [], format = {} } = await probe(programs, name, location, signal)
  const sound = findSound(streams)
  const clock = bestVideo(streams) ?? streams.find(({ index }) => index === sound)
  return { sound, origin: originOf(format, clock) }
}

async function probe(
  programs: Pick<FfmpegPrograms, 'ffprobePath'>,
  name: string,
  location: Location,
  signal: AbortSignal | undefined,
): Promise<ProbeOutput> {
  const args = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', ...inputArguments(location)]
  const { code, errors, output } = await run(programs.ffprobePath, args, signal)
  if (code === null)
    throw new PerStreamError('source-driver-missing', `${programs.ffprobePath} does not start: ${errors}.`, {
      fields: { driver: 'ffmpeg' },
    })
  if (code !== 0) throw await diagnose(name, location, reasonOf(errors, location))
  return JSON.parse(output.toString()) as ProbeOutput
}

function reasonOf(errors: string, { url }: Location): string {
  const said = lastError(errors).replace(`${url}: `, '')
  return /invalid data/i.test(said) ? 'its data is not in a video format that is known here' : `ffmpeg says "${said}"`
}

function bestVideo(streams: readonly ProbeStream[]): ProbeStream | undefined {
  const videos = streams.filter((one) => one.codec_type === 'video' && !one.disposition?.attached_pic)
  return videos.find((one) => (one.width ?? 0) > 0) ?? videos[0]
}

/** The sound that is marked as the first choice, else the first. */
function findSound(streams: readonly ProbeStream[]): number | undefined {
  const sounds = streams.filter(
    (one) =>
      one.codec_type === 'audio' &&
      one.codec_name !== undefined &&
      one.codec_name !== 'unknown' &&
      Number(one.sample_rate ?? 0) > 0,
  )
  return (sounds.find((one) => one.disposition?.default) ?? sounds[0])?.index
}

function originOf(format: NonNullable<ProbeOutput['format']>, stream: ProbeStream | undefined): number {
  const starts = [number(format.start_time), number(stream?.start_time)].filter((start) => start !== undefined)
  return starts.length > 0 ? Math.min(...starts) : 0
}

function findVideo(name: string, streams: readonly ProbeStream[]): ProbeStream {
  const best = bestVideo(streams)
  if (best) return best
  const held = streams.length === 0 ? 'it holds no streams' : 'it holds sound or data, but no video'
  throw new PerStreamError('source-no-video', `${name} has no video to read: ${held}.`, { fields: { location: name } })
}

function describe(
  video: ProbeStream,
  streams: readonly ProbeStream[],
  format: NonNullable<ProbeOutput['format']>,
): Probed {
  const turned = Math.abs(video.side_data_list?.find((one) => one.rotation !== undefined)?.rotation ?? 0) % 180 === 90
  const timeBase = video.time_base ?? '1/1000000'
  const origin = originOf(format, video)
  const sound = findSound(streams)
  const duration = number(format.duration)
  const width = video.width!
  const height = video.height!
  return {
    stream: video.index,
    timeBase,
    unit: fraction(timeBase)!,
    origin,
    formatName: format.format_name ?? '',
    sound,
    stated: statedLength(video, streams.length === 1 ? duration : undefined, origin),
    info: {
      startedAt: readCreationTime({ ...video.tags, ...format.tags }),
      duration: duration && duration > 0 ? duration : undefined,
      width: turned ? height : width,
      height: turned ? width : height,
      frameRate: fraction(video.avg_frame_rate ?? ''),
      hasSound: sound !== undefined,
    },
  }
}

function statedLength(video: ProbeStream, alone: number | undefined, origin: number): number | undefined {
  const own = number(video.duration)
  if (own !== undefined) return own + (number(video.start_time) ?? 0) - origin
  const tag = /^(\d+):(\d+):([\d.]+)$/.exec(video.tags?.DURATION ?? '')
  if (tag) return Number(tag[1]) * 3600 + Number(tag[2]) * 60 + Number(tag[3]) - origin
  return alone
}

function number(text: string | undefined): number | undefined {
  const value = Number.parseFloat(text ?? '')
  return Number.isFinite(value) ? value : undefined
}

function fraction(text: string): number | undefined {
  const [above, below] = text.split('/').map(Number)
  return above && below ? above / below : undefined
}
