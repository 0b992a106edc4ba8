import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import type { RgbImage } from '@perstream/spec'

/** How a {@link renderBarClip} clip is made. */
export interface BarClipOptions {
  /** Frames, 1 to 16384. */
  readonly frames: number
  /** Default 320 x 240. */
  readonly width?: number | undefined
  readonly height?: number | undefined
  /** Frames a second. Default 30. */
  readonly rate?: number | undefined
  /** Arguments of ffmpeg between the input and the file: codec, filters. Default: H.264 with B-frames, a key frame a second. */
  readonly output?: readonly string[] | undefined
  /** The ffmpeg program. Default `ffmpeg`. */
  readonly ffmpegPath?: string | undefined
}

const bars = 16
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '30', '-crf', '18', '-pix_fmt', 'yuv420p']

/**
 * Renders a clip whose frames show their own number as 16 black or white vertical bars, so that which frame was decoded can
 * be read from its pixels. Needs the ffmpeg program. Rejects with what it says when it fails.
 */
export async function renderBarClip(path: string, options: BarClipOptions): Promise<void> {
  const { frames, width = 320, height = 240, rate = 30, output = h264, ffmpegPath = 'ffmpeg' } = options
  const input = ['-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${width}x${height}`, '-r', String(rate), '-i', 'pipe:0']
  const child = spawn(ffmpegPath, ['-v', 'error', '-y', ...input, ...output, path], {
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (text: Buffer) => {
    errors += text
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new TypeError(`ffmpeg could not render: ${errors}`))))
  })
  child.stdin.on('error', () => child.stdin.destroy())
  for (let n = 0; n < frames && child.stdin.writable; n++)
    if (!child.stdin.write(drawBars(n, width, height))) await drained(child.stdin, ended)
  child.stdin.end()
  await ended
}

function drained(stream: NodeJS.WritableStream, ended: Promise<void>): Promise<unknown> {
  return Promise.race([new Promise((resolve) => stream.once('drain', resolve)), ended])
}

function drawBars(number: number, width: number, height: number): Uint8Array {
  const row = Uint8Array.from({ length: width }, (_, x) => (barOf(number, Math.floor((x * bars) / width)) ? 235 : 16))
  const image = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) image.set(row, y * width)
  return image
}

/** The first bar is white and the last black, so that a turned picture shows which way up it is. */
function barOf(number: number, bar: number): boolean {
  if (bar === 0) return true
  return bar < bars - 1 && ((number >> (bar - 1)) & 1) === 1
}

/** Reads the number that {@link renderBarClip} drew, along `x`, or along `y` for a clip shown turned by a quarter. */
export function readBars(image: RgbImage, axis: 'x' | 'y' = 'x'): number {
  const seen = Array.from({ length: bars }, (_, bar) => {
    const along = Math.floor(((bar + 0.5) * (axis === 'x' ? image.width : image.height)) / bars)
    const at =
      axis === 'x' ? Math.floor(image.height / 2) * image.width + along : along * image.width + (image.width >> 1)
    return image.data[at * 3]! > 128
  })
  if (!seen[0]) seen.reverse()
  if (!seen[0] || seen[bars - 1]) throw new TypeError('the image shows no bars of renderBarClip')
  return seen.slice(1, -1).reduce((number, white, bit) => number + (white ? 2 ** bit : 0), 0)
}

/** How a {@link renderToneClip} clip is made. */
export interface ToneClipOptions {
  /** Length in seconds. */
  readonly seconds: number
  /** When a tone of 1 kHz sounds, in seconds of the picture; between the tones it is silent. */
  readonly bursts: readonly { readonly from: number; readonly to: number }[]
  /** Samples a second. Default 48000. */
  readonly sampleRate?: number | undefined
  /** 'left': two channels, the tone in the left one only. Default 'mono'. */
  readonly channels?: 'mono' | 'left' | undefined
  /** The second at which sound begins to be recorded. Default 0. */
  readonly soundFrom?: number | undefined
  /** A stretch of which no sound was recorded, so that the container has nothing there. */
  readonly hole?: { readonly from: number; readonly to: number } | undefined
  /** False: the file holds sound only. Default true. */
  readonly picture?: boolean | undefined
  /** Arguments of ffmpeg between the inputs and the file: codecs. */
  readonly output: readonly string[]
  /** The ffmpeg program. Default `ffmpeg`. */
  readonly ffmpegPath?: string | undefined
}

/** Renders a clip with bursts of a tone. Needs the ffmpeg program. Rejects with what it says when it fails. */
export async function renderToneClip(path: string, options: ToneClipOptions): Promise<void> {
  const { seconds, bursts, sampleRate = 48000, channels = 'mono', soundFrom = 0, hole, output } = options
  const { picture = true, ffmpegPath = 'ffmpeg' } = options
  const sounds = bursts.map(({ from, to }) => `between(t\\,${from - soundFrom}\\,${to - soundFrom})`).join('+')
  const tone = `0.5*sin(2*PI*1000*t)*(${sounds})`
  const layout = channels === 'left' ? `${tone}|0:c=stereo` : tone
  const sound = `aevalsrc=${layout}:s=${sampleRate}:d=${seconds - soundFrom}`
  const video = ['-f', 'lavfi', '-i', `testsrc2=s=160x120:r=20:d=${seconds}`]
  const gap = hole ? ['-af', `aselect=not(between(t\\,${hole.from}\\,${hole.to}))`] : []
  const inputs = [...(picture ? video : []), '-itsoffset', String(soundFrom), '-f', 'lavfi', '-i', sound]
  await promisify(execFile)(ffmpegPath, ['-v', 'error', '-y', ...inputs, ...gap, ...output, path])
}
