import { createOnnxRuntime, type OnnxRuntime, type OnnxRuntimeOptions, type WebWorker } from '@perstream/backends/onnx'
import type { ModelSource, OpenModelOptions, Tensor, TensorHandle, TensorSession } from '@perstream/spec'
import * as ort from 'onnxruntime-web/webgpu'
import { decodeValue, encodeValue } from './tensor-text'
import { wasmPaths } from './wasm-paths'

declare const Worker: new (url: string, options: { type: 'module' }) => WebWorker

/** The calls that the tests make into the page; values travel as text. */
const signals = new Map<number, AbortController>()
const kept = new Map<number, unknown>()
let count = 0

function keep(value: unknown): number {
  kept.set(++count, value)
  return count
}

function signalOf(id: number | undefined): AbortSignal | undefined {
  if (id === undefined) return undefined
  const controller = signals.get(id) ?? new AbortController()
  signals.set(id, controller)
  return controller.signal
}

type Feeds = Record<string, Tensor | { handle: number }>
type PageOptions = Omit<OnnxRuntimeOptions, 'worker'> & { place: 'page' | 'worker'; script?: string; bare?: boolean }

const calls = {
  runtime({ place, script = '/onnx-worker.js', bare, ...options }: PageOptions) {
    const worker = place === 'worker' ? () => new Worker(script, { type: 'module' }) : undefined
    return keep(createOnnxRuntime({ ...options, ...(!bare && { wasmPaths }), ...(worker && { worker }) }))
  },
  capabilities: (runtime: number, signal?: number) =>
    (kept.get(runtime) as OnnxRuntime).capabilities({ signal: signalOf(signal) }),
  choose: (runtime: number) => (kept.get(runtime) as OnnxRuntime).choose(),
  async open(runtime: number, model: ModelSource, options: OpenModelOptions, signal?: number) {
    const session = await (kept.get(runtime) as OnnxRuntime).open(model, { ...options, signal: signalOf(signal) })
    return { session: keep(session), device: session.device, inputs: session.inputs, outputs: session.outputs }
  },
  run: (session: number, feeds: Feeds, outputs: string[] | undefined, signal?: number) =>
    (kept.get(session) as TensorSession).run(feedsOf(feeds), { outputs, signal: signalOf(signal) }),
  async runHeld(session: number, feeds: Feeds, outputs: string[] | undefined, signal?: number) {
    const options = { outputs, signal: signalOf(signal) }
    const handles = await (kept.get(session) as TensorSession).runHeld(feedsOf(feeds), options)
    return Object.fromEntries(
      Object.entries(handles).map(([name, value]) => [
        name,
        { type: value.type, shape: value.shape, handle: keep(value) },
      ]),
    )
  },
  read: (handle: number) => (kept.get(handle) as TensorHandle).read(),
  dispose: (handle: number) => (kept.get(handle) as TensorHandle)[Symbol.dispose](),
  close: (session: number) => (kept.get(session) as TensorSession)[Symbol.asyncDispose](),
  abort: (signal: number) => {
    signalOf(signal)
    signals.get(signal)!.abort('stopped')
  },
  loseDevice: async () => {
    const device = (await (ort.env.webgpu as { device: unknown }).device) as { destroy(): void; lost: Promise<unknown> }
    device.destroy()
    await device.lost
  },
}

function feedsOf(feeds: Feeds): Record<string, Tensor | TensorHandle> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, feed]) => [
      name,
      'handle' in feed ? (kept.get(feed.handle) as TensorHandle) : feed,
    ]),
  )
}

Object.assign(globalThis, {
  async callPage(name: keyof typeof calls, text: string): Promise<string> {
    try {
      const values = (decodeValue(text) as unknown[]).map((each) => each ?? undefined)
      const call = calls[name] as (...values: unknown[]) => unknown
      return encodeValue({ result: await call(...values) })
    } catch (error) {
      const { message = String(error), code, name: kind } = error as { message?: string; code?: string; name?: string }
      return encodeValue({ error: { message, code, kind, aborted: error === 'stopped' } })
    }
  },
})
