import { createBrowserPlatform } from './onnx/browser-platform'
import { checkWatchdog, type OnnxRuntimeOptions } from './onnx/options'
import { createRuntime, type OnnxRuntime } from './onnx/runtime'

export { serveOnnxWorker } from './onnx/browser-platform'
export { openParts } from './onnx/placement'
export { createReplicas } from './onnx/replicas'

/** Browsers have no CUDA, and nothing to install for it. */
export function cudaRequirements(): readonly [] {
  return []
}

/** What `@perstream/backends/onnx` is in browsers; src/onnx.ts describes it. */
export function createOnnxRuntime({
  threads,
  hub,
  worker,
  watchdogSeconds,
  wasmPaths,
}: OnnxRuntimeOptions = {}): OnnxRuntime {
  if (worker === true) {
    throw new TypeError('worker is true: in browsers it is a function that makes a Web Worker, see serveOnnxWorker')
  }
  if (threads !== undefined && threads > 1 && !wasmPaths) {
    throw new TypeError(
      `threads is ${threads}: more than one need wasmPaths, or opening a model never ends on a built page`,
    )
  }
  checkWatchdog(watchdogSeconds)
  const platform = createBrowserPlatform({ worker: worker || undefined, watchdogSeconds, threads, wasmPaths })
  return createRuntime({ platform, threads, hub })
}
