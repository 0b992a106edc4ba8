import { createRequire } from 'node:module'
import { type Canvas, createCanvas, GlobalFonts, type SKRSContext2D } from '@napi-rs/canvas'
import type { Frame, RgbImage } from '@perstream/spec'

const require = createRequire(import.meta.url)
GlobalFonts.registerFromPath(require.resolve('@fontsource/roboto/files/roboto-latin-400-normal.woff2'), 'Roboto')
GlobalFonts.registerFromPath(require.resolve('@fontsource/roboto/files/roboto-latin-700-normal.woff2'), 'Roboto Bold')

/** Draws on a canvas and takes its pixels. */
export function draw(width: number, height: number, paint: (context: SKRSContext2D, canvas: Canvas) => void): RgbImage {
  const canvas = createCanvas(width, height)
  const context = canvas.getContext('2d')
  context.fillStyle = '#ddd'
  context.fillRect(0, 0, width, height)
  paint(context, canvas)
  const { data } = context.getImageData(0, 0, width, height)
  const pixels = new Uint8Array(width * height * 3)
  for (let i = 0, j = 0; i < data.length; i += 4) {
    pixels[j++] = data[i]!
    pixels[j++] = data[i + 1]!
    pixels[j++] = data[i + 2]!
  }
  return { data: pixels, width, height }
}

/** A frame that holds one picture and gives it in its own size, or averaged down to a height. */
export function frameOf(image: RgbImage, index = 0, seconds = index / 15): Frame {
  const release = () => {}
  return {
    index,
    seconds,
    width: image.width,
    height: image.height,
    pixels: async ({ height = 224 } = {}) => shrink(image, height),
    release,
    [Symbol.dispose]: release,
  }
}

/** Averages areas; never enlarges. */
function shrink(image: RgbImage, height: number): RgbImage {
  if (height >= image.height) return image
  const width = Math.trunc((image.width * height) / image.height)
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const top = Math.floor((y * image.height) / height)
      const left = Math.floor((x * image.width) / width)
      const bottom = Math.max(top + 1, Math.floor(((y + 1) * image.height) / height))
      const right = Math.max(left + 1, Math.floor(((x + 1) * image.width) / width))
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0
        for (let v = top; v < bottom; v++)
          for (let u = left; u < right; u++) sum += image.data[(v * image.width + u) * 3 + channel]!
        data[(y * width + x) * 3 + channel] = Math.round(sum / ((bottom - top) * (right - left)))
      }
    }
  return { data, width, height }
}
