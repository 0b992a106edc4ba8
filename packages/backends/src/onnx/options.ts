import type { ModelHub } from './model-source'

/** What we use of a Web Worker. */
export interface WebWorker {
  postMessage(message: unknown, transfer?: ArrayBuffer[]): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void
  terminate(): void
}

/** Options of createOnnxRuntime, the same in Node and in browsers. */
export interface OnnxRuntimeOptions {
  /**
   * Threads within one operator on the CPU, for sessions that do not say themselves; in WebAssembly, where one number holds
   * for all sessions, this is it. Default: what ONNX Runtime takes; in browsers without `wasmPaths`, 1.
   */
  readonly threads?: number | undefined
  /** Where models that are named by hub come from. */
  readonly hub?: ModelHub | undefined
  /**
   * Where runs take place. In Node: true, the default, for threads of their own, false for the calling thread, which they
   * block until they end. In browsers: a function that makes a Web Worker whose code calls `serveOnnxWorker()`; without
   * it, this page or worker.
   */
  readonly worker?: boolean | (() => WebWorker) | undefined
  /** Seconds after which a run or opening that does not end takes its thread with it (`device-lost`). Default: never. */
  readonly watchdogSeconds?: number | undefined
  /**
   * Browsers: the URLs of `ort-wasm-simd-threaded.asyncify.mjs` and `.wasm` of onnxruntime-web, both, as the bundler gives
   * them. Without them the runtime looks beside its own code, which bundled pages do not have.
   */
  readonly wasmPaths?: { readonly mjs: string; readonly wasm: string } | undefined
}

/** Checks what both platforms take. @throws TypeError that names the option */
export function checkWatchdog(seconds: number | undefined): void {
  if (seconds !== undefined && !(seconds > 0)) {
    throw new TypeError(`watchdogSeconds is ${seconds}: it must be above 0, or left out`)
  }
}
