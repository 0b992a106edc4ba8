import type { FrameSourceDriver } from '@perstream/spec'
import { ffmpegDriver } from '@perstream/video/ffmpeg'
import { nodeAvDriver } from '@perstream/video/node-av'

/** A driver by name, with a number of decoder threads. */
export function driverNamed(name: string, threads: number): FrameSourceDriver {
  if (name === 'node-av') return nodeAvDriver({ threads })
  if (name === 'ffmpeg') return ffmpegDriver({ threads })
  throw new TypeError(`driver is "${name}": it must be node-av or ffmpeg`)
}
