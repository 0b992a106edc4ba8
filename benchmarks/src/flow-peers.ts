import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Something that measures the mean motion of one pair of grey images, `count` times over. */
export interface FlowPeer {
  /** Milliseconds of CPU time it took by its own clock, and what it found, in pixels. */
  measure(count: number): Promise<{ readonly milliseconds: number; readonly motion: number }>
  close(): void
}

const source = fileURLToPath(new URL('./flow-peer.c', import.meta.url))
const ownKernels = fileURLToPath(new URL('./flow-child.mjs', import.meta.url))

/** Compiles the C peer and starts it; a text that says why when that cannot be done. */
export function startC(images: Uint8Array, width: number, height: number): FlowPeer | string {
  const folder = mkdtempSync(join(tmpdir(), 'perstream-flow-'))
  const program = join(folder, 'flow-peer')
  try {
    execFileSync('gcc', ['-O3', '-march=native', '-ffast-math', '-o', program, source, '-lm'], { stdio: 'pipe' })
  } catch (error) {
    rmSync(folder, { recursive: true })
    return `gcc could not compile the C peer: ${(error as Error).message.split('\n')[0]}`
  }
  return startProcess(program, [], images, [width, height], folder)
}

/** Starts a kernel of @perstream/video in a process of its own. */
export function startOwn(engine: string, images: Uint8Array, width: number, height: number): FlowPeer {
  const folder = mkdtempSync(join(tmpdir(), 'perstream-flow-'))
  return startProcess(process.execPath, [ownKernels, engine], images, [width, height], folder)
}

/** A peer in a process that takes size and file of the images, reads counts, and prints milliseconds and motion. */
function startProcess(
  program: string,
  args: readonly string[],
  images: Uint8Array,
  size: readonly number[],
  folder: string,
): FlowPeer {
  const file = join(folder, 'images')
  writeFileSync(file, images)
  const child = spawn(program, [...args, ...size.map(String), file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async measure(count) {
      child.stdin.write(`${count}\n`)
      const { value } = await lines.next()
      const [milliseconds, motion] = String(value).split(' ').map(Number)
      return { milliseconds: milliseconds!, motion: motion! }
    },
    close() {
      child.stdin.end()
      rmSync(folder, { recursive: true })
    },
  }
}

interface Mat {
  readonly data32F: Float32Array
  delete(): void
}

interface OpenCv {
  readonly Mat: new () => Mat
  matFromArray(rows: number, columns: number, type: number, values: Float32Array): Mat
  Sobel(from: Mat, to: Mat, depth: number, dx: number, dy: number, size: number): void
  subtract(a: Mat, b: Mat, to: Mat): void
  multiply(a: Mat, b: Mat, to: Mat): void
  boxFilter(from: Mat, to: Mat, depth: number, size: unknown, anchor: unknown, normalize: boolean): void
  readonly Size: new (width: number, height: number) => unknown
  readonly Point: new (x: number, y: number) => unknown
  readonly CV_32F: number
  readonly CV_32FC1: number
  onRuntimeInitialized: () => void
}

/** Starts OpenCV.js computing the same quantity: Sobel, products, box filters, and the solving in JavaScript. */
export async function startOpenCv(
  previous: Uint8Array,
  current: Uint8Array,
  width: number,
  height: number,
): Promise<FlowPeer> {
  const { cv } = await loadOpenCv()
  const a = cv.matFromArray(height, width, cv.CV_32FC1, Float32Array.from(previous))
  const b = cv.matFromArray(height, width, cv.CV_32FC1, Float32Array.from(current))
  const work = Array.from({ length: 8 }, () => new cv.Mat())
  return {
    async measure(count) {
      const start = process.cpuUsage()
      let motion = 0
      for (let i = 0; i < count; i++) motion = openCvFlow(cv, a, b, work, width, height)
      const { user, system } = process.cpuUsage(start)
      return { milliseconds: (user + system) / 1000, motion }
    },
    close() {
      for (const mat of [a, b, ...work]) mat.delete()
    },
  }
}

/** The module is a "thenable" that resolves to itself, so it must never be awaited or returned from an async function. */
function loadOpenCv(): Promise<{ readonly cv: OpenCv }> {
  const cv = createRequire(import.meta.url)('@techstark/opencv-js') as OpenCv
  if (typeof cv.Mat === 'function') return Promise.resolve({ cv })
  return new Promise((resolve) => {
    cv.onRuntimeInitialized = () => resolve({ cv })
  })
}

function openCvFlow(cv: OpenCv, a: Mat, b: Mat, work: Mat[], width: number, height: number): number {
  const [ix, iy, it, xx, xy, yy, xt, yt] = work as [Mat, Mat, Mat, Mat, Mat, Mat, Mat, Mat]
  cv.Sobel(a, ix, cv.CV_32F, 1, 0, 3)
  cv.Sobel(a, iy, cv.CV_32F, 0, 1, 3)
  cv.subtract(b, a, it)
  const products: [Mat, Mat, Mat][] = [
    [ix, ix, xx],
    [ix, iy, xy],
    [iy, iy, yy],
    [ix, it, xt],
    [iy, it, yt],
  ]
  for (const [one, other, sum] of products) {
    cv.multiply(one, other, sum)
    cv.boxFilter(sum, sum, cv.CV_32F, new cv.Size(5, 5), new cv.Point(-1, -1), false)
  }
  return solve(
    products.map(([, , sum]) => sum.data32F),
    width,
    height,
  )
}

function solve(sums: readonly Float32Array[], width: number, height: number): number {
  const [xx, xy, yy, xt, yt] = sums as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array]
  const epsilon = 1e-6 * 255 * 255
  let total = 0
  for (let y = 3; y < height - 3; y++)
    for (let x = 3, i = y * width + 3; x < width - 3; x++, i++) {
      const a = xx[i]! + epsilon
      const b = xy[i]!
      const c = yy[i]! + epsilon
      const u = b * yt[i]! - c * xt[i]!
      const v = b * xt[i]! - a * yt[i]!
      total += Math.sqrt(u * u + v * v) / (a * c - b * b)
    }
  return (total / ((width - 6) * (height - 6))) * 8
}
