import { PerStreamError, type Tensor, type TensorSpec } from '@perstream/spec'
import { openFailed, runFailed } from './failures'
import type { Host, HostModel, HostRun, HostSession, HostTensor } from './host'
import type { NamedDevice } from './named-device'
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
  readonly model: Pick<HostModel, 'label' | 'device' | 'heldOutputs'>
  /** Held tensors that it made and that are still there. */
  live: number
  closed: boolean
  released: boolean
}

/** Makes the host that keeps sessions and tensors of ONNX Runtime in this thread. */
export function createLocalHost(parts: LocalHostParts): Host {
  return new LocalHost(parts)
}

class LocalHost implements Host {
  readonly version: string
  readonly #ort: OrtModule
  readonly #inTurn: InTurn
  readonly #sessions = new Map<number, OpenSession>()
  readonly #held = new Map<number, { readonly tensor: OrtTensor; readonly maker: OpenSession }>()
  readonly #readers = new Map<string, Promise<OrtSession>>()
  #numbers = 0

  constructor({ ort, inTurn }: LocalHostParts) {
    const { node, web } = ort.env.versions
    this.version = node ? `onnxruntime-node ${node}` : `onnxruntime-web ${web}`
    this.#ort = ort
    this.#inTurn = inTurn
  }

  async open(model: HostModel): Promise<HostSession> {
    const { label, device, heldOutputs } = model
    const create = () => this.#ort.InferenceSession.create(model.content, sessionOptions(model))
    const session = await this.#inTurn(device, create).catch((cause: unknown) => {
      throw openFailed(model, cause)
    })
    try {
      const inputs = session.inputMetadata.map((metadata) => toSpec(metadata, label))
      const outputs = session.outputMetadata.map((metadata) => toSpec(metadata, label))
      const kept = { label, device, heldOutputs }
      this.#sessions.set(++this.#numbers, { session, model: kept, live: 0, closed: false, released: false })
      return { session: this.#numbers, inputs, outputs }
    } catch (error) {
      await this.#inTurn(device, () => session.release())
      throw error
    }
  }

  run(run: HostRun): Promise<Record<string, HostTensor>> {
    const open = find(this.#sessions, run.session)
    const work = async () => this.#unwrap(open, run, await open.session.run(this.#wrap(run.feeds), run.outputs))
    return this.#inTurn(open.model.device, work).catch((cause: unknown) => {
      throw runFailed(open.model, cause)
    })
  }

  async read(number: number): Promise<Tensor> {
    const { tensor, maker } = find(this.#held, number)
    return this.#inTurn(maker.model.device, () => this.#download(tensor))
  }

  release(gone: readonly number[]): void {
    void this.#letGo(gone)
  }

  async close(number: number): Promise<void> {
    const open = find(this.#sessions, number)
    this.#sessions.delete(number)
    open.closed = true
    await this.#releaseIfDone(open)
  }

  #wrap(feeds: HostRun['feeds']): Record<string, OrtTensor> {
    const wrapped: Record<string, OrtTensor> = {}
    for (const name in feeds) {
      const feed = feeds[name]!
      wrapped[name] = 'held' in feed ? find(this.#held, feed.held).tensor : toOrt(this.#ort, feed)
    }
    return wrapped
  }

  async #unwrap(open: OpenSession, { outputs, hold }: HostRun, results: Record<string, OrtTensor>) {
    const unwrapped: Record<string, HostTensor> = {}
    for (const name of outputs) {
      const tensor = results[name]!
      if (hold && open.model.heldOutputs.includes(name)) {
        const held = ++this.#numbers
        this.#held.set(held, { tensor, maker: open })
        open.live++
        unwrapped[name] = { held, type: tensor.type as Tensor['type'], shape: [...tensor.dims] }
      } else {
        unwrapped[name] = await this.#download(tensor)
        if (tensor.location === 'gpu-buffer') tensor.dispose()
      }
    }
    return unwrapped
  }

  async #download(tensor: OrtTensor): Promise<Tensor> {
    const ort = this.#ort
    if (tensor.location !== 'gpu-buffer') return fromOrt(tensor, tensor.data)
    if (ort.env.versions.node === undefined) return fromOrt(tensor, await tensor.getData())
    // In Node, getData on a GPU tensor ends the process: an Identity session whose output is in memory brings it over.
    const reader =
      this.#readers.get(tensor.type) ??
      ort.InferenceSession.create(identityModel(tensor.type as Tensor['type']), sessionOptions({ device: 'webgpu' }))
    this.#readers.set(tensor.type, reader)
    const { y } = await (await reader).run({ x: tensor }, ['y'])
    return fromOrt(y!, y!.data)
  }

  async #letGo(gone: readonly number[]): Promise<void> {
    for (const number of gone) {
      const entry = this.#held.get(number)
      if (!entry || !this.#held.delete(number)) continue
      entry.maker.live--
      if (entry.tensor.location === 'gpu-buffer') {
        await this.#inTurn(entry.maker.model.device, async () => entry.tensor.dispose())
      }
      await this.#releaseIfDone(entry.maker)
    }
  }

  async #releaseIfDone(open: OpenSession): Promise<void> {
    if (!open.closed || open.live > 0 || open.released) return
    open.released = true
    await this.#inTurn(open.model.device, () => open.session.release())
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
  const {
    device,
    deviceIndex = 0,
    cpuNodes = [],
    threads,
    heldOutputs = [],
    external = [],
    externalFolder,
    strict = false,
  } = model
  return {
    executionProviders: [
      {
        name: device,
        ...(deviceIndex > 0 && { deviceId: deviceIndex }),
        ...(device === 'webgpu' && cpuNodes.length > 0 && { forceCpuNodeNames: cpuNodes }),
      },
    ],
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

/** What WebAssembly makes of -1, the size of a dimension without a name. */
const unnamed = 0xffff_ffff

function toSpec({ name, isTensor, type, shape = [] }: OrtMetadata, label: string): TensorSpec {
  if (!isTensor || !isElementType(type)) {
    const problem = isTensor ? `its type is ${type}` : 'it is not a tensor'
    throw new PerStreamError(
      'model-unsupported',
      `The input or output "${name}" of ${label} cannot be used: ${problem}`,
      { fields: { model: label, name } },
    )
  }
  return { name, type, shape: shape.map((size) => (size === '' || size === unnamed ? -1 : size)) }
}
