import {
  type CallOptions,
  type Device,
  type ElementType,
  type ModelSource,
  type OpenModelOptions,
  PerStreamError,
  type TensorRuntime,
  type TensorSession,
} from '@perstream/spec'
import { type ChosenDevice, chooseDevice } from './choose-device'
import { missingDevice, type OnnxDeviceCapability, probeDevice } from './devices'
import type { Host } from './host'
import { HostLinks } from './links'
import { type FoundModel, findModel, loadModel, type ModelHub } from './model-source'
import type { NamedDevice } from './named-device'
import { elementTypes } from './ort'
import type { Platform } from './platform'
import type { NodePlace } from './scan-model'
import { createOnnxSession } from './session'

/** The tensor runtime over ONNX Runtime. */
export interface OnnxRuntime extends TensorRuntime {
  capabilities(options?: CallOptions): Promise<readonly OnnxDeviceCapability[]>
  /** Says which device 'auto' takes, and why. Cheap after the first call. */
  choose(options?: CallOptions): Promise<ChosenDevice>
}

/** What {@link createRuntime} is made from. */
export interface RuntimeParts {
  readonly platform: Platform
  readonly threads: number | undefined
  readonly hub: ModelHub | undefined
}

/** Makes the runtime of a platform. */
export function createRuntime(parts: RuntimeParts): OnnxRuntime {
  checkCount('threads', parts.threads, 1)
  const runtime = new Runtime(parts)
  return {
    name: runtime.name,
    capabilities: (options) => runtime.capabilities(options),
    choose: (options) => runtime.choose(options),
    open: (model, options) => runtime.open(model, options),
  }
}

class Runtime {
  readonly name: string
  readonly #platform: Platform
  readonly #threads: number | undefined
  readonly #hub: ModelHub | undefined
  readonly #links = new HostLinks()
  readonly #probes = new Map<NamedDevice, Promise<OnnxDeviceCapability>>()
  #chosen: Promise<ChosenDevice> | undefined

  constructor({ platform, threads, hub }: RuntimeParts) {
    this.name = platform.name
    this.#platform = platform
    this.#threads = threads
    this.#hub = hub
  }

  async capabilities({ signal }: CallOptions = {}): Promise<readonly OnnxDeviceCapability[]> {
    signal?.throwIfAborted()
    const table = await Promise.all(allDevices.map((device) => this.#probe(device)))
    signal?.throwIfAborted()
    return table
  }

  async choose({ signal }: CallOptions = {}): Promise<ChosenDevice> {
    signal?.throwIfAborted()
    this.#chosen ??= chooseDevice({
      platform: this.#platform,
      probe: (device) => this.#probe(device),
      withHost: (device, work) => this.#withHost(device, work),
    })
    const chosen = await this.#chosen
    signal?.throwIfAborted()
    return chosen
  }

  async open(source: ModelSource, options: OpenModelOptions = {}): Promise<TensorSession> {
    const { signal, device: asked = 'auto', deviceIndex } = options
    signal?.throwIfAborted()
    checkCount('threads', options.threads, 1)
    checkCount('deviceIndex', deviceIndex, 0)
    const device = asked === 'auto' ? (await this.choose({ signal })).device : await this.#check(asked, deviceIndex)
    const types = await this.#typesOf(device)
    const { files } = this.#platform
    const found = await findModel(source, { files, hub: this.#hub, elementTypes: types }, options)
    if (!found.facts.computesFloat16 || types.includes('float16')) return this.#openOn(device, found, options)
    const fallback = this.#platform.automatic.at(-1)!
    if (asked !== 'auto' || fallback === device) throw noFloat16(found.label, device, fallback)
    return this.#openOn(fallback, found, options)
  }

  async #openOn(device: NamedDevice, found: FoundModel, options: OpenModelOptions): Promise<TensorSession> {
    const { signal, deviceIndex = 0, heldOutputs = [], threads = this.#threads } = options
    const { label } = found
    const unknown = heldOutputs.find((name) => !found.facts.outputs.includes(name))
    if (unknown !== undefined) throw new TypeError(`heldOutputs has "${unknown}", which is no output of ${label}`)
    const { files } = this.#platform
    const cpuNodes = await this.#leftToCpu(device, found)
    const loaded = await loadModel(found, { files, opensFiles: this.#platform.opensFiles(device), cpuNodes }, options)
    signal?.throwIfAborted()
    const { link, done } = await this.#take(device, deviceIndex)
    const { host } = link
    try {
      const model = { ...loaded, label, device, deviceIndex, threads, heldOutputs, strict: false }
      const opened = await host.open(model, signal)
      if (signal?.aborted) {
        await host.close(opened.session)
        throw signal.reason
      }
      return createOnnxSession({ host, opened, device, label, onClosed: done })
    } catch (error) {
      done()
      throw error
    }
  }

  /** Finds out whether a device that is asked for works. */
  async #check(asked: NamedDevice, deviceIndex = 0): Promise<NamedDevice> {
    if (!allDevices.includes(asked)) {
      throw unavailable(asked, `there is no such device; the devices are auto, ${allDevices.join(', ')}`)
    }
    if (deviceIndex > 0 && asked !== 'cuda' && asked !== 'tensorrt') {
      throw unavailable(asked, `it has no number ${deviceIndex}: only cuda and tensorrt devices are numbered`)
    }
    if (onProcessor(asked) && this.#platform.devices.includes(asked)) return asked
    const { available, detail } = await this.#probe(asked)
    if (!available) throw unavailable(asked, detail)
    return asked
  }

  /** What a device computes decides which file is taken and whether it can run. */
  async #typesOf(device: NamedDevice): Promise<readonly ElementType[]> {
    return onProcessor(device) ? elementTypes : (await this.#probe(device)).elementTypes
  }

  /** What WebGPU computes too roughly, or cannot touch without float16. */
  async #leftToCpu(device: NamedDevice, { facts }: FoundModel): Promise<readonly NodePlace[]> {
    if (device !== 'webgpu') return []
    const halves = (await this.#typesOf(device)).includes('float16') ? [] : facts.halfMovers
    return [...facts.angles, ...halves]
  }

  #probe(device: NamedDevice): Promise<OnnxDeviceCapability> {
    const capability = this.#probes.get(device) ?? this.#startProbe(device)
    this.#probes.set(device, capability)
    return capability
  }

  async #startProbe(device: NamedDevice): Promise<OnnxDeviceCapability> {
    const { devices, name } = this.#platform
    const reason = devices.includes(device) ? await this.#platform.missing(device) : `${name} has none`
    if (reason !== undefined) return missingDevice(device, reason)
    try {
      return await this.#withHost(device, (host) => probeDevice(host, device))
    } catch (error) {
      if (!PerStreamError.isInstance(error)) throw error
      return missingDevice(device, error.message)
    }
  }

  async #withHost<Value>(device: NamedDevice, work: (host: Host) => Promise<Value>): Promise<Value> {
    const { link, done } = await this.#take(device, 0)
    return work(link.host).finally(done)
  }

  #take(device: NamedDevice, index: number) {
    return this.#links.take(this.#platform.hostKey(device, index), () => this.#platform.connect(device))
  }
}

/** Whether a device is the processor, which computes every element type and needs no proof. */
function onProcessor(device: NamedDevice): boolean {
  return device === 'cpu' || device === 'wasm'
}

const allDevices: readonly NamedDevice[] = ['cuda', 'tensorrt', 'webgpu', 'wasm', 'cpu']

function checkCount(name: string, value: number | undefined, least: number): void {
  if (value !== undefined && (!Number.isInteger(value) || value < least)) {
    throw new TypeError(`${name} is ${value}: it must be a whole number, ${least} or more`)
  }
}

function unavailable(device: Device, reason: string): PerStreamError {
  return new PerStreamError('device-unavailable', `Device "${device}" cannot be used: ${reason}`, {
    fields: { device },
  })
}

function noFloat16(label: string, device: NamedDevice, fallback: NamedDevice): PerStreamError {
  const problem = `it computes in float16, which ${device} does not do here (WebGPU needs the feature "shader-f16")`
  const remedy = `Open its "f32" or "q4" file, or open it on "${fallback}"`
  return new PerStreamError('model-unsupported', `${label} cannot run on ${device}: ${problem}. ${remedy}`, {
    fields: { model: label, device, elementType: 'float16' },
  })
}
