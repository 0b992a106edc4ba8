import type { RgbImage } from '@perstream/spec'
import type { Frame as AvFrame } from 'node-av/lib'
import type { BufferPool } from './buffer-pool'
import type { NodeAv } from './node-av-library'
import { isTurned, type Orientation, orient } from './orientation'
import { fitHeight } from './resize-area'

/** Makes RGB copies of decoded frames, in buffers of a pool. */
export interface FrameScaler {
  /** Converts to RGB at a height as shown, with the area filter, honouring colour space, range and orientation. */
  scale(frame: AvFrame, height: number, orientation: Orientation | undefined): RgbImage
  close(): void
}

/** Makes a scaler over FFmpeg's software scaler. */
export function createFrameScaler({ lib, constants }: NodeAv, buffers: BufferPool): FrameScaler {
  const context = new lib.SoftwareScaleContext()
  context.allocContext()
  context.setOption('sws_flags', String(constants.SWS_AREA))
  let target: AvFrame | undefined
  const prepare = (width: number, height: number): AvFrame => {
    if (target?.width === width && target.height === height) return target
    target?.free()
    target = new lib.Frame()
    target.alloc()
    target.width = width
    target.height = height
    target.format = constants.AV_PIX_FMT_RGB24
    target.getBuffer(1)
    return target
  }
  return {
    scale(frame, height, orientation) {
      const turned = isTurned(orientation)
      const shown = turned ? fitHeight(frame.height, frame.width, height) : fitHeight(frame.width, frame.height, height)
      const size = turned ? { width: shown.height, height: shown.width } : shown
      const output = prepare(size.width, size.height)
      // Two fields are scaled as one picture, as ffmpeg does by default; the scaler refuses them under their flag.
      frame.clearFlags(constants.AV_FRAME_FLAG_INTERLACED)
      lib.FFmpegError.throwIfError(context.scaleFrameSync(output, frame), 'scaling a frame')
      const data = buffers.take(size.width * size.height * 3)
      data.set(output.data![0]!.subarray(0, data.length))
      const image = { data, ...size }
      if (!orientation) return image
      const shownImage = orient(image, orientation)
      buffers.give(data.buffer)
      return shownImage
    },
    close() {
      target?.free()
      context.freeContext()
    },
  }
}
