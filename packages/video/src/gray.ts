import type { RgbImage } from '@perstream/spec'

/** Converts RGB pixels to grey bytes: (77 R + 150 G + 29 B + 128) >> 8, the usual luma weights in whole numbers. */
export function toGray(image: RgbImage): Uint8Array {
  const { data } = image
  const gray = new Uint8Array(image.width * image.height)
  for (let i = 0, at = 0; i < gray.length; i++, at += 3)
    gray[i] = (77 * data[at]! + 150 * data[at + 1]! + 29 * data[at + 2]! + 128) >> 8
  return gray
}
