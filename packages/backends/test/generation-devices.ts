import { expect, it } from 'vitest'
import { madeFolder } from '../src/models/made-checkpoint'
import { openLanguageModel } from '../src/models/open-language-model'
import { shared } from '../src/models/test-material'
import { createOnnxRuntime } from '../src/onnx'
import type { NamedDevice } from '../src/onnx/named-device'
import { checkGoldenCases } from './check-golden-cases'
import { modelFolder, tinyModels } from './golden'

/** How a device is tested. */
type DeviceTest = NonNullable<Parameters<typeof checkGoldenCases>[2]> & {
  /**
   * 'checkpoint' writes the graphs anew. The ready-made ones leave sines and cosines to the device, of which WebGPU
   * promises three digits: their logits are off by up to 8e-3 there. Default 'onnx'.
   */
  readonly from?: 'onnx' | 'checkpoint'
}

/**
 * Runs golden cases of the tiny models on a device, with caches that stay there; where it does not work, says so or
 * fails.
 */
export async function testGeneration(
  device: NamedDevice,
  { from = 'onnx', ...options }: DeviceTest = {},
): Promise<void> {
  const runtime = createOnnxRuntime({ threads: 1 })
  const found = (await runtime.capabilities()).find((capability) => capability.device === device)!
  const required = (process.env.PERSTREAM_REQUIRE ?? '').split(/[\s,]+/).includes(device)
  const skipped = shared === undefined ? 'no shared material' : found.available ? undefined : found.detail
  for (const name of tinyModels) {
    if (skipped !== undefined && !required) {
      it.skip(`${name} writes on ${device} (skipped: ${skipped})`)
      continue
    }
    it(`${name} writes on ${device} as on the processor`, { timeout: 300_000 }, async () => {
      if (skipped !== undefined) expect.fail(skipped)
      await using cache = await madeFolder()
      const placement = { runtime, device, from, cacheFolder: cache.path }
      await using parts = await openLanguageModel(modelFolder(name), placement)
      expect(parts.decoder[0]!.device).toBe(device)
      expect(await checkGoldenCases(parts, name, options)).toBeLessThan(1e-3)
    })
  }
}
