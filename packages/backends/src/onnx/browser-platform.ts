import { importPeer } from '@perstream/kit'
import { PerStreamError } from '@perstream/spec'
import { fetchedFiles } from './fetched-files'
import { webQueue } from './in-turn'
import { createLocalHost } from './local-host'
import type { OnnxRuntimeOptions, WebWorker } from './options'
import type { OrtModule } from './ort'
import type { HostLink, Platform } from './platform'
import { connectWorker, type WorkerPort } from './worker-host'
import { serveHost } from './worker-protocol'

type WebStart = Pick<OnnxRuntimeOptions, 'threads' | 'wasmPaths'>

/** What we use of WebGPU. */
interface Gpu {
  requestAdapter(): Promise<{
    readonly isFallbackAdapter?: boolean
    readonly info?: { readonly isFallbackAdapter?: boolean }
  } | null>
}

/** Options of {@link createBrowserPlatform}. */
export interface BrowserPlatformOptions extends WebStart {
  readonly worker: (() => WebWorker) | undefined
  readonly watchdogSeconds: number | undefined
}

/** ONNX Runtime in browsers: the build of onnxruntime-web that has WebGPU and WebAssembly, on this page or in a worker. */
export function createBrowserPlatform({ worker, watchdogSeconds, ...start }: BrowserPlatformOptions): Platform {
  const { location, navigator } = globalThis as unknown as { location: { href: string }; navigator: { gpu?: Gpu } }
  const findAdapter = async () => (await navigator.gpu?.requestAdapter()) ?? undefined
  return {
    name: 'onnxruntime-web',
    devices: ['webgpu', 'wasm'],
    automatic: ['webgpu', 'wasm'],
    files: fetchedFiles(location.href),
    opensFiles: () => false,
    async missing(device) {
      if (device !== 'webgpu') return undefined
      return (await findAdapter()) ? undefined : 'the browser offers no WebGPU adapter'
    },
    async passes(device) {
      const adapter = device === 'webgpu' ? await findAdapter() : undefined
      const software = adapter?.isFallbackAdapter ?? adapter?.info?.isFallbackAdapter ?? false
      return software ? 'its adapter is software' : undefined
    },
    hostKey: () => 'web',
    async connect(): Promise<HostLink> {
      if (worker) return connectWorker(portOf(worker()), { start, watchdogSeconds })
      const host = createLocalHost({ ort: await load(start), inTurn: webQueue() })
      return { host, stop: () => {}, onLost: () => {} }
    },
  }
}

/** Loads the runtime and sets what must be set before its first session. */
async function load({ threads, wasmPaths }: WebStart): Promise<OrtModule> {
  const ort = await importPeer<OrtModule>(
    'onnxruntime-web',
    'Running ONNX models',
    () => import('onnxruntime-web/webgpu'),
  )
  ort.env.logLevel = 'error'
  if (wasmPaths) ort.env.wasm.wasmPaths = wasmPaths
  // Its threads start from the script that holds it: bundled, that is the app's own, and opening a model never ends.
  const safe = wasmPaths ? threads : 1
  if (safe !== undefined) ort.env.wasm.numThreads = safe
  return ort
}

function portOf(worker: WebWorker): WorkerPort {
  return {
    post: (message) => worker.postMessage(message),
    listen: (listener) =>
      worker.addEventListener('message', ({ data }) => listener(data as Parameters<typeof listener>[0])),
    onEnd: (listener) =>
      worker.addEventListener('error', ({ message }) => listener(message ?? 'its script did not load')),
    stop: () => worker.terminate(),
    hold: () => {},
  }
}

/** Makes the Web Worker that this is called in run the models of a page: all that its script has to do. */
export function serveOnnxWorker(): void {
  const scope = globalThis as unknown as WebWorker & { readonly document?: unknown }
  if (scope.document !== undefined) {
    throw new PerStreamError(
      'input-invalid',
      'serveOnnxWorker was called on a page: call it in the script of a Web Worker',
    )
  }
  serveHost(
    {
      post: (message, transfer = []) => scope.postMessage(message, [...transfer]),
      listen: (listener) =>
        scope.addEventListener('message', ({ data }) => listener(data as Parameters<typeof listener>[0])),
    },
    async (start) => ({
      host: createLocalHost({ ort: await load(start as WebStart), inTurn: webQueue() }),
      movesResults: true,
    }),
  )
}
