import type { RgbImage } from '@perstream/spec'

/** Planes of red, green and blue, normalised; row-major, `data.length === 3 * height * width`. */
export interface ClipImage {
  readonly data: Float32Array
  readonly width: number
  readonly height: number
}

const means = [0.48145466, 0.4578275, 0.40821073]
const deviations = [0.26862954, 0.26130258, 0.27577711]
const side = 224

/** The prototype's size of a frame at a target height: width truncated. Enlarges too. (vector A1) */
export function compatSize(width: number, height: number, target = 224): { width: number; height: number } {
  return { width: Math.trunc((target * width) / height), height: target }
}

/**
 * Prepares a frame as the prototype's CLIP processor does: centre crop to 224 x 224, scaled to 0..1, normalised. The frame
 * must be 224 high and at least 224 wide, or 224 wide and at least 224 high, so that its resize has nothing to do.
 * (BEHAVIOUR 1.3, vector A7)
 * @throws TypeError when its shorter edge is not 224
 */
export function clipPreprocess(image: RgbImage): ClipImage {
  if (Math.min(image.width, image.height) !== side)
    throw new TypeError(`image is ${image.width}x${image.height}: its shorter edge must be ${side}, resize it before`)
  const left = Math.trunc((image.width - side) / 2)
  const top = Math.trunc((image.height - side) / 2)
  const data = new Float32Array(3 * side * side)
  for (let channel = 0, to = 0; channel < 3; channel++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++, to++) {
        const byte = image.data[((y + top) * image.width + x + left) * 3 + channel]!
        data[to] = (byte / 255 - means[channel]!) / deviations[channel]!
      }
  return { data, width: side, height: side }
}

/** The prototype's grey of a normalised image: 0.2989 R + 0.5870 G + 0.1140 B. */
export function compatGray({ data, width, height }: ClipImage): Float32Array {
  const plane = width * height
  return Float32Array.from(
    { length: plane },
    (_, i) => 0.2989 * data[i]! + 0.587 * data[plane + i]! + 0.114 * data[2 * plane + i]!,
  )
}
