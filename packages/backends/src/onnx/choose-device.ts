import { createGraph, encodeModel } from '@perstream/onnx'
import { type OnnxDeviceCapability, probeRequest } from './devices'
import type { Host } from './host'
import type { NamedDevice } from './named-device'
import type { Platform } from './platform'

/** The device that 'auto' takes. */
export interface ChosenDevice {
  readonly device: NamedDevice
  /** Why this one, and why none of the better ones. */
  readonly reason: string
}

/** What {@link chooseDevice} needs. */
export interface ChooseDeviceParts {
  readonly platform: Platform
  readonly probe: (device: NamedDevice) => Promise<OnnxDeviceCapability>
  readonly withHost: <Value>(device: NamedDevice, work: (host: Host) => Promise<Value>) => Promise<Value>
}

/**
 * Takes the best device that works. A WebGPU device must multiply matrices faster than the CPU: software adapters look
 * like real ones and are a hundred times slower.
 */
export async function chooseDevice({ platform, probe, withHost }: ChooseDeviceParts): Promise<ChosenDevice> {
  const passed: string[] = []
  const last = platform.automatic.at(-1)!
  for (const device of platform.automatic) {
    if (device === last) break
    const reason = (await platform.passes(device)) ?? (await whyNot(device))
    if (reason === undefined) return { device, reason: because(`${device} works here`, passed) }
    passed.push(`not ${device}: ${reason}`)
  }
  return { device: last, reason: because(`${last} always works`, passed) }

  async function whyNot(device: NamedDevice): Promise<string | undefined> {
    const { available, detail } = await probe(device)
    if (!available) return detail
    if (device !== 'webgpu' || last !== 'cpu') return undefined
    const own = await withHost(device, (host) => timeMatrices(host, device))
    const other = await withHost(last, (host) => timeMatrices(host, last))
    return own < other ? undefined : `it multiplies matrices ${(own / other).toFixed(1)} times slower than the ${last}`
  }
}

function because(taken: string, passed: readonly string[]): string {
  return [taken, ...passed].join('; ')
}

const width = 512

/** Milliseconds of the second multiplication of two matrices: the first one compiles. */
async function timeMatrices(host: Host, device: NamedDevice): Promise<number> {
  const graph = createGraph()
  const a = graph.input('a', 'float32', [width, width])
  graph.output('y', graph.node('MatMul', [a, a]), 'float32', [width, width])
  const model = { ...probeRequest(device, encodeModel(graph.build())), threads: undefined }
  const { session } = await host.open(model)
  const feeds = { a: { type: 'float32', shape: [width, width], data: new Float32Array(width * width) } } as const
  const run = () => host.run({ session, feeds, outputs: ['y'], hold: false })
  try {
    await run()
    const start = performance.now()
    await run()
    return performance.now() - start
  } finally {
    await host.close(session)
  }
}
