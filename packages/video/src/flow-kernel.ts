import { compileKernel, type WasmKernel } from '@perstream/kit'
import type { RgbImage } from '@perstream/spec'
import { flowWasm } from './generated/flow-wasm'
import { toGray } from './gray'
import { checkGray, createOpticalFlow, flowEpsilon, sobelGain } from './optical-flow'
import { sharpness } from './sharpness'

/** How a {@link FlowKernel} is made. */
export interface FlowKernelOptions {
  /** 'wasm' or 'typescript'. Default: WASM SIMD where this machine has it, else the TypeScript twin. */
  readonly engine?: 'wasm' | 'typescript' | undefined
}

/** What is measured on each image of a stream. */
export interface StreamMeasure {
  /** Mean motion since the image before, in pixels: {@link opticalFlow}. 0 for the first. */
  readonly motion: number
  /** Variance of the Laplacian: {@link sharpness}. */
  readonly sharpness: number
}

/** What keyframe selection measures on images of one size. Only `next` holds something between calls. */
export interface FlowKernel {
  readonly engine: 'wasm' | 'typescript'
  readonly width: number
  readonly height: number
  /** Converts RGB to grey bytes. */
  gray(image: RgbImage): Uint8Array
  /** Mean motion between two grey images, in pixels: {@link opticalFlow}. */
  flow(previous: Uint8Array, current: Uint8Array): number
  /** Variance of the Laplacian: {@link sharpness}. */
  sharpness(gray: Uint8Array): number
  /** Measures the next image of a stream, and keeps its grey copy for the one after. */
  next(image: RgbImage): StreamMeasure
}

/**
 * Makes the kernel for images of one size. The WASM memory is sized once and never grows.
 * @throws TypeError when 'wasm' is asked for and this machine has no WASM SIMD
 */
export function createFlowKernel(width: number, height: number, options: FlowKernelOptions = {}): FlowKernel {
  checkSize('width', width)
  checkSize('height', height)
  if (options.engine === 'typescript' || width > 8192) return typescriptKernel(width, height)
  const compiled = compileKernel(flowWasm)
  if (compiled) return wasmKernel(width, height, compiled)
  if (options.engine === 'wasm')
    throw new TypeError('engine is "wasm", which needs WASM SIMD: leave it out to fall back to TypeScript')
  return typescriptKernel(width, height)
}

function typescriptKernel(width: number, height: number): FlowKernel {
  const flow = createOpticalFlow(width, height)
  let previous: Uint8Array | undefined
  return {
    engine: 'typescript',
    width,
    height,
    gray: toGray,
    flow,
    sharpness: (gray) => sharpness(gray, width, height),
    next(image) {
      const gray = toGray(image)
      const motion = previous ? flow(previous, gray) : 0
      previous = gray
      return { motion, sharpness: sharpness(gray, width, height) }
    },
  }
}

interface FlowExports {
  gray(rgb: number, out: number, count: number): void
  sharpness(image: number, width: number, height: number): number
  flow(
    previous: number,
    current: number,
    width: number,
    height: number,
    scratch: number,
    stride: number,
    epsilon: number,
  ): number
}

function wasmKernel(width: number, height: number, compiled: WasmKernel): FlowKernel {
  const pixels = width * height
  const stride = (width + 23) & ~7
  // Vector reads may pass the end of an image by up to a row of padding.
  const image = (pixels + 2 * width + 64) & ~15
  const first = 1024
  const second = first + image
  const even = second + image
  const odd = even + image
  const rgb = odd + image
  const scratch = rgb + 3 * image
  const { memory, exports } = compiled.instantiate({ initial: Math.ceil((scratch + stride * 50 + 64) / 65536) })
  const kernel = exports as FlowExports
  const view = new Uint8Array(memory.buffer)
  const windows = (width - 6) * (height - 6)
  const toGrayAt = (slot: number, { data }: RgbImage) => {
    view.set(data, rgb)
    kernel.gray(rgb, slot, pixels)
  }
  const flowOf = (previous: number, current: number) =>
    width < 7 || height < 7
      ? 0
      : (kernel.flow(previous, current, width, height, scratch, stride, flowEpsilon) / windows) * sobelGain
  const sharpnessOf = (slot: number) => (width < 3 || height < 3 ? 0 : kernel.sharpness(slot, width, height))
  let previous: number | undefined
  return {
    engine: 'wasm',
    width,
    height,
    gray(source) {
      toGrayAt(first, source)
      return view.slice(first, first + pixels)
    },
    flow(before, after) {
      checkGray('previous', before, width, height)
      checkGray('current', after, width, height)
      view.set(before, first)
      view.set(after, second)
      return flowOf(first, second)
    },
    sharpness(gray) {
      checkGray('gray', gray, width, height)
      view.set(gray, first)
      return sharpnessOf(first)
    },
    next(source) {
      const current = previous === even ? odd : even
      toGrayAt(current, source)
      const motion = previous === undefined ? 0 : flowOf(previous, current)
      previous = current
      return { motion, sharpness: sharpnessOf(current) }
    },
  }
}

function checkSize(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new TypeError(`${name} is ${value}: it must be a whole number, 1 or more`)
}
