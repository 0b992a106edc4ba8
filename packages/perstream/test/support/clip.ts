import { createRequire } from 'node:module'
import { createCanvas, GlobalFonts, type SKRSContext2D } from '@napi-rs/canvas'
import {
  AV_LOG_ERROR,
  AV_OPT_SEARCH_CHILDREN,
  AV_OPT_TYPE_STRING,
  AV_PIX_FMT_YUV420P,
  Dictionary,
  Encoder,
  FF_ENCODER_LIBX264,
  Frame,
  Log,
  Muxer,
  Rational,
} from 'node-av'

const require = createRequire(import.meta.url)
GlobalFonts.registerFromPath(require.resolve('@fontsource/roboto/files/roboto-latin-700-normal.woff2'), 'Roboto Bold')

/** A sign that hangs in the clip for a while. */
export interface Sign {
  readonly lines: readonly string[]
  readonly from: number
  readonly to: number
}

/** What a clip shows, and how it is written. Even sizes. */
export interface ClipOptions {
  readonly seconds: number
  readonly signs?: readonly Sign[]
  readonly width?: number
  readonly height?: number
  readonly frameRate?: number
  /** Written as the container's creation time; absent: it says nothing. */
  readonly createdAt?: string
  /** Default 'mp4'. */
  readonly format?: 'mp4' | 'mpegts'
  /** Puts the index before the frames. */
  readonly faststart?: boolean
}

/** Writes an H.264 mp4 in which the eye sways before a wall of stones on which signs hang. */
export function writeClip(path: string, options: ClipOptions): void {
  const {
    seconds,
    signs = [],
    width = 640,
    height = 360,
    frameRate = 15,
    createdAt,
    faststart = true,
    format = 'mp4',
  } = options
  Log.setLevel(AV_LOG_ERROR)
  const encoder = Encoder.createSync(FF_ENCODER_LIBX264, {
    context: { gopSize: frameRate, threadCount: 1 },
    configure(context) {
      context.framerate = new Rational(frameRate, 1)
      context.setOption('preset', 'veryfast', AV_OPT_TYPE_STRING, AV_OPT_SEARCH_CHILDREN)
    },
  })
  const muxer = Muxer.openSync(path, {
    format,
    ...(faststart && format === 'mp4' && { options: { movflags: 'faststart' } }),
    configure(context) {
      if (createdAt !== undefined) context.metadata = Dictionary.fromObject({ creation_time: createdAt })
    },
  })
  const stream = muxer.addStream(encoder)
  const encode = (frame: Frame | null) => {
    for (const packet of encoder.encodeAllSync(frame)) {
      muxer.writePacketSync(packet, stream)
      packet.free()
    }
  }
  const canvas = createCanvas(width, height)
  const context = canvas.getContext('2d')
  for (let i = 0; i < Math.round(seconds * frameRate); i++) {
    paint(context, { width, height, time: i / frameRate, signs })
    const { data } = context.getImageData(0, 0, width, height)
    const frame = Frame.fromVideoBuffer(Buffer.from(toI420(data, width, height)), {
      width,
      height,
      format: AV_PIX_FMT_YUV420P,
      timeBase: { num: 1, den: frameRate },
      pts: BigInt(i),
    })
    frame.duration = 1n
    encode(frame)
    frame.free()
  }
  encode(null)
  muxer.closeSync()
  encoder.close()
}

interface Scene {
  readonly width: number
  readonly height: number
  readonly time: number
  readonly signs: readonly Sign[]
}

function paint(context: SKRSContext2D, { width, height, time, signs }: Scene): void {
  const sway = { x: 0.04 * width * Math.sin(time * 1.3), y: 0.02 * height * Math.cos(time * 1.7) }
  const stone = Math.max(2, Math.round(height / 9))
  for (let row = -1; row * stone < height + stone; row++)
    for (let column = -1; column * stone < width + stone; column++) {
      const grey = 96 + ((row * 37 + column * 61 + row * column * 17) & 31)
      context.fillStyle = `rgb(${grey}, ${grey - 6}, ${grey - 14})`
      context.fillRect(column * stone + sway.x, row * stone + sway.y, stone + 1, stone + 1)
    }
  const sign = signs.find(({ from, to }) => time >= from && time < to)
  if (!sign) return
  context.fillStyle = '#fdfdf8'
  const line = height / 7
  const top = (height - line * sign.lines.length) / 2 + sway.y
  context.fillRect(0.1 * width + sway.x, top - line / 2, 0.8 * width, line * (sign.lines.length + 1))
  context.fillStyle = '#111'
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.font = `${Math.round(line * 0.62)}px "Roboto Bold"`
  for (const [i, words] of sign.lines.entries()) context.fillText(words, width / 2 + sway.x, top + line * (i + 0.5))
}

/** RGBA to planar YCbCr (BT.601), chroma from the first pixel of each four. */
function toI420(rgba: Uint8ClampedArray, width: number, height: number): Uint8Array {
  const pixels = width * height
  const planes = new Uint8Array(pixels * 1.5)
  for (let i = 0; i < pixels; i++) {
    const [r, g, b] = [rgba[i * 4]!, rgba[i * 4 + 1]!, rgba[i * 4 + 2]!]
    planes[i] = 16 + (65.738 * r + 129.057 * g + 25.064 * b) / 256
  }
  let at = pixels
  for (const [r, g, b] of [
    [-37.945, -74.494, 112.439],
    [112.439, -94.154, -18.285],
  ] as const)
    for (let y = 0; y < height; y += 2)
      for (let x = 0; x < width; x += 2) {
        const i = (y * width + x) * 4
        planes[at++] = 128 + (r * rgba[i]! + g * rgba[i + 1]! + b * rgba[i + 2]!) / 256
      }
  return planes
}
