import { createRandom } from '@perstream/kit'
import type { Picture } from './rasterizer'

/** How the camera turns light into one frame. */
interface Exposure {
  /** Light is multiplied by this. */
  readonly gain: number
  /** How far out of focus the picture is, in pixels. */
  readonly blur: number
  /** Numbers the frame, for noise that differs from frame to frame. */
  readonly frame: number
}

/** Develops pictures into 8-bit I420 frames: focus, exposure, vignette, sensor noise, tone curve. */
interface Film {
  develop(picture: Picture, exposure: Exposure): Uint8Array
}

const curveSize = 4096
/** From linear light (1 is white, up to 4) to 8 bits: a soft shoulder, then the sRGB curve. */
const toneCurve = Float32Array.from({ length: curveSize + 1 }, (_, i) => {
  const light = (i / curveSize) * 4
  const soft = (light * (1 + light / 5)) / (1 + light)
  const shaped = Math.min(1, soft * 1.35)
  return 255 * (shaped <= 0.0031308 ? shaped * 12.92 : 1.055 * shaped ** (1 / 2.4) - 0.055)
})

/** Makes the film for frames of one size (both sides even). */
export function createFilm(width: number, height: number, seed: number): Film {
  const noise = noiseTable(seed)
  const vignette = vignetteTable(width, height)
  const rgb = new Uint8ClampedArray(width * height * 3)
  const spare = new Float32Array(width * height * 3)
  return {
    develop(picture, { gain, blur, frame }) {
      if (blur > 0.2) soften(picture.color, spare, width, height, blur)
      const random = createRandom(seed * 100_003 + frame)
      const grainLevel = 1.15 + 1.25 * Math.sqrt(gain)
      for (let y = 0; y < height; y++) {
        let at = random.integer(0, noise.length - 3 * width)
        for (let x = 0; x < width; x++) {
          const i = (y * width + x) * 3
          const light = gain * vignette[y * width + x]! * (curveSize / 4)
          const luma = noise[at++]! * grainLevel
          for (let channel = 0; channel < 3; channel++) {
            const level = picture.color[i + channel]! * light
            const tone = toneCurve[level >= curveSize ? curveSize : level | 0]!
            // Noise weighs most in the mid tones and shadows.
            rgb[i + channel] = tone + (luma + noise[at++]! * grainLevel * 0.45) * (1.1 - tone / 320)
          }
          at -= 3 - 1
        }
      }
      return toI420(rgb, width, height)
    },
  }
}

function noiseTable(seed: number): Float32Array {
  const random = createRandom(seed + 77)
  return Float32Array.from({ length: 1 << 16 }, () => random.gaussian())
}

function vignetteTable(width: number, height: number): Float32Array {
  const reach = Math.hypot(width, height) / 2
  return Float32Array.from({ length: width * height }, (_, i) => {
    const distance = Math.hypot((i % width) - width / 2, Math.floor(i / width) - height / 2) / reach
    return 1 - 0.42 * distance ** 2.4
  })
}

/** Softens in place: a box of `radius` pixels across and down, the outer pixels weighted by what of them is inside. */
function soften(color: Float32Array, spare: Float32Array, width: number, height: number, radius: number): void {
  blurAlong(color, spare, width, height, 3, width * 3, radius)
  blurAlong(spare, color, height, width, width * 3, 3, radius)
}

function blurAlong(
  from: Float32Array,
  to: Float32Array,
  count: number,
  lines: number,
  step: number,
  lineStep: number,
  radius: number,
): void {
  const whole = Math.floor(radius)
  const part = radius - whole
  const scale = 1 / (2 * radius + 1)
  const last = (count - 1) * step
  for (let line = 0; line < lines; line++)
    for (let channel = 0; channel < 3; channel++) {
      const base = line * lineStep + channel
      for (let i = 0; i < count; i++) {
        const at = i * step
        let sum = from[base + at]!
        for (let away = 1; away <= whole + 1; away++) {
          const weight = away <= whole ? 1 : part
          const before = at - away * step
          const after = at + away * step
          sum += weight * (from[base + Math.max(before, 0)]! + from[base + Math.min(after, last)]!)
        }
        to[base + at] = sum * scale
      }
    }
}

/** BT.601, limited range: the plane of Y, then U and V at half size. */
function toI420(rgb: Uint8ClampedArray, width: number, height: number): Uint8Array {
  const size = width * height
  const out = new Uint8Array((size * 3) / 2)
  for (let i = 0, at = 0; i < size; i++, at += 3)
    out[i] = (66 * rgb[at]! + 129 * rgb[at + 1]! + 25 * rgb[at + 2]! + 4224) >> 8
  let u = size
  let v = size + size / 4
  for (let y = 0; y < height; y += 2)
    for (let x = 0; x < width; x += 2) {
      const a = (y * width + x) * 3
      const c = a + width * 3
      const red = (rgb[a]! + rgb[a + 3]! + rgb[c]! + rgb[c + 3]!) / 4
      const green = (rgb[a + 1]! + rgb[a + 4]! + rgb[c + 1]! + rgb[c + 4]!) / 4
      const blue = (rgb[a + 2]! + rgb[a + 5]! + rgb[c + 2]! + rgb[c + 5]!) / 4
      out[u++] = (-38 * red - 74 * green + 112 * blue + 32896) / 256
      out[v++] = (112 * red - 94 * green - 18 * blue + 32896) / 256
    }
  return out
}
