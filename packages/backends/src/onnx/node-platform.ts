import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { importPeer } from '@perstream/kit'
import { onnxWorkerCode } from '../generated/onnx-worker'
import { claimNumber, lockedTurns, unlock, webgpuLock, webQueue } from './in-turn'
import { createLocalHost } from './local-host'
import type { NamedDevice } from './named-device'
import { nodeFiles } from './node-files'
import type { NodeWorkerStart } from './node-worker'
import type { OrtModule } from './ort'
import type { HostLink, Platform } from './platform'
import { missingProvider } from './provider-libraries'
import { connectWorker, type WorkerPort } from './worker-host'
import { stopThread } from './worker-protocol'

/** Options of {@link createNodePlatform}. */
export interface NodePlatformOptions {
  /** Whether models run in threads of their own. */
  readonly worker: boolean
  readonly watchdogSeconds: number | undefined
  /** Threads of WebAssembly. */
  readonly threads: number | undefined
}

/** ONNX Runtime in Node: onnxruntime-node, and onnxruntime-web for the device 'wasm'. */
export function createNodePlatform({ worker, watchdogSeconds, threads }: NodePlatformOptions): Platform {
  return {
    name: 'onnxruntime-node',
    devices: ['cuda', 'tensorrt', 'webgpu', 'wasm', 'cpu'],
    automatic: ['cuda', 'webgpu', 'cpu'],
    files: nodeFiles,
    opensFiles: (device) => device !== 'wasm',
    missing: async (device) => (device === 'cuda' || device === 'tensorrt' ? missingProvider(device) : undefined),
    passes: async (device) => (device === 'webgpu' ? missingDriver() : undefined),
    hostKey: (device, index) => `${device} ${index}`,
    connect: (device) => (worker ? connectThread(device, { watchdogSeconds, threads }) : connectHere(device, threads)),
  }
}

async function connectHere(device: NamedDevice, threads: number | undefined): Promise<HostLink> {
  const ort = await loadHere(device)
  if (device === 'wasm' && threads !== undefined) ort.env.wasm.numThreads = threads
  const lock = webgpuLock()
  const inTurn = device === 'wasm' ? webQueue() : lockedTurns(lock, claimNumber(lock))
  return { host: createLocalHost({ ort, inTurn }), stop: () => {}, onLost: () => {} }
}

function loadHere(device: NamedDevice): Promise<OrtModule> {
  return device === 'wasm'
    ? importPeer<OrtModule>('onnxruntime-web', 'Running ONNX models on "wasm"', () => import('onnxruntime-web'))
    : importPeer<OrtModule>('onnxruntime-node', 'Running ONNX models', () => import('onnxruntime-node'))
}

async function connectThread(
  device: NamedDevice,
  { watchdogSeconds, threads }: Omit<NodePlatformOptions, 'worker'>,
): Promise<HostLink> {
  const name = device === 'wasm' ? 'onnxruntime-web' : 'onnxruntime-node'
  const module = await importPeer<string>(name, 'Running ONNX models', async () =>
    createRequire(import.meta.url).resolve(name),
  )
  const lock = webgpuLock()
  const number = claimNumber(lock)
  const start: NodeWorkerStart = { module, threads, lock, number }
  const thread = new Worker(onnxWorkerCode, { eval: true, execArgv: [], name: `perstream ${device}` })
  const link = await connectWorker(portOf(thread, device), { start, watchdogSeconds })
  thread.once('exit', () => unlock(lock, number))
  return link
}

/** A thread that is ended from outside while onnxruntime-node computes takes the process with it once it returns: it is asked to end after that. */
function portOf(thread: Worker, device: NamedDevice): WorkerPort {
  thread.unref()
  return {
    post: (message) => thread.postMessage(message),
    listen: (listener) => void thread.on('message', listener),
    onEnd(listener) {
      thread.once('error', (error) => listener(error instanceof Error ? error.message : String(error)))
      thread.once('exit', (code) => listener(`its exit code is ${code}`))
    },
    stop: () => (device === 'wasm' ? void thread.terminate() : thread.postMessage(stopThread)),
    hold: (busy) => (busy ? thread.ref() : thread.unref()),
  }
}

/** Without a driver, looking for one prints. On Linux they are registered in these folders. */
function missingDriver(): string | undefined {
  if (process.platform !== 'linux') return undefined
  const folders = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d']
  const registered = folders.some((folder) => existsSync(folder) && readdirSync(folder).length > 0)
  return registered ? undefined : 'no Vulkan driver is registered on this machine'
}
