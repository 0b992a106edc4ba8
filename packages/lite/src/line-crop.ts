import type { RgbImage, Tensor } from '@perstream/spec'
import type { Scratch } from './scratch'
import type { TextRegion } from './text-regions'

/** Height of the pictures that the recogniser was trained on. */
const LINE_HEIGHT = 48
/** The recogniser halves the width three times. */
const STEP = 8

const newArray = (length: number) => new Float32Array(length)

/**
 * Makes the detector's input [1, 3, height, width] of a picture: blue, green and red planes with ImageNet's mean and
 * deviation taken out, as the weights were trained; padded at the right and bottom to whole multiples of 32. `take` gives the array to fill, whatever it holds.
 */
export function detectionInput(
  { data, width, height }: RgbImage,
  take: Scratch['take'] = newArray,
): Tensor & { readonly data: Float32Array } {
  const paddedWidth = Math.ceil(width / 32) * 32
  const paddedHeight = Math.ceil(height / 32) * 32
  const plane = paddedWidth * paddedHeight
  const out = take(3 * plane)
  for (let channel = 0; channel < 3; channel++) {
    const scale = 1 / (255 * deviations[channel]!)
    const shift = means[channel]! / deviations[channel]!
    for (let y = 0; y < height; y++) {
      let to = channel * plane + y * paddedWidth
      for (let from = y * width * 3 + 2 - channel, x = 0; x < width; x++, from += 3)
        out[to++] = data[from]! * scale - shift
      out.fill(0, to, to + paddedWidth - width)
    }
    out.fill(0, channel * plane + height * paddedWidth, (channel + 1) * plane)
  }
  return { type: 'float32', shape: [1, 3, paddedHeight, paddedWidth], data: out }
}

const means = [0.485, 0.456, 0.406]
const deviations = [0.229, 0.224, 0.225]

/**
 * Cuts a line of text out of a picture, turned level and scaled to the recogniser's height: [1, 3, 48, width], blue,
 * green and red planes in -1..1. At most `maxWidth` wide; longer lines are squeezed.
 */
export function cropLine(image: RgbImage, region: TextRegion, maxWidth = 1280): Tensor {
  const ideal = (LINE_HEIGHT * region.width) / region.height
  const width = Math.max(STEP * 2, Math.min(maxWidth, Math.ceil(ideal / STEP) * STEP))
  const plane = LINE_HEIGHT * width
  const out = new Float32Array(3 * plane).fill(-1)
  const stepX = region.width / width
  const stepY = region.height / LINE_HEIGHT
  const samples = Math.max(1, Math.round(stepY / 1.5))
  const c = Math.cos(region.angle)
  const s = Math.sin(region.angle)
  const weight = 1 / (127.5 * samples * samples)
  for (let y = 0; y < LINE_HEIGHT; y++)
    for (let x = 0; x < width; x++)
      for (let i = 0; i < samples; i++)
        for (let j = 0; j < samples; j++) {
          const u = (x + (j + 0.5) / samples) * stepX - region.width / 2
          const v = (y + (i + 0.5) / samples) * stepY - region.height / 2
          addSample(image, region.centerX + u * c - v * s, region.centerY + u * s + v * c, weight, out, y * width + x)
        }
  return { type: 'float32', shape: [1, 3, LINE_HEIGHT, width], data: out }
}

/** Adds the bilinear sample at a point whose pixel centres lie at halves, to all planes; beyond the edge, the edge. */
function addSample(
  { data, width, height }: RgbImage,
  x: number,
  y: number,
  weight: number,
  planes: Float32Array,
  to: number,
): void {
  const fx = Math.max(0, Math.min(width - 1, x - 0.5))
  const fy = Math.max(0, Math.min(height - 1, y - 0.5))
  const left = Math.floor(fx)
  const top = Math.floor(fy)
  const a = fx - left
  const b = (fy - top) * weight
  const aboveB = weight - b
  const right = left + 1 < width ? 3 : 0
  const p00 = (top * width + left) * 3
  const p10 = top + 1 < height ? p00 + width * 3 : p00
  const plane = planes.length / 3
  for (let channel = 0; channel < 3; channel++) {
    const upper = data[p00 + channel]! * (1 - a) + data[p00 + right + channel]! * a
    const lower = data[p10 + channel]! * (1 - a) + data[p10 + right + channel]! * a
    planes[(2 - channel) * plane + to]! += upper * aboveB + lower * b
  }
}
