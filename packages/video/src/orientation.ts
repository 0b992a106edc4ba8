import type { RgbImage } from '@perstream/spec'

/** The four linear terms of a display matrix, snapped to -1, 0, 1: shown x = a x + c y, shown y = b x + d y. */
export interface Orientation {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
}

/** Reads a display matrix (9 whole numbers, 16.16) as the nearest of the eight orientations; undefined when upright. */
export function readOrientation(matrix: Int32Array): Orientation | undefined {
  const [a = 0, b = 0, , c = 0, d = 0] = matrix
  const turned = Math.abs(b) + Math.abs(c) > Math.abs(a) + Math.abs(d)
  const snapped = turned
    ? { a: 0, b: Math.sign(b), c: Math.sign(c), d: 0 }
    : { a: Math.sign(a), b: 0, c: 0, d: Math.sign(d) }
  const upright = snapped.a === 1 && snapped.d === 1
  const broken = turned ? snapped.b === 0 || snapped.c === 0 : snapped.a === 0 || snapped.d === 0
  return upright || broken ? undefined : snapped
}

/** Whether width and height change places. */
export function isTurned(orientation: Orientation | undefined): boolean {
  return orientation !== undefined && orientation.a === 0
}

/** Turns or mirrors an image the way it is shown. */
export function orient(image: RgbImage, orientation: Orientation): RgbImage {
  const { a, b, c, d } = orientation
  const turned = isTurned(orientation)
  const width = turned ? image.height : image.width
  const height = turned ? image.width : image.height
  const data = new Uint8Array(image.data.length)
  const originX = a + c < 0 ? width - 1 : 0
  const originY = b + d < 0 ? height - 1 : 0
  const stepAcross = (a + b * width) * 3
  const stepDown = (c + d * width) * 3
  for (let y = 0, from = 0; y < image.height; y++) {
    let to = (originY * width + originX) * 3 + y * stepDown
    for (let x = 0; x < image.width; x++, from += 3, to += stepAcross) {
      data[to] = image.data[from]!
      data[to + 1] = image.data[from + 1]!
      data[to + 2] = image.data[from + 2]!
    }
  }
  return { data, width, height }
}
