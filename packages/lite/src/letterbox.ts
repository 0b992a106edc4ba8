import type { RgbImage } from '@perstream/spec'

/** An image on a square canvas, its top left corner on the canvas's; the rest is black. */
interface Letterbox {
  /** Red, green and blue as 0..255, row-major: `size * size * 3`. */
  readonly data: Uint8Array<ArrayBuffer>
  readonly size: number
  /** Pixels of the canvas that the image covers. */
  readonly width: number
  readonly height: number
}

/**
 * Draws an image on a square canvas, its longer side as long as the canvas; bilinear. An image that truncation left up to
 * one hundredth short is copied as it is.
 */
export function letterbox(image: RgbImage, size: number, canvas = new Uint8Array(size * size * 3)): Letterbox {
  const longer = Math.max(image.width, image.height)
  const scale = longer <= size && longer >= size * 0.99 ? 1 : size / longer
  const width = Math.max(1, Math.round(image.width * scale))
  const height = Math.max(1, Math.round(image.height * scale))
  const data = canvas.fill(0)
  if (scale === 1) copyRows(image, data, size)
  else resample(image, data, { size, width, height })
  return { data, size, width, height }
}

function copyRows({ data, width, height }: RgbImage, target: Uint8Array, size: number): void {
  for (let y = 0; y < height; y++) target.set(data.subarray(y * width * 3, (y + 1) * width * 3), y * size * 3)
}

function resample(image: RgbImage, target: Uint8Array, { size, width, height }: Omit<Letterbox, 'data'>): void {
  const columns = Array.from({ length: width }, (_, x) => sample(x, width, image.width))
  for (let y = 0; y < height; y++) {
    const row = sample(y, height, image.height)
    const upper = row.low * image.width
    const lower = row.high * image.width
    columns.forEach((column, x) => {
      for (let channel = 0; channel < 3; channel++) {
        const at = (line: number, place: number) => image.data[(line + place) * 3 + channel]!
        const top = mix(at(upper, column.low), at(upper, column.high), column.part)
        const bottom = mix(at(lower, column.low), at(lower, column.high), column.part)
        target[(y * size + x) * 3 + channel] = Math.round(mix(top, bottom, row.part))
      }
    })
  }
}

/** The two source pixels around the middle of a target pixel, and how much of the second one is taken. */
function sample(target: number, targetLength: number, length: number): { low: number; high: number; part: number } {
  const place = Math.min(Math.max(((target + 0.5) * length) / targetLength - 0.5, 0), length - 1)
  const low = Math.floor(place)
  return { low, high: Math.min(low + 1, length - 1), part: place - low }
}

function mix(a: number, b: number, part: number): number {
  return a + (b - a) * part
}
