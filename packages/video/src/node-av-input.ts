import type { CodecContext, FormatContext, Stream } from 'node-av/lib'
import type { Location } from './location'
import type { NodeAv } from './node-av-library'
import type { SourceInfo } from './node-av-protocol'
import { isTurned, type Orientation, readOrientation } from './orientation'
import { readCreationTime } from './source-info'

/** An opened container with its video stream and a ready decoder. */
export interface Input {
  readonly format: FormatContext
  readonly formatName: string
  readonly stream: Stream
  readonly decoder: CodecContext
  /** Whether each frame is known to be one picture, and not two fields. */
  readonly progressive: boolean
  readonly orientation: Orientation | undefined
  readonly info: SourceInfo
  /** Time of the source's start, in units of the stream's time base. */
  readonly origin: number
  /** Seconds of one unit of the stream's time base. */
  readonly unit: number
  close(): void
}

/** An opened container with its sound and a ready decoder. */
export interface AudioInput extends Pick<Input, 'format' | 'stream' | 'decoder' | 'unit' | 'close'> {
  /** Time of the source's start, in seconds: the same for frames and for sound. */
  readonly origin: number
  /** Length in seconds, as the container states it. */
  readonly duration: number | undefined
}

/** Why a source was not opened. */
export class Refusal extends Error {
  constructor(
    readonly code: 'unreadable' | 'no-video' | 'no-sound',
    reason: string,
  ) {
    super(reason)
  }
}

/** Opens a source and the decoder of its best video stream. @throws Refusal */
export function openInput(av: NodeAv, location: Location, threads: number): Input {
  const format = openFormat(av, location)
  try {
    const stream = findVideo(av, format)
    const orientation = streamOrientation(av, stream)
    const unit = unitOf(stream)
    const decoder = openDecoder(av, stream, threads)
    return {
      format,
      formatName: format.iformat?.name ?? '',
      stream,
      decoder,
      progressive: Number(decoder.getOption('field_order')) === av.constants.AV_FIELD_PROGRESSIVE,
      orientation,
      info: describe(av, format, stream, orientation),
      origin: originOf(av, format, stream, unit),
      unit,
      close() {
        decoder.freeContext()
        format.closeInputSync()
      },
    }
  } catch (error) {
    format.closeInputSync()
    throw error
  }
}

/** Opens a source and the decoder of its best sound. @throws Refusal */
export function openAudioInput(av: NodeAv, location: Location): AudioInput {
  const format = openFormat(av, location)
  try {
    const stream = findSound(av, format)
    if (!stream) throw new Refusal('no-sound', 'it holds no sound')
    const decoder = openDecoder(av, stream, 1)
    const clock = bestVideo(av, format) ?? stream
    const clockUnit = unitOf(clock)
    return {
      format,
      stream,
      decoder,
      unit: unitOf(stream),
      origin: originOf(av, format, clock, clockUnit) * clockUnit,
      duration: durationOf(av, format),
      close() {
        decoder.freeContext()
        format.closeInputSync()
      },
    }
  } catch (error) {
    format.closeInputSync()
    throw error
  }
}

/** Gives up on a network peer that stays silent this long, in microseconds. */
const networkPatience = '15000000'

function openFormat({ lib }: NodeAv, location: Location): FormatContext {
  const format = new lib.FormatContext()
  const input = location.format ? lib.InputFormat.findInputFormat(location.format) : null
  if (location.format && !input)
    throw new Refusal('unreadable', `this build of node-av has no input called "${location.format}"`)
  const patience: Record<string, string> = /^[a-z]+:\/\//.test(location.url) ? { rw_timeout: networkPatience } : {}
  if (/^(rtsps?|https?|tcp|udp|rtp):/.test(location.url)) patience.timeout = networkPatience
  const options = lib.Dictionary.fromObject(patience)
  const opened = format.openInputSync(location.url, input, options)
  options.free()
  if (opened < 0) throw new Refusal('unreadable', ffmpegReason(lib, opened))
  const known = format.findStreamInfoSync(null)
  if (known >= 0) return format
  format.closeInputSync()
  throw new Refusal('unreadable', ffmpegReason(lib, known))
}

function ffmpegReason(lib: NodeAv['lib'], code: number): string {
  const text = new lib.FFmpegError(code).message.toLowerCase()
  return text.includes('invalid data')
    ? 'its data is not in a video format that is known here'
    : `ffmpeg says "${text}"`
}

function unitOf({ timeBase }: Stream): number {
  return timeBase.num / timeBase.den
}

/** The sound that is marked as the first choice, else the first: of those that can be decoded. */
function findSound({ lib, constants }: NodeAv, format: FormatContext): Stream | undefined {
  const sounds = format.streams.filter(
    ({ codecpar }) =>
      codecpar.codecType === constants.AVMEDIA_TYPE_AUDIO &&
      codecpar.sampleRate > 0 &&
      lib.Codec.findDecoder(codecpar.codecId) !== null,
  )
  return sounds.find((stream) => stream.hasDisposition(constants.AV_DISPOSITION_DEFAULT)) ?? sounds[0]
}

function findVideo(av: NodeAv, format: FormatContext): Stream {
  const best = bestVideo(av, format)
  if (best) return best
  throw new Refusal('no-video', format.nbStreams === 0 ? 'it holds no streams' : 'it holds sound or data, but no video')
}

function bestVideo({ constants }: NodeAv, format: FormatContext): Stream | undefined {
  const videos = format.streams.filter(
    (stream) =>
      stream.codecpar.codecType === constants.AVMEDIA_TYPE_VIDEO &&
      !stream.hasDisposition(constants.AV_DISPOSITION_ATTACHED_PIC),
  )
  return videos.find((stream) => stream.codecpar.width > 0) ?? videos[0]
}

function openDecoder({ lib }: NodeAv, stream: Stream, threads: number): CodecContext {
  const codec = lib.Codec.findDecoder(stream.codecpar.codecId)
  if (!codec) throw new Refusal('unreadable', 'there is no decoder for its codec')
  const decoder = new lib.CodecContext()
  decoder.allocContext3(codec)
  decoder.parametersToContext(stream.codecpar)
  decoder.pktTimebase = stream.timeBase
  decoder.threadCount = threads
  const opened = decoder.open2Sync(codec, null)
  if (opened >= 0) return decoder
  decoder.freeContext()
  throw new Refusal('unreadable', `its decoder does not open: ${ffmpegReason(lib, opened)}`)
}

function streamOrientation({ constants }: NodeAv, stream: Stream): Orientation | undefined {
  const data = stream.codecpar.getCodedSideData(constants.AV_PKT_DATA_DISPLAYMATRIX)
  if (!data || data.length < 36) return undefined
  return readOrientation(Int32Array.from({ length: 9 }, (_, i) => data.readInt32LE(i * 4)))
}

function describe(av: NodeAv, format: FormatContext, stream: Stream, orientation: Orientation | undefined): SourceInfo {
  const { width, height } = stream.codecpar
  const turned = isTurned(orientation)
  const { num, den } = stream.avgFrameRate
  const tags = { ...(stream.metadata?.getAll() ?? {}), ...(format.metadata?.getAll() ?? {}) }
  return {
    startedAt: readCreationTime(tags),
    duration: durationOf(av, format),
    width: turned ? height : width,
    height: turned ? width : height,
    frameRate: num > 0 && den > 0 ? num / den : undefined,
    hasSound: findSound(av, format) !== undefined,
  }
}

function durationOf({ constants }: NodeAv, { duration }: FormatContext): number | undefined {
  return duration === constants.AV_NOPTS_VALUE || duration <= 0n ? undefined : Number(duration) / 1e6
}

/** The earlier of the container's and the stream's start: some containers report 0 where times are negative. */
function originOf({ constants }: NodeAv, format: FormatContext, stream: Stream, unit: number): number {
  const starts: number[] = []
  if (format.startTime !== constants.AV_NOPTS_VALUE) starts.push(Number(format.startTime) / 1e6 / unit)
  if (stream.startTime !== constants.AV_NOPTS_VALUE) starts.push(Number(stream.startTime))
  return starts.length > 0 ? Math.min(...starts) : 0
}
