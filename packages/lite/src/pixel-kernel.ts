import { compileKernel, type WasmKernel, type WasmMemory } from '@perstream/kit'
import type { RgbImage } from '@perstream/spec'
import { picturesWasm } from './generated/pictures-wasm'

/** What each channel's levels (0..255) become, blue, green and red: level * scale - shift. */
export interface ChannelScales {
  readonly scale: readonly [number, number, number]
  readonly shift: readonly [number, number, number]
}

/** A line of points over a picture; (0, 0) is the middle of its first pixel. */
export interface SampleLine {
  readonly x: number
  readonly y: number
  readonly stepX: number
  readonly stepY: number
}

/** Where a row of floats stands in each of the three planes, blue, green and red. */
export interface PlaneRow {
  /** The first element, in the first plane. */
  readonly at: number
  readonly count: number
  /** Elements from plane to plane. */
  readonly plane: number
}

/** A picture that lies where its pixels are quickly turned to floats. */
export interface LoadedPicture {
  readonly width: number
  readonly height: number
  /** Lends the array that is filled next, with whatever was left in it; it ends the loan of the one before. */
  output(length: number): Float32Array
  /** Writes `count` pixels from pixel `from` on, and up to 15 elements behind them. */
  scale(from: number, row: PlaneRow, scales: ChannelScales): void
  /** Adds bilinear samples times `weight`; beyond the edge, the edge. */
  sample(line: SampleLine, row: PlaneRow, weight: number): void
  /** Lets the next picture take its place. */
  release(): void
}

/** Turns pixels to floats; pictures that overlap in time get memories of their own. */
export interface PixelKernel {
  load(image: RgbImage): LoadedPicture
}

/** Makes a kernel. Default: WASM SIMD where this machine has it, else the TypeScript twin, which defines correct. */
export function createPixelKernel(engine?: 'wasm' | 'typescript'): PixelKernel {
  const kernel = engine === 'typescript' ? undefined : compileKernel(picturesWasm)
  const make = () => (kernel ? new WasmPixels(kernel) : new TypescriptPixels())
  let free: Pixels | undefined
  return {
    load(image) {
      const pixels = free ?? make()
      free = undefined
      pixels.load(image)
      const { width, height } = image
      return {
        width,
        height,
        output: (length) => pixels.output(length),
        scale: (from, row, scales) => pixels.scale(from, row, scales),
        sample: (line, row, weight) => pixels.sample(line, row, weight),
        release() {
          free = pixels
        },
      }
    },
  }
}

type Pixels = Pick<LoadedPicture, 'output' | 'scale' | 'sample'> & { load(image: RgbImage): void }

class TypescriptPixels implements Pixels {
  private image: RgbImage = { data: new Uint8Array(0), width: 0, height: 0 }
  private kept = new Float32Array(0)

  load(image: RgbImage): void {
    this.image = image
  }

  output(length: number): Float32Array {
    if (this.kept.length < length) this.kept = new Float32Array(length)
    return this.kept.subarray(0, length)
  }

  scale(from: number, { at, count, plane }: PlaneRow, { scale, shift }: ChannelScales): void {
    const { data } = this.image
    for (let channel = 0; channel < 3; channel++) {
      const to = channel * plane + at
      for (let i = 0; i < count; i++)
        this.kept[to + i] = data[(from + i) * 3 + 2 - channel]! * scale[channel]! - shift[channel]!
    }
  }

  sample({ x, y, stepX, stepY }: SampleLine, { at, count, plane }: PlaneRow, weight: number): void {
    const { data, width, height } = this.image
    for (let i = 0; i < count; i++) {
      const fx = Math.min(Math.max(x + i * stepX, 0), width - 1)
      const fy = Math.min(Math.max(y + i * stepY, 0), height - 1)
      const left = Math.floor(fx)
      const top = Math.floor(fy)
      const upper = (top * width + left) * 3
      const lower = top < height - 1 ? upper + width * 3 : upper
      const right = left < width - 1 ? 3 : 0
      const [a, b] = [fx - left, fy - top]
      for (let channel = 0; channel < 3; channel++) {
        const level = 2 - channel
        const above = data[upper + level]! * (1 - a) + data[upper + right + level]! * a
        const below = data[lower + level]! * (1 - a) + data[lower + right + level]! * a
        this.kept[channel * plane + at + i]! += (above * (1 - b) + below * b) * weight
      }
    }
  }
}

interface PictureExports {
  planes(
    rgb: number,
    count: number,
    out: number,
    plane: number,
    blueScale: number,
    blueShift: number,
    greenScale: number,
    greenShift: number,
    redScale: number,
    redShift: number,
  ): void
  sample(
    rgb: number,
    width: number,
    height: number,
    x: number,
    y: number,
    stepX: number,
    stepY: number,
    out: number,
    plane: number,
    count: number,
    weight: number,
  ): void
}

/** Where the pixels begin; a vector read may pass their end by this much too. */
const margin = 1024

class WasmPixels implements Pixels {
  private readonly memory: WasmMemory
  private readonly kernel: PictureExports
  private width = 0
  private height = 0
  private start = 0

  constructor(kernel: WasmKernel) {
    const { memory, exports } = kernel.instantiate({ initial: 1 })
    this.memory = memory
    this.kernel = exports as PictureExports
  }

  load({ data, width, height }: RgbImage): void {
    this.width = width
    this.height = height
    this.start = Math.ceil((margin + data.length + margin) / 16) * 16
    this.reserve(this.start)
    new Uint8Array(this.memory.buffer).set(data, margin)
  }

  output(length: number): Float32Array {
    this.reserve(this.start + 4 * length + margin)
    return new Float32Array(this.memory.buffer, this.start, length)
  }

  scale(from: number, { at, count, plane }: PlaneRow, { scale: [b, g, r], shift: [bs, gs, rs] }: ChannelScales): void {
    this.kernel.planes(margin + 3 * from, count, this.start + 4 * at, 4 * plane, b, bs, g, gs, r, rs)
  }

  sample({ x, y, stepX, stepY }: SampleLine, { at, count, plane }: PlaneRow, weight: number): void {
    const { width, height, start, kernel } = this
    kernel.sample(margin, width, height, x, y, stepX, stepY, start + 4 * at, 4 * plane, count, weight)
  }

  private reserve(bytes: number): void {
    const missing = bytes - this.memory.buffer.byteLength
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536))
  }
}
