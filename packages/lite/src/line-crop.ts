import type { Tensor } from '@perstream/spec'
import type { ChannelScales, LoadedPicture } from './pixel-kernel'
import type { TextRegion } from './text-regions'

/** Height of the pictures that the recogniser was trained on. */
const LINE_HEIGHT = 48
/** The recogniser halves the width three times. */
const STEP = 8

/** ImageNet's mean and deviation, as the weights were trained: on blue before red. */
const imageNet: ChannelScales = {
  scale: [1 / (255 * 0.229), 1 / (255 * 0.224), 1 / (255 * 0.225)],
  shift: [0.485 / 0.229, 0.456 / 0.224, 0.406 / 0.225],
}

/**
 * Makes the detector's input [1, 3, height, width] of a picture: blue, green and red planes with ImageNet's mean and
 * deviation taken out; padded at the right and bottom to whole multiples of 32. Its data is lent by the picture.
 */
export function detectionInput(picture: LoadedPicture): Tensor {
  const { width, height } = picture
  const paddedWidth = Math.ceil(width / 32) * 32
  const paddedHeight = Math.ceil(height / 32) * 32
  const plane = paddedWidth * paddedHeight
  const out = picture.output(3 * plane)
  for (let y = 0; y < height; y++) {
    const at = y * paddedWidth
    picture.scale(y * width, { at, count: width, plane }, imageNet)
  }
  for (let channel = 0; channel < 3; channel++) {
    const [start, end] = [channel * plane, (channel + 1) * plane]
    for (let at = start + width; at < end; at += paddedWidth) out.fill(0, at, at + paddedWidth - width)
    out.fill(0, start + height * paddedWidth, end)
  }
  return { type: 'float32', shape: [1, 3, paddedHeight, paddedWidth], data: out }
}

/**
 * Cuts a line of text out of a picture, turned level and scaled to the recogniser's height: [1, 3, 48, width], blue,
 * green and red planes in -1..1. At most `maxWidth` wide; longer lines are squeezed. Its data is lent by the picture.
 */
export function cropLine(picture: LoadedPicture, region: TextRegion, maxWidth = 1280): Tensor {
  const ideal = (LINE_HEIGHT * region.width) / region.height
  const width = Math.max(STEP * 2, Math.min(maxWidth, Math.ceil(ideal / STEP) * STEP))
  const plane = LINE_HEIGHT * width
  const out = picture.output(3 * plane).fill(-1)
  const across = region.width / width
  const down = region.height / LINE_HEIGHT
  const samples = Math.max(1, Math.round(down / 1.5))
  const c = Math.cos(region.angle)
  const s = Math.sin(region.angle)
  const weight = 1 / (127.5 * samples * samples)
  for (let y = 0; y < LINE_HEIGHT; y++)
    for (let i = 0; i < samples; i++)
      for (let j = 0; j < samples; j++) {
        const u = ((j + 0.5) / samples) * across - region.width / 2
        const v = (y + (i + 0.5) / samples) * down - region.height / 2
        const x = region.centerX + u * c - v * s - 0.5
        const line = { x, y: region.centerY + u * s + v * c - 0.5, stepX: across * c, stepY: across * s }
        picture.sample(line, { at: y * width, count: width, plane }, weight)
      }
  return { type: 'float32', shape: [1, 3, LINE_HEIGHT, width], data: out }
}
