import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Frame, RgbImage } from '@perstream/spec'

const shared = process.env.PERSTREAM_SHARED ?? fileURLToPath(new URL('../../../../shared', import.meta.url))
const folder = join(shared, 'videos')

/** Why the tests on real clips cannot run; undefined when they can. */
export const noClips = !existsSync(folder)
  ? 'no shared material'
  : spawnSync('ffmpeg', ['-version']).error
    ? 'no ffmpeg'
    : undefined

/** Decodes frames of a clip by number, 512 pixels wide. */
export function decodeFrames(clip: string, numbers: readonly number[], height: number): Frame[] {
  const chosen = numbers.map((number) => `eq(n,${number})`).join('+')
  const filter = `select='${chosen}',scale=512:${height}:flags=area`
  const output = ['-fps_mode', 'passthrough', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-']
  const raw = execFileSync('ffmpeg', ['-v', 'error', '-i', join(folder, clip), '-vf', filter, ...output], {
    maxBuffer: 2 ** 28,
  })
  const length = 512 * height * 3
  return numbers.map((number, i) =>
    frameOf({ data: raw.subarray(i * length, (i + 1) * length), width: 512, height }, number),
  )
}

/** A frame of one picture, which counts how often it was read. */
export function frameOf(image: RgbImage, index = 0): Frame & { reads: number } {
  const release = () => {}
  const { width, height } = image
  const frame = {
    index,
    seconds: index / 30,
    width,
    height,
    reads: 0,
    pixels: async () => {
      frame.reads++
      return image
    },
    release,
    [Symbol.dispose]: release,
  }
  return frame
}
