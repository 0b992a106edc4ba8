import { createOnnxRuntime } from '@perstream/backends/onnx'
import { type CallOptions, type DeviceCapability, type DriverStatus, PerStreamError } from '@perstream/spec'
import { createCenterNet } from './centernet'
import { createPpOcrReader } from './ppocr-reader'
import { createUseLiteEncoder } from './use-lite'

/** What works of the lite models on this machine. */
export interface LiteStatus {
  readonly devices: readonly DeviceCapability[]
  readonly models: readonly { readonly name: string; readonly status: DriverStatus }[]
}

/** Opens each lite model once and says which work. Takes about a second. */
export async function probeLite({ signal }: CallOptions = {}): Promise<LiteStatus> {
  const runtime = createOnnxRuntime({ worker: false })
  const makers = {
    'text encoder': createUseLiteEncoder,
    'text reader': createPpOcrReader,
    'object detector': createCenterNet,
  }
  const models = Object.entries(makers).map(async ([name, make]) => ({
    name,
    status: await status(() => make({ runtime, signal })),
  }))
  return { devices: await runtime.capabilities({ signal }), models: await Promise.all(models) }
}

async function status(make: () => Promise<AsyncDisposable>): Promise<DriverStatus> {
  try {
    const model = await make()
    await model[Symbol.asyncDispose]()
    return { available: true, version: 'opens' }
  } catch (error) {
    if (!PerStreamError.isInstance(error)) throw error
    const name = error.fields.package
    return {
      available: false,
      reason: error.message,
      remedy: typeof name === 'string' ? `npm install ${name}` : 'see the message',
    }
  }
}
