import { createRequire } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { lockedTurns } from './in-turn'
import { createLocalHost } from './local-host'
import type { OrtModule } from './ort'
import { serveHost, stopThread } from './worker-protocol'

/** How a thread starts. */
export interface NodeWorkerStart {
  /** The file of onnxruntime-node or onnxruntime-web. */
  readonly module: string
  readonly threads: number | undefined
  readonly lock: Int32Array
  /** The thread's number for the lock. */
  readonly number: number
}

// Bundled into a string by scripts/build-worker.mjs: a thread that starts from text needs no file that bundlers must find.
const port = parentPort!
serveHost(
  {
    post: (message, transfer = []) => port.postMessage(message, [...transfer]),
    listen: (listener) =>
      void port.on('message', (message) => (message === stopThread ? port.close() : listener(message))),
  },
  async (start) => {
    const { module, threads, lock, number } = start as NodeWorkerStart
    const ort = createRequire(module)(module) as OrtModule
    const web = ort.env.versions.node === undefined
    if (web && threads !== undefined) ort.env.wasm.numThreads = threads
    return { host: createLocalHost({ ort, inTurn: lockedTurns(lock, number) }), movesResults: web }
  },
)
