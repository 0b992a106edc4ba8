import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Device, DeviceCapability, ElementType } from '@perstream/spec'
import { arrayOfType, type OrtModule } from './ort'
import { identityModel } from './probe-model'

/** A device that a session runs on. */
export type NamedDevice = Exclude<Device, 'auto'>

/** Every device that can be asked for, best first where 'auto' chooses. */
export const namedDevices: readonly NamedDevice[] = ['cuda', 'tensorrt', 'webgpu', 'wasm', 'cpu']

const remedies: Record<NamedDevice, string> = {
  cpu: 'reinstall onnxruntime-node for this platform',
  cuda: 'install the CUDA and cuDNN libraries and the CUDA provider of onnxruntime-node (its post-install step fetches it on Linux x64)',
  tensorrt: 'install TensorRT and the provider of onnxruntime-node (its post-install step fetches it on Linux x64)',
  webgpu: 'install a graphics driver (Vulkan, Metal or Direct3D 12)',
  wasm: 'use device "cpu": onnxruntime-node has no WebAssembly provider',
}

/** Finds out what devices can do, each on first demand, by running a one-node model of each element type on it. */
export function createProbe(ort: OrtModule): (device: NamedDevice) => Promise<DeviceCapability> {
  const listed = ort.listSupportedBackends().map(({ name }) => name)
  const found = new Map<NamedDevice, Promise<DeviceCapability>>()
  return (device) => {
    const capability = found.get(device) ?? probe(ort, device, listed)
    found.set(device, capability)
    return capability
  }
}

/**
 * The session options that put every node on one device, or fail. Threads that wait for work sleep: left to spin, they
 * burn up to as much CPU again and take the cores that decode.
 */
export function deviceOptions(device: NamedDevice): Record<string, unknown> {
  const sleep = { allow_spinning: '0' }
  return {
    executionProviders: [device],
    logSeverityLevel: 4,
    extra: { session: { intra_op: sleep, inter_op: sleep } },
  }
}

async function probe(ort: OrtModule, device: NamedDevice, listed: readonly string[]): Promise<DeviceCapability> {
  if (!listed.includes(device)) return missing(device, 'this build of onnxruntime-node does not have it')
  const library = missingLibrary(device)
  if (library) return missing(device, `the provider library ${library} is not there`)
  const elementTypes: ElementType[] = []
  let reason = 'it runs no element type'
  for (const type of Object.keys(arrayOfType) as ElementType[]) {
    const failure = await tryType(ort, device, type)
    if (failure === undefined) elementTypes.push(type)
    else if (type === 'float32') return missing(device, failure)
    else reason = failure
  }
  if (elementTypes.length === 0) return missing(device, reason)
  return { device, available: true, detail: `onnxruntime-node ${ort.env.versions.node ?? ''}`.trim(), elementTypes }
}

/** The provider of a device that onnxruntime-node loads from a file of its own, when it is not there. Loading it would print. */
function missingLibrary(device: NamedDevice): string | undefined {
  if (device !== 'cuda' && device !== 'tensorrt') return undefined
  const windows = process.platform === 'win32'
  const library = windows ? `onnxruntime_providers_${device}.dll` : `libonnxruntime_providers_${device}.so`
  const binaries = join(createRequire(import.meta.url).resolve('onnxruntime-node'), '..', '..', 'bin')
  const found = readdirSync(binaries).some((version) =>
    existsSync(join(binaries, version, process.platform, process.arch, library)),
  )
  return found ? undefined : library
}

async function tryType(ort: OrtModule, device: NamedDevice, type: ElementType): Promise<string | undefined> {
  const noFallback = device === 'cpu' ? {} : { extra: { session: { disable_cpu_ep_fallback: '1' } } }
  try {
    const session = await ort.InferenceSession.create(identityModel(type), { ...deviceOptions(device), ...noFallback })
    try {
      await session.run({ x: new ort.Tensor(type, new arrayOfType[type](1), [1]) }, ['y'])
    } finally {
      await session.release()
    }
    return undefined
  } catch (cause) {
    return cause instanceof Error ? firstSentence(cause.message) : String(cause)
  }
}

/** The first line of a message of ONNX Runtime, without the place in its source. */
function firstSentence(message: string): string {
  return message.split('\n')[0]!.replace(/^\/\S+:\d+ .* was false\. /, '')
}

function missing(device: NamedDevice, reason: string): DeviceCapability {
  return { device, available: false, detail: `${reason}; ${remedies[device]}`, elementTypes: [] }
}
