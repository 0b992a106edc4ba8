import type { RgbImage, Tensor } from '@perstream/spec'
import type { TextRegion } from './text-regions'

/** Height of the pictures that the recogniser was trained on. */
const LINE_HEIGHT = 48
/** The recogniser halves the width three times. */
const STEP = 8

/**
 * Makes the detector's input [1, 3, height, width] of a picture: blue, green and red planes with ImageNet's mean and
 * deviation taken out, as the weights were trained; padded at the right and bottom to whole multiples of 32.
 */
export function detectionInput({ data, width, height }: RgbImage): Tensor {
  const paddedWidth = Math.ceil(width / 32) * 32
  const paddedHeight = Math.ceil(height / 32) * 32
  const plane = paddedWidth * paddedHeight
  const out = new Float32Array(3 * plane)
  for (let channel = 0; channel < 3; channel++) {
    const scale = 1 / (255 * deviations[channel]!)
    const shift = means[channel]! / deviations[channel]!
    for (let y = 0; y < height; y++) {
      let to = channel * plane + y * paddedWidth
      for (let from = y * width * 3 + 2 - channel, x = 0; x < width; x++, from += 3)
        out[to++] = data[from]! * scale - shift
    }
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
  const out = new Float32Array(3 * plane)
  const stepX = region.width / width
  const stepY = region.height / LINE_HEIGHT
  const samples = Math.max(1, Math.round(stepY / 1.5))
  const c = Math.cos(region.angle)
  const s = Math.sin(region.angle)
  const pixel = new Float32Array(3)
  for (let y = 0; y < LINE_HEIGHT; y++)
    for (let x = 0; x < width; x++) {
      pixel.fill(0)
      for (let i = 0; i < samples; i++)
        for (let j = 0; j < samples; j++) {
          const u = (x + (j + 0.5) / samples) * stepX - region.width / 2
          const v = (y + (i + 0.5) / samples) * stepY - region.height / 2
          addSample(image, region.centerX + u * c - v * s, region.centerY + u * s + v * c, pixel)
        }
      const weight = 1 / (127.5 * samples * samples)
      const to = y * width + x
      for (let channel = 0; channel < 3; channel++) out[channel * plane + to] = pixel[2 - channel]! * weight - 1
    }
  return { type: 'float32', shape: [1, 3, LINE_HEIGHT, width], data: out }
}

/** Adds the bilinear sample at a point whose pixel centres lie at halves; beyond the edge, the edge. */
function addSample({ data, width, height }: RgbImage, x: number, y: number, to: Float32Array): void {
  const fx = Math.max(0, Math.min(width - 1, x - 0.5))
  const fy = Math.max(0, Math.min(height - 1, y - 0.5))
  const left = Math.floor(fx)
  const top = Math.floor(fy)
  const a = fx - left
  const b = fy - top
  const right = Math.min(width - 1, left + 1)
  const bottom = Math.min(height - 1, top + 1)
  const p00 = (top * width + left) * 3
  const p01 = (top * width + right) * 3
  const p10 = (bottom * width + left) * 3
  const p11 = (bottom * width + right) * 3
  for (let channel = 0; channel < 3; channel++) {
    const upper = data[p00 + channel]! * (1 - a) + data[p01 + channel]! * a
    const lower = data[p10 + channel]! * (1 - a) + data[p11 + channel]! * a
    to[channel] = to[channel]! + upper * (1 - b) + lower * b
  }
}
