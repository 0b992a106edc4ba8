import type { RgbImage } from '@perstream/spec'

/** Fraction bits of a weight, as Pillow has them for 8-bit channels. */
const precision = 22
const half = 1 << (precision - 1)

/**
 * Resizes an image as Pillow's `resize(..., BICUBIC)` does, to the bit: a cubic of a = -0.5 that widens when it
 * shrinks (antialias), rows first and then columns, rounded to 8 bits after each.
 */
export function resizeBicubic(image: RgbImage, { width, height }: { width: number; height: number }): RgbImage {
  const wide = width === image.width ? image : resizeRows(image, width)
  return height === wide.height ? wide : resizeColumns(wide, height)
}

/**
 * What one axis is made of: value i is the sum of `counts[i]` values from `starts[i]`, weighted by `weights` from i *
 * size.
 */
interface Weights {
  readonly size: number
  readonly starts: Int32Array
  readonly counts: Int32Array
  readonly weights: Int32Array
}

function weightsOf(length: number, out: number): Weights {
  const scale = length / out
  const spread = Math.max(scale, 1)
  const inverse = 1 / spread
  const support = 2 * spread
  const size = Math.ceil(support) * 2 + 1
  const starts = new Int32Array(out)
  const counts = new Int32Array(out)
  const weights = new Int32Array(out * size)
  const row = new Float64Array(size)
  for (let i = 0; i < out; i++) {
    const center = (i + 0.5) * scale
    const start = Math.max(Math.trunc(center - support + 0.5), 0)
    const count = Math.min(Math.trunc(center + support + 0.5), length) - start
    let sum = 0
    for (let k = 0; k < count; k++) {
      row[k] = cubic((start + k - center + 0.5) * inverse)
      sum += row[k]!
    }
    starts[i] = start
    counts[i] = count
    for (let k = 0; k < count; k++) weights[i * size + k] = fixed(row[k]! / sum)
  }
  return { size, starts, counts, weights }
}

function cubic(x: number): number {
  const distance = Math.abs(x)
  if (distance < 1) return (1.5 * distance - 2.5) * distance * distance + 1
  return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * -0.5 : 0
}

function fixed(weight: number): number {
  return Math.trunc(weight * (1 << precision) + (weight < 0 ? -0.5 : 0.5))
}

function clip(sum: number): number {
  const value = sum >> precision
  return value < 0 ? 0 : Math.min(value, 255)
}

function resizeRows({ data, width, height }: RgbImage, out: number): RgbImage {
  const { size, starts, counts, weights } = weightsOf(width, out)
  const result = new Uint8Array(out * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < out; x++) {
      let red = half
      let green = half
      let blue = half
      let from = (y * width + starts[x]!) * 3
      const end = x * size + counts[x]!
      for (let k = x * size; k < end; k++, from += 3) {
        const weight = weights[k]!
        red += data[from]! * weight
        green += data[from + 1]! * weight
        blue += data[from + 2]! * weight
      }
      const to = (y * out + x) * 3
      result[to] = clip(red)
      result[to + 1] = clip(green)
      result[to + 2] = clip(blue)
    }
  }
  return { data: result, width: out, height }
}

function resizeColumns({ data, width, height }: RgbImage, out: number): RgbImage {
  const { size, starts, counts, weights } = weightsOf(height, out)
  const stride = width * 3
  const result = new Uint8Array(stride * out)
  const sums = new Int32Array(stride)
  for (let y = 0; y < out; y++) {
    sums.fill(half)
    for (let k = 0; k < counts[y]!; k++) {
      const weight = weights[y * size + k]!
      const from = (starts[y]! + k) * stride
      for (let x = 0; x < stride; x++) sums[x]! += data[from + x]! * weight
    }
    for (let x = 0; x < stride; x++) result[y * stride + x] = clip(sums[x]!)
  }
  return { data: result, width, height: out }
}
