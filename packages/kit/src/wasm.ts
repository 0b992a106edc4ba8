/** A memory of WebAssembly. Growing it makes a new `buffer`. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  /** Adds pages of 64 KiB. @throws RangeError when there is no room */
  grow(pages: number): number
}

/** A compiled kernel: a WebAssembly module that imports its memory as `env.memory` and nothing else. */
export interface WasmKernel {
  /** Makes an instance with a memory of its own, in pages of 64 KiB. What it exports is as its source says. */
  instantiate(pages: { readonly initial: number; readonly maximum?: number }): {
    readonly memory: WasmMemory
    readonly exports: unknown
  }
}

/** The part of WebAssembly that is used here; its types come with the DOM's, which the packages do without. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly CompileError: new () => Error
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
  readonly Memory: new (pages: { initial: number; maximum?: number }) => WasmMemory
}

/** Compiles a kernel from base64; undefined where WebAssembly, or what the kernel needs of it, is missing or not allowed. */
export function compileKernel(base64: string): WasmKernel | undefined {
  const { WebAssembly } = globalThis as unknown as { WebAssembly?: WebAssemblyApi }
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  if (!WebAssembly?.validate(bytes)) return undefined
  const module = compile(WebAssembly, bytes)
  return (
    module && {
      instantiate(pages) {
        const memory = new WebAssembly.Memory(pages)
        return { memory, exports: new WebAssembly.Instance(module, { env: { memory } }).exports }
      },
    }
  )
}

function compile(WebAssembly: WebAssemblyApi, bytes: Uint8Array): object | undefined {
  try {
    return new WebAssembly.Module(bytes)
  } catch (error) {
    // The bytes are valid: the page's content security policy forbids WebAssembly.
    if (error instanceof WebAssembly.CompileError) return undefined
    throw error
  }
}
