import { arrayOfType } from '@perstream/kit'
import { type DeviceCapability, type ElementType, PerStreamError } from '@perstream/spec'
import { reasonOf } from './failures'
import type { Host, HostModel } from './host'
import type { NamedDevice } from './named-device'
import { elementTypes } from './ort'
import { identityModel, probeModels } from './probe-model'

/** What an emitter of graphs asks of a device. */
export interface DeviceFeatures {
  /** Whether held outputs stay in the device's own memory; elsewhere they stay in that of the process. */
  readonly deviceMemory: boolean
  /** Whether values can be bfloat16 within a graph. */
  readonly bfloat16: boolean
  /** Whether the device runs these operators itself, without the CPU. */
  readonly logSoftmax: boolean
  readonly fusedMatMul: boolean
  readonly matMulNBits: boolean
  readonly scan: boolean
}

/** What a device can do here, found by running one-node models on it. */
export interface OnnxDeviceCapability extends DeviceCapability {
  readonly features: DeviceFeatures
}

const remedies: Record<NamedDevice, string> = {
  cpu: 'reinstall onnxruntime-node for this platform',
  cuda: 'see cudaRequirements() for the libraries that it needs and where they come from',
  tensorrt: 'see cudaRequirements() for the libraries that it needs, and install TensorRT',
  webgpu: 'install a graphics driver (Vulkan, Metal or Direct3D 12), or allow WebGPU in the browser',
  wasm: 'install onnxruntime-web',
}

/** Finds out what a device can do. The host is already there. */
export async function probeDevice(host: Host, device: NamedDevice): Promise<OnnxDeviceCapability> {
  const works: ElementType[] = []
  for (const type of elementTypes) {
    const failure = await tryType(host, device, type)
    if (failure === undefined) works.push(type)
    else if (type === 'float32') return missingDevice(device, failure)
  }
  const features = {
    deviceMemory: device === 'webgpu',
    bfloat16: await opens(host, device, probeModels.bfloat16()),
    logSoftmax: await opens(host, device, probeModels.logSoftmax()),
    fusedMatMul: await opens(host, device, probeModels.fusedMatMul()),
    matMulNBits: await opens(host, device, probeModels.matMulNBits()),
    scan: await opens(host, device, probeModels.scan()),
  }
  return { device, available: true, detail: host.version, elementTypes: works, features }
}

/** The entry of a device that does not work here. */
export function missingDevice(device: NamedDevice, reason: string): OnnxDeviceCapability {
  const features = {
    ...{ deviceMemory: false, bfloat16: false },
    ...{ logSoftmax: false, fusedMatMul: false, matMulNBits: false, scan: false },
  }
  return { device, available: false, detail: `${reason}; ${remedies[device]}`, elementTypes: [], features }
}

/** A model of bytes to open for a probe: every node on the device, or none. */
export function probeRequest(device: NamedDevice, content: Uint8Array): HostModel {
  return {
    ...{ device, content, label: 'a probe', strict: true, threads: 1 },
    ...{ deviceIndex: 0, external: [], heldOutputs: [], cpuNodes: [] },
  }
}

async function tryType(host: Host, device: NamedDevice, type: ElementType): Promise<string | undefined> {
  // Copying half floats needs no arithmetic in them.
  const model = type === 'float16' ? probeModels.float16() : identityModel(type, [1])
  try {
    const { session } = await host.open(probeRequest(device, model))
    const x = { type, shape: [1], data: new arrayOfType[type](1) }
    await host.run({ session, feeds: { x }, outputs: ['y'], hold: false }).finally(() => host.close(session))
    return undefined
  } catch (error) {
    return PerStreamError.isInstance(error) ? String(error.fields.reason ?? error.message) : reasonOf(error)
  }
}

async function opens(host: Host, device: NamedDevice, content: Uint8Array): Promise<boolean> {
  try {
    const { session } = await host.open(probeRequest(device, content))
    await host.close(session)
    return true
  } catch {
    return false
  }
}
