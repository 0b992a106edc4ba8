import {
  type CallOptions,
  type Device,
  type ModelSource,
  type OpenModelOptions,
  PerStreamError,
  type TensorRuntime,
  type TensorSession,
} from '@perstream/spec'
import { type ChosenDevice, chooseDevice } from './choose-device'
import { missingDevice, type NamedDevice, type OnnxDeviceCapability, probeDevice } from './devices'
import type { Host } from './host'
import { HostLinks } from './links'
import { type FoundModel, findModel, loadModel, type ModelHub } from './model-source'
import type { Platform } from './platform'
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
export function createRuntime({ platform, threads, hub }: RuntimeParts): OnnxRuntime {
  checkCount('threads', threads, 1)
  const links = new HostLinks()
  const probes = new Map<NamedDevice, Promise<OnnxDeviceCapability>>()
  let choosing: Promise<ChosenDevice> | undefined

  const take = (device: NamedDevice, index = 0) =>
    links.take(platform.hostKey(device, index), () => platform.connect(device))
  const withHost = async <Value>(device: NamedDevice, work: (host: Host) => Promise<Value>): Promise<Value> => {
    const { link, done } = await take(device)
    return work(link.host).finally(done)
  }
  const probe = (device: NamedDevice): Promise<OnnxDeviceCapability> => {
    const capability = probes.get(device) ?? startProbe(device)
    probes.set(device, capability)
    return capability
  }
  const startProbe = async (device: NamedDevice): Promise<OnnxDeviceCapability> => {
    const reason = platform.devices.includes(device) ? await platform.missing(device) : `${platform.name} has none`
    if (reason !== undefined) return missingDevice(device, reason)
    try {
      return await withHost(device, (host) => probeDevice(host, device))
    } catch (error) {
      if (!PerStreamError.isInstance(error)) throw error
      return missingDevice(device, error.message)
    }
  }
  const choose = () => {
    choosing ??= chooseDevice({ platform, probe, withHost })
    return choosing
  }
  /** What a device computes decides which file is taken and whether it can run; on the CPU everything does. */
  const typesOf = async (device: NamedDevice) => (await probe(device)).elementTypes

  const openOn = async (device: NamedDevice, found: FoundModel, options: OpenModelOptions): Promise<TensorSession> => {
    const { signal, deviceIndex = 0, heldOutputs = [] } = options
    const unknown = heldOutputs.find((name) => !found.facts.outputs.includes(name))
    if (unknown !== undefined) throw new TypeError(`heldOutputs has "${unknown}", which is no output of ${found.label}`)
    const loaded = await loadModel(found, { files: platform.files, opensFiles: platform.opensFiles(device) }, options)
    signal?.throwIfAborted()
    const { link, done } = await take(device, deviceIndex)
    const { host } = link
    const { label } = found
    try {
      const model = { ...loaded, label, device, deviceIndex, threads: options.threads ?? threads, heldOutputs }
      const opened = await host.open({ ...model, strict: false }, signal)
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

  return {
    name: platform.name,
    async capabilities({ signal } = {}) {
      signal?.throwIfAborted()
      const table = await Promise.all(allDevices.map(probe))
      signal?.throwIfAborted()
      return table
    },
    async choose({ signal } = {}) {
      signal?.throwIfAborted()
      const chosen = await choose()
      signal?.throwIfAborted()
      return chosen
    },
    async open(source: ModelSource, options: OpenModelOptions = {}) {
      const { signal, device: asked = 'auto', deviceIndex } = options
      signal?.throwIfAborted()
      checkCount('threads', options.threads, 1)
      checkCount('deviceIndex', deviceIndex, 0)
      const device = asked === 'auto' ? (await choose()).device : await check(asked, deviceIndex)
      const find = (elementTypes: OnnxDeviceCapability['elementTypes']) =>
        findModel(source, { files: platform.files, hub, elementTypes }, options)
      const found = await find(await typesOf(device))
      const refused = found.facts.computesFloat16 && !(await typesOf(device)).includes('float16')
      if (!refused) return openOn(device, found, options)
      const fallback = platform.automatic.at(-1)!
      if (asked !== 'auto' || fallback === device) throw noFloat16(found.label, device, fallback)
      return openOn(fallback, found, options)
    },
  }

  async function check(asked: NamedDevice, deviceIndex = 0): Promise<NamedDevice> {
    if (!allDevices.includes(asked)) {
      throw unavailable(asked, `there is no such device; the devices are auto, ${allDevices.join(', ')}`)
    }
    if (deviceIndex > 0 && asked !== 'cuda' && asked !== 'tensorrt') {
      throw unavailable(asked, `it has no number ${deviceIndex}: only cuda and tensorrt devices are numbered`)
    }
    if (asked === 'cpu' && platform.devices.includes('cpu')) return asked
    const { available, detail } = await probe(asked)
    if (!available) throw unavailable(asked, detail)
    return asked
  }
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
