import {
  AV_LOG_WARNING,
  AV_OPT_SEARCH_CHILDREN,
  AV_OPT_TYPE_STRING,
  AV_PIX_FMT_YUV420P,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_SMPTE170M,
  type CodecContext,
  Dictionary,
  Encoder,
  FF_ENCODER_LIBX264,
  FFmpegError,
  Frame,
  Log,
  Muxer,
  Rational,
} from 'node-av'

/** What an encoder writes. */
interface ClipFormat {
  readonly width: number
  readonly height: number
  /** Frames a second, a whole number. */
  readonly frameRate: number
  /** Written as the container's creation time. */
  readonly recordedAt: Date
}

/** Writes frames into one mp4 file. */
interface ClipEncoder {
  /** Adds the next frame as I420 bytes. */
  add(frame: Uint8Array): void
  /** Writes what is still held back, and the index at the front of the file. */
  finish(): void
  /** Lets go of the file, finished or not. */
  close(): void
}

/** Opens an H.264 file for writing; node-av's synchronous calls, since its asynchronous ones need Node 22. */
export function openEncoder(path: string, { width, height, frameRate, recordedAt }: ClipFormat): ClipEncoder {
  const timeBase = { num: 1, den: frameRate }
  Log.setLevel(AV_LOG_WARNING)
  const encoder = Encoder.createSync(FF_ENCODER_LIBX264, {
    context: { gopSize: 2 * frameRate, threadCount: 1 },
    configure(context) {
      context.framerate = new Rational(frameRate, 1)
      context.colorSpace = AVCOL_SPC_SMPTE170M
      context.colorRange = AVCOL_RANGE_MPEG
      // Not through `options`: node-av 6.1.1 frees that dictionary twice, and the process crashes as it ends.
      setOption(context, 'preset', 'veryfast')
      setOption(context, 'crf', '21')
    },
  })
  const muxer = Muxer.openSync(path, {
    format: 'mp4',
    options: { movflags: 'faststart' },
    configure: (context) => {
      context.metadata = Dictionary.fromObject({ creation_time: recordedAt.toISOString() })
    },
  })
  const stream = muxer.addStream(encoder)
  const write = (frame: Frame | null) => {
    for (const packet of encoder.encodeAllSync(frame)) {
      muxer.writePacketSync(packet, stream)
      packet.free()
    }
  }
  let count = 0n
  return {
    add(bytes) {
      const frame = Frame.fromVideoBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
        width,
        height,
        format: AV_PIX_FMT_YUV420P,
        timeBase,
        pts: count++,
      })
      frame.colorSpace = AVCOL_SPC_SMPTE170M
      frame.colorRange = AVCOL_RANGE_MPEG
      frame.duration = 1n
      write(frame)
      frame.free()
    },
    finish: () => write(null),
    close() {
      muxer.closeSync()
      encoder.close()
    },
  }
}

function setOption(context: CodecContext, name: string, value: string): void {
  const code = context.setOption(name, value, AV_OPT_TYPE_STRING, AV_OPT_SEARCH_CHILDREN)
  FFmpegError.throwIfError(code, `libx264 does not take ${name} = ${value}`)
}
