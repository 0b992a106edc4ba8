import { existsSync } from 'node:fs'
import { tensorRuntimeContract } from '@perstream/conformance'
import { expect, it } from 'vitest'
import { createOnnxRuntime } from '../src/onnx'
import type { NamedDevice } from '../src/onnx/named-device'

/** Chromium's software Vulkan driver. The loader reads these names when onnxruntime-node first looks for an adapter. */
const software = '/usr/lib/chromium/vk_swiftshader_icd.json'

/** Lets WebGPU in Node find a software adapter where the machine registers none itself. */
export function offerSoftwareAdapter(): void {
  if (!existsSync(software)) return
  process.env.VK_DRIVER_FILES ??= software
  process.env.VK_ICD_FILENAMES ??= software
}

/** Runs the contract on a device, in the calling thread and in one of its own; where it does not work, says so or fails. */
export async function testDevice(device: NamedDevice): Promise<void> {
  const required = (process.env.PERSTREAM_REQUIRE ?? '').split(/[\s,]+/)
  const table = await createOnnxRuntime().capabilities()
  const { available, detail } = table.find((capability) => capability.device === device)!
  if (!available) {
    if (required.includes(device)) it(`runs on ${device}, as required`, () => expect.fail(detail))
    else it.skip(`runs on ${device} (skipped: ${detail})`)
    return
  }
  for (const worker of [false, true]) {
    tensorRuntimeContract(`ONNX Runtime ${worker ? 'in a thread' : 'in the calling thread'}`, {
      create: () => createOnnxRuntime({ threads: 1, worker }),
      device,
      threaded: worker && device !== 'webgpu',
      reference: () => createOnnxRuntime({ threads: 1, worker: false }),
      tolerance: 1e-5,
    })
  }
}
