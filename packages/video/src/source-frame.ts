import { type CallOptions, type Frame, PerStreamError, type PixelOptions, type RgbImage } from '@perstream/spec'
import type { FrameData } from './node-av-protocol'
import { fitHeight, resizeArea } from './resize-area'

/** Decoded frames that node-av keeps for larger copies: at most this many ... */
export const retainedFrames = 16
/** ... and about this many bytes, but always two. */
export const retainedBytes = 256 * 2 ** 20

/** What a frame asks of the source it came from. */
export interface FrameOwner {
  readonly location: string
  /** Makes a copy larger than the small one; undefined when the decoded frame is gone. */
  enlarge(frame: FrameData, height: number, options: CallOptions): Promise<RgbImage | undefined>
  /** The frame is done with, and so are the images it gave. */
  released(frame: FrameData, images: readonly RgbImage[]): void
}

/** Makes a lazy frame over its small copy. */
export function createSourceFrame(data: FrameData, owner: FrameOwner): Frame {
  let small: RgbImage | undefined = data.small
  const larger: RgbImage[] = []
  const { index, seconds, width, height } = data
  const gone = (why: string) =>
    new PerStreamError('source-unreadable', `Frame ${index} of ${owner.location} has no pixels any more: ${why}.`, {
      fields: { location: owner.location, index },
    })
  const release = () => {
    if (!small) return
    const images = [small, ...larger]
    small = undefined
    owner.released(data, images)
  }
  return {
    index,
    seconds,
    width,
    height,
    release,
    [Symbol.dispose]: release,
    async pixels(options: PixelOptions = {}) {
      options.signal?.throwIfAborted()
      if (!small) throw gone('it was released')
      const wanted = options.height ?? small.height
      if (!Number.isInteger(wanted) || wanted < 1)
        throw new TypeError(`height is ${wanted}: it must be a whole number, 1 or more`)
      if (wanted === small.height || small.height === height) return shrink(small, wanted)
      if (wanted < small.height) return shrink(small, wanted)
      const image = await owner.enlarge(data, Math.min(wanted, height), options)
      if (image) {
        larger.push(image)
        return image
      }
      throw gone('more frames were held than the source keeps for larger copies, or its stream was left')
    },
  }
}

/** What a source says to whoever iterates it a second time. */
export function iteratedBefore(location: string): PerStreamError {
  return new PerStreamError('input-invalid', `${location} was iterated before: open it again to read it again.`, {
    fields: { location },
  })
}

function shrink(image: RgbImage, wanted: number): RgbImage {
  if (wanted >= image.height) return image
  const { width, height } = fitHeight(image.width, image.height, wanted)
  return resizeArea(image, width, height)
}
