import { fileURLToPath } from 'node:url'
import { compileKernel } from '../../../scripts/compile-kernel.mjs'

interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer
}

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
  Memory: new (descriptor: object) => WebAssemblyMemory
}

/**
 * What reading costs at least, by the widest loads that WASM has: bytes of the very memories that the vectors are in, since one
 * stretch of memory can read a third slower than another, by how the machine happened to map it.
 */
export interface ReadFloor {
  /** Runs what makes WASM memories; returns a function that reads so many bytes of them once, from the start. */
  over<Made>(make: () => Made, bytes: number): { readonly made: Made; readonly read: () => number }
}

/** Compiles the reading kernel. */
export async function createReadFloor(): Promise<ReadFloor> {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi }
  const module = new WebAssembly.Module(await compileKernel(root, 'assembly/read-floor.ts'))
  return {
    over(make, bytes) {
      const { made, memories } = collectMemories(WebAssembly, make)
      const held = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
      if (held < bytes) throw new TypeError(`the memories made hold ${held} bytes: they cannot be read for ${bytes}`)
      const readers = memories.map((memory) => {
        const { exports } = new WebAssembly.Instance(module, { env: { memory } })
        return { exports: exports as { sum(start: number, bytes: number): number }, memory }
      })
      const read = () => {
        let left = bytes
        let total = 0
        for (const { exports, memory } of readers) {
          const now = Math.min(left, memory.buffer.byteLength)
          total += exports.sum(0, Math.floor(now / 128) * 128)
          left -= now
        }
        return total
      }
      return { made, read }
    },
  }
}

function collectMemories<Made>(WebAssembly: WebAssemblyApi, make: () => Made) {
  const { Memory } = WebAssembly
  const memories: WebAssemblyMemory[] = []
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: object) {
      super(descriptor)
      memories.push(this)
    }
  }
  try {
    return { made: make(), memories }
  } finally {
    WebAssembly.Memory = Memory
  }
}
