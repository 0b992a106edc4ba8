import { PerStreamError, type Tensor, type TensorSpec } from '@perstream/spec'
import type { NamedDevice } from './devices'
import { openFailed, runFailed } from './failures'
import type { Host, HostModel, HostRun, HostTensor } from './host'
import { fromOrt, isElementType, type OrtMetadata, type OrtModule, type OrtSession, type OrtTensor, toOrt } from './ort'
import { identityModel } from './probe-model'

/** Runs work when nothing else may be under way on the device. */
export type InTurn = <Value>(device: NamedDevice, work: () => Promise<Value>) => Promise<Value>

/** What {@link createLocalHost} is made from. */
export interface LocalHostParts {
  readonly ort: OrtModule
  readonly inTurn: InTurn
}

interface OpenSession {
  readonly session: OrtSession
  readonly model: HostModel
  /** Held tensors that it made and that are still there. */
  live: number
  closed: boolean
  released: boolean
}

/** Makes the host that keeps sessions and tensors of ONNX Runtime in this thread. */
export function createLocalHost({ ort, inTurn }: LocalHostParts): Host {
  const sessions = new Map<number, OpenSession>()
  const held = new Map<number, { readonly tensor: OrtTensor; readonly maker: OpenSession }>()
  const readers = new Map<string, Promise<OrtSession>>()
  let numbers = 0

  const download = async (tensor: OrtTensor): Promise<Tensor> => {
    if (tensor.location === 'cpu' || tensor.location === 'cpu-pinned') return fromOrt(tensor, tensor.data)
    if (ort.env.versions.node === undefined) return fromOrt(tensor, await tensor.getData())
    // In Node, getData on a GPU tensor ends the process: an Identity session whose output is in memory brings it over.
    const reader =
      readers.get(tensor.type) ??
      ort.InferenceSession.create(identityModel(tensor.type as Tensor['type']), sessionOptions({ device: 'webgpu' }))
    readers.set(tensor.type, reader)
    const { y } = await (await reader).run({ x: tensor }, ['y'])
    return fromOrt(y!, y!.data)
  }

  const letGo = async (gone: readonly number[]) => {
    for (const number of gone) {
      const entry = held.get(number)
      if (!entry || !held.delete(number)) continue
      entry.maker.live--
      if (entry.tensor.location === 'gpu-buffer') {
        await inTurn(entry.maker.model.device, async () => entry.tensor.dispose())
      }
      await releaseIfDone(entry.maker)
    }
  }

  const releaseIfDone = async (open: OpenSession) => {
    if (!open.closed || open.live > 0 || open.released) return
    open.released = true
    await inTurn(open.model.device, () => open.session.release())
  }

  const wrap = (feeds: HostRun['feeds']): Record<string, OrtTensor> => {
    const wrapped: Record<string, OrtTensor> = {}
    for (const name in feeds) {
      const feed = feeds[name]!
      wrapped[name] = 'held' in feed ? find(held, feed.held).tensor : toOrt(ort, feed)
    }
    return wrapped
  }

  const unwrap = async (open: OpenSession, { outputs, hold }: HostRun, results: Record<string, OrtTensor>) => {
    const unwrapped: Record<string, HostTensor> = {}
    for (const name of outputs) {
      const tensor = results[name]!
      if (hold && open.model.heldOutputs.includes(name)) {
        held.set(++numbers, { tensor, maker: open })
        open.live++
        unwrapped[name] = { held: numbers, type: tensor.type as Tensor['type'], shape: [...tensor.dims] }
      } else if (tensor.location === 'gpu-buffer') {
        unwrapped[name] = await download(tensor)
        tensor.dispose()
      } else unwrapped[name] = fromOrt(tensor, tensor.data)
    }
    return unwrapped
  }

  return {
    version: ort.env.versions.node
      ? `onnxruntime-node ${ort.env.versions.node}`
      : `onnxruntime-web ${ort.env.versions.web}`,
    async open(model) {
      const session = await inTurn(model.device, () =>
        ort.InferenceSession.create(model.content, sessionOptions(model)),
      ).catch((cause: unknown) => {
        throw openFailed(model, cause)
      })
      try {
        const inputs = session.inputMetadata.map((metadata) => toSpec(metadata, model.label))
        const outputs = session.outputMetadata.map((metadata) => toSpec(metadata, model.label))
        sessions.set(++numbers, { session, model, live: 0, closed: false, released: false })
        return { session: numbers, inputs, outputs }
      } catch (error) {
        await inTurn(model.device, () => session.release())
        throw error
      }
    },
    run(run) {
      const open = find(sessions, run.session)
      return inTurn(open.model.device, async () => {
        const results = await open.session.run(wrap(run.feeds), run.outputs)
        return unwrap(open, run, results)
      }).catch((cause: unknown) => {
        throw runFailed(open.model, cause)
      })
    },
    read(number) {
      const { tensor, maker } = find(held, number)
      return inTurn(maker.model.device, () => download(tensor))
    },
    release: (gone) => void letGo(gone),
    async close(number) {
      const open = find(sessions, number)
      sessions.delete(number)
      open.closed = true
      await releaseIfDone(open)
    },
  }
}

function find<Value>(map: ReadonlyMap<number, Value>, number: number): Value {
  const value = map.get(number)
  if (value === undefined) {
    throw new PerStreamError('input-invalid', 'A session or tensor of ONNX Runtime was used after it was closed')
  }
  return value
}

/**
 * The session options that put every node on one device. Threads that wait for work sleep: left to spin, they burn up to
 * as much CPU again and take the cores that decode.
 */
function sessionOptions(model: Partial<HostModel> & Pick<HostModel, 'device'>): Record<string, unknown> {
  const { device, deviceIndex = 0, threads, heldOutputs = [], external = [], externalFolder, strict = false } = model
  return {
    executionProviders: [deviceIndex > 0 ? { name: device, deviceId: deviceIndex } : device],
    logSeverityLevel: 4,
    ...(threads !== undefined && { intraOpNumThreads: threads }),
    ...(external.length > 0 && { externalData: external }),
    ...(device === 'webgpu' &&
      heldOutputs.length > 0 && {
        preferredOutputLocation: Object.fromEntries(heldOutputs.map((name) => [name, 'gpu-buffer'])),
      }),
    extra: {
      session: {
        intra_op: { allow_spinning: '0' },
        inter_op: { allow_spinning: '0' },
        ...(strict && device !== 'cpu' && device !== 'wasm' && { disable_cpu_ep_fallback: '1' }),
        ...(externalFolder !== undefined && { model_external_initializers_file_folder_path: externalFolder }),
      },
    },
  }
}

function toSpec({ name, isTensor, type, shape = [] }: OrtMetadata, label: string): TensorSpec {
  if (!isTensor || !isElementType(type)) {
    const problem = isTensor ? `its type is ${type}` : 'it is not a tensor'
    throw new PerStreamError(
      'model-unsupported',
      `The input or output "${name}" of ${label} cannot be used: ${problem}`,
      { fields: { model: label, name } },
    )
  }
  return { name, type, shape: shape.map((size) => (size === '' ? -1 : size)) }
}
