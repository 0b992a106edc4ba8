import type { Device } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../../onnx'
import { llamaConfig, llamaShapes, madeFolder, writeCheckpoint } from '../made-checkpoint'
import { openLanguageModel } from '../open-language-model'
import { emptyCache, int64, largestDifference } from '../test-material'

/** The logits of a few tokens on a device. */
async function logitsOn(device: Device, folder: string): Promise<Float32Array> {
  await using parts = await openLanguageModel(folder, { runtime: createOnnxRuntime({ threads: 1 }), device })
  const { inputs_embeds } = await parts.embed.run({ input_ids: int64([1, 3], [3, 14, 15]) })
  const { logits } = await parts.decoder[0]!.run({
    ...{ inputs_embeds: inputs_embeds!, attention_mask: int64([1, 3], [1, 1, 1]) },
    ...{ position_ids: int64([1, 3], [0, 1, 2]), num_logits_to_keep: int64([], [0]), ...emptyCache(parts.config.text) },
  })
  return logits!.data as Float32Array
}

describe('half floats of a checkpoint', () => {
  it.each(['BF16', 'F16'] as const)('are widened by every runtime (%s)', async (type) => {
    await using work = await madeFolder()
    await writeCheckpoint(work.path, { config: llamaConfig, shapes: llamaShapes(), type })
    const wanted = await logitsOn('cpu', work.path)
    expect(largestDifference(await logitsOn('wasm', work.path), wanted)).toBeLessThan(1e-5)
  })
})
