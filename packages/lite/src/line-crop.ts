import type { RgbImage, Tensor } from '@perstream/spec'
import type { Scratch } from './scratch'
import type { TextRegion } from './text-regions'

/** Height of the pictures that the recogniser was trained on. */
const LINE_HEIGHT = 48
/** The recogniser halves the width three times. */
const STEP = 8

type FloatTensor = Tensor & { readonly data: Float32Array }

const newArray = (length: number) => new Float32Array(length)

/**
 * Makes the detector's input [1, 3, height, width] of a picture: blue, green and red planes with ImageNet's mean and
 * deviation taken out, as the weights were trained; padded at the right and bottom to whole multiples of 32. `take` gives the array to fill, whatever it holds.
 */
export function detectionInput({ data, width, height }: RgbImage, take: Scratch['take'] = newArray): FloatTensor {
  const paddedWidth = Math.ceil(width / 32) * 32
  const paddedHeight = Math.ceil(height / 32) * 32
  const plane = paddedWidth * paddedHeight
  const out = take(3 * plane)
  for (let y = 0; y < height; y++) {
    let to = y * paddedWidth
    for (let from = y * width * 3, end = from + width * 3; from < end; from += 3, to++) {
      out[to] = blues[data[from + 2]!]!
      out[plane + to] = greens[data[from + 1]!]!
      out[2 * plane + to] = reds[data[from]!]!
    }
    for (let channel = 0; channel < 3; channel++) {
      const end = channel * plane + to
      out.fill(0, end, end + paddedWidth - width)
    }
  }
  for (let channel = 0; channel < 3; channel++)
    out.fill(0, channel * plane + height * paddedWidth, (channel + 1) * plane)
  return { type: 'float32', shape: [1, 3, paddedHeight, paddedWidth], data: out }
}

/** What each level of a channel becomes, in the order of the planes. The weights were trained on blue before red. */
const [blues, greens, reds] = [
  { mean: 0.485, deviation: 0.229 },
  { mean: 0.456, deviation: 0.224 },
  { mean: 0.406, deviation: 0.225 },
].map(({ mean, deviation }) => Float32Array.from({ length: 256 }, (_, level) => (level / 255 - mean) / deviation)) as [
  Float32Array,
  Float32Array,
  Float32Array,
]

/**
 * Cuts a line of text out of a picture, turned level and scaled to the recogniser's height: [1, 3, 48, width], blue,
 * green and red planes in -1..1. At most `maxWidth` wide; longer lines are squeezed. `take` gives the array to fill, whatever
 * it holds.
 */
export function cropLine(
  image: RgbImage,
  region: TextRegion,
  { maxWidth = 1280, take = newArray }: { readonly maxWidth?: number; readonly take?: Scratch['take'] } = {},
): FloatTensor {
  const ideal = (LINE_HEIGHT * region.width) / region.height
  const width = Math.max(STEP * 2, Math.min(maxWidth, Math.ceil(ideal / STEP) * STEP))
  const plane = LINE_HEIGHT * width
  const out = take(3 * plane).fill(-1)
  const stepX = region.width / width
  const stepY = region.height / LINE_HEIGHT
  const samples = Math.max(1, Math.round(stepY / 1.5))
  const c = Math.cos(region.angle)
  const s = Math.sin(region.angle)
  const weight = 1 / (127.5 * samples * samples)
  const step = { x: stepX * c, y: stepX * s }
  for (let y = 0; y < LINE_HEIGHT; y++)
    for (let i = 0; i < samples; i++)
      for (let j = 0; j < samples; j++) {
        const u = ((j + 0.5) / samples) * stepX - region.width / 2
        const v = (y + (i + 0.5) / samples) * stepY - region.height / 2
        const start = { x: region.centerX + u * c - v * s, y: region.centerY + u * s + v * c }
        addSamples(image, start, step, out.subarray(y * width), { count: width, plane, weight })
      }
  return { type: 'float32', shape: [1, 3, LINE_HEIGHT, width], data: out }
}

interface Point {
  readonly x: number
  readonly y: number
}

/** Adds bilinear samples along a line, where pixel centres lie at halves, to a row of all planes; beyond the edge, the edge. */
function addSamples(
  { data, width, height }: RgbImage,
  start: Point,
  step: Point,
  planes: Float32Array,
  { count, plane, weight }: { readonly count: number; readonly plane: number; readonly weight: number },
): void {
  const lastX = width - 1
  const lastY = height - 1
  let x = start.x - 0.5
  let y = start.y - 0.5
  for (let to = 0; to < count; to++, x += step.x, y += step.y) {
    const fx = x < 0 ? 0 : Math.min(x, lastX)
    const fy = y < 0 ? 0 : Math.min(y, lastY)
    const left = fx | 0
    const top = fy | 0
    const right = left < lastX ? 3 : 0
    const upper = (top * width + left) * 3
    const lower = top < lastY ? upper + width * 3 : upper
    const lowWeight = (fy - top) * weight
    const highWeight = weight - lowWeight
    const p11 = (fx - left) * lowWeight
    const p01 = lowWeight - p11
    const p10 = (fx - left) * highWeight
    const p00 = highWeight - p10
    planes[to]! +=
      p00 * data[upper + 2]! + p10 * data[upper + right + 2]! + p01 * data[lower + 2]! + p11 * data[lower + right + 2]!
    planes[plane + to]! +=
      p00 * data[upper + 1]! + p10 * data[upper + right + 1]! + p01 * data[lower + 1]! + p11 * data[lower + right + 1]!
    planes[2 * plane + to]! +=
      p00 * data[upper]! + p10 * data[upper + right]! + p01 * data[lower]! + p11 * data[lower + right]!
  }
}
