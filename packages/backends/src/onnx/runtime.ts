import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Device,
  type DeviceCapability,
  type ModelDtype,
  type ModelSource,
  type OpenModelOptions,
  PerStreamError,
  type TensorRuntime,
} from '@perstream/spec'
import { createProbe, deviceOptions, type NamedDevice, namedDevices } from './devices'
import { loadOrt, type OrtModule, type OrtSession } from './ort'
import { createOnnxSession } from './session'

interface LoadedOrt {
  readonly ort: OrtModule
  readonly probe: (device: NamedDevice) => Promise<DeviceCapability>
}

/** Options of {@link createOnnxRuntime}. */
export interface OnnxRuntimeOptions {
  /** Threads within one operator on the CPU, for sessions that do not say themselves. Default: one a core. */
  readonly threads?: number | undefined
}

/**
 * Makes the tensor runtime over the package onnxruntime-node, which is loaded on first use. 'auto' takes cuda where it
 * works, else cpu; `session.device` says which. Runs take the calling thread until they end, so an abort takes effect
 * before or after a run, never in the middle of one, and leaves the session usable.
 * @throws PerStreamError `dependency-missing`, from the first call that needs onnxruntime-node, when it is not installed
 */
export function createOnnxRuntime({ threads }: OnnxRuntimeOptions = {}): TensorRuntime {
  checkThreads(threads)
  let loading: Promise<LoadedOrt> | undefined
  const load = () => {
    loading ??= loadOrt().then((ort) => ({ ort, probe: createProbe(ort) }))
    return loading
  }

  return {
    name: 'onnxruntime-node',
    async capabilities({ signal } = {}) {
      signal?.throwIfAborted()
      const { probe } = await load()
      const table = await Promise.all(namedDevices.map(probe))
      signal?.throwIfAborted()
      return table
    },
    async open(model, options = {}) {
      const { signal, device: asked = 'auto' } = options
      signal?.throwIfAborted()
      checkThreads(options.threads)
      const { ort, probe } = await load()
      const device = await chooseDevice(asked, probe)
      const { label, content } = await readModel(model, options)
      signal?.throwIfAborted()
      const session = await createSession(ort, content, { label, device, threads: options.threads ?? threads })
      try {
        signal?.throwIfAborted()
        return createOnnxSession({ ort, session, device, label })
      } catch (error) {
        await session.release()
        throw error
      }
    },
  }
}

function checkThreads(threads: number | undefined): void {
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1)) {
    throw new TypeError(`threads is ${threads}: it must be a whole number, 1 or more`)
  }
}

async function chooseDevice(asked: Device, probe: LoadedOrt['probe']): Promise<NamedDevice> {
  if (asked === 'cpu') return 'cpu'
  if (asked === 'auto') return (await probe('cuda')).available ? 'cuda' : 'cpu'
  if (!namedDevices.includes(asked)) {
    throw unavailable(asked, `there is no such device; the devices are auto, ${namedDevices.join(', ')}`)
  }
  const { available, detail } = await probe(asked)
  if (!available) throw unavailable(asked, detail)
  return asked
}

function unavailable(device: string, reason: string): PerStreamError {
  return new PerStreamError('device-unavailable', `Device "${device}" cannot be used: ${reason}`, {
    fields: { device },
  })
}

interface ReadModel {
  /** How the model is named in messages. */
  readonly label: string
  /** A path, so that external data is found beside it, or bytes. */
  readonly content: string | Uint8Array
}

async function readModel(model: ModelSource, { signal, dtype }: OpenModelOptions): Promise<ReadModel> {
  if ('bytes' in model) return { label: `the model of ${model.bytes.length} bytes`, content: model.bytes }
  if ('url' in model) return { label: `the model ${model.url}`, content: await download(model.url, signal) }
  if ('hub' in model) throw missing(model.hub, 'this runtime has no hub to fetch it from')
  const path = 'folder' in model ? folderFile(model, dtype) : model.path
  const found = await stat(path).catch((cause: unknown) => {
    throw missing(path, cause instanceof Error ? cause.message : String(cause), cause)
  })
  if (!found.isFile()) throw missing(path, 'it is not a file')
  return { label: `the model ${path}`, content: path }
}

/** The file of one model of a folder, in the layout of transformers.js. */
function folderFile(
  { folder, name = 'model' }: { folder: string; name?: string | undefined },
  dtype: ModelDtype = 'f32',
) {
  return join(folder, 'onnx', `${name}${suffixes[dtype]}.onnx`)
}

const suffixes: Readonly<Record<ModelDtype, string>> = {
  f32: '',
  f16: '_fp16',
  int8: '_quantized',
  q4: '_q4',
  q4f16: '_q4f16',
}

async function download(url: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if (url.startsWith('file:')) {
    return readFile(new URL(url), { signal }).catch((cause: unknown) => {
      signal?.throwIfAborted()
      throw missing(url, String(cause), cause)
    })
  }
  const reached = async () => {
    const response = await fetch(url, { signal: signal ?? null })
    return { ok: response.ok, status: response.status, body: new Uint8Array(await response.arrayBuffer()) }
  }
  const { ok, status, body } = await reached().catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw missing(url, String(cause), cause)
  })
  if (!ok) throw missing(url, `the server answered ${status}`)
  return body
}

function missing(location: string, reason: string, cause?: unknown): PerStreamError {
  return new PerStreamError('model-missing', `The model ${location} could not be read: ${reason}`, {
    fields: { location },
    cause,
  })
}

async function createSession(
  ort: OrtModule,
  content: string | Uint8Array,
  { label, device, threads }: { label: string; device: NamedDevice; threads: number | undefined },
): Promise<OrtSession> {
  const options = { ...deviceOptions(device), ...(threads === undefined ? {} : { intraOpNumThreads: threads }) }
  try {
    return await ort.InferenceSession.create(content, options)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const unsupported =
      /not a registered function\/op|No Op registered|NOT_IMPLEMENTED|Could not find an implementation/i.test(reason)
    throw new PerStreamError(
      unsupported ? 'model-unsupported' : 'model-invalid',
      `${capitalise(label)} could not be opened on ${device}: ${reason}`,
      { fields: { model: label, device }, cause },
    )
  }
}

function capitalise(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1)
}
