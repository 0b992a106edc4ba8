import type { Frame } from '@perstream/spec'
import { encode } from 'jpeg-js'

const height = 270
const quality = 72

/** Pictures of keyframes for a page, as JPEG data URLs. */
export interface Thumbnails {
  /** Takes a picture of a frame, under its number. */
  take(frame: Frame): Promise<void>
  /** The picture of a frame, unless it was thinned out. */
  of(frameIndex: number): string | undefined
}

/**
 * Keeps at most `most` pictures however long the video is: when there are more, every second one goes, and from then on
 * half as many are taken.
 */
export function createThumbnails(most = 600): Thumbnails {
  let pictures = new Map<number, string>()
  let every = 1
  let seen = 0
  return {
    async take(frame) {
      if (seen++ % every !== 0) return
      pictures.set(frame.index, await picture(frame))
      if (pictures.size <= most) return
      pictures = new Map([...pictures].filter((_, i) => i % 2 === 0))
      every *= 2
    },
    of: (frameIndex) => pictures.get(frameIndex),
  }
}

async function picture(frame: Frame): Promise<string> {
  const { data, width, height: rows } = await frame.pixels({ height })
  const rgba = Buffer.alloc(width * rows * 4, 255)
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba[to] = data[from]!
    rgba[to + 1] = data[from + 1]!
    rgba[to + 2] = data[from + 2]!
  }
  const jpeg = encode({ data: rgba, width, height: rows }, quality)
  return `data:image/jpeg;base64,${jpeg.data.toString('base64')}`
}
