import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { convertWeight, type SafetensorsInput } from '@perstream/onnx'
import { openCheckpoint, writeSafetensorsFile } from '@perstream/onnx/node'
import { expect, it } from 'vitest'
import { createOnnxRuntime } from '../../onnx'
import { madeFolder } from '../made-checkpoint'
import { openLanguageModel } from '../open-language-model'
import { emptyCache, int64, largestDifference, readGolden, shared } from '../test-material'

/** Writes a thinker as the whole Omni models are published: nested and prefixed, with a talker and more beside it, in shards. */
async function publishAsOmni(thinker: string, folder: string): Promise<void> {
  await using checkpoint = await openCheckpoint(thinker)
  const inputs = [...checkpoint.tensors.values()].map((tensor): SafetensorsInput => {
    const { name, type, shape } = tensor.entry
    return { name: `thinker.${name}`, type, shape, data: convertWeight(tensor, type) }
  })
  const other = (name: string): SafetensorsInput => ({ name, type: 'F32', shape: [2], data: new Uint8Array(8) })
  const shards = [
    [...inputs.slice(0, 50), other('talker.model.norm.weight')],
    [...inputs.slice(50), other('token2wav.a')],
  ]
  const map: Record<string, string> = {}
  for (const [i, shard] of shards.entries()) {
    const file = `model-0000${i + 1}-of-00002.safetensors`
    for (const { name } of shard) map[name] = file
    await writeSafetensorsFile(join(folder, file), shard)
  }
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }))
  const config: unknown = JSON.parse(await readFile(join(thinker, 'config.json'), 'utf8'))
  const nested = { model_type: 'qwen2_5_omni', thinker_config: config, talker_config: {}, token2wav_config: {} }
  await writeFile(join(folder, 'config.json'), JSON.stringify(nested))
  await copyFile(join(thinker, 'tokenizer.json'), join(folder, 'tokenizer.json'))
}

/** What the vision tower and the decoder give. */
async function outputsOf(folder: string, cacheFolder: string, golden: Awaited<ReturnType<typeof readGolden>>) {
  const runtime = createOnnxRuntime()
  await using parts = await openLanguageModel(folder, { runtime, device: 'cpu', from: 'checkpoint', cacheFolder })
  const seen = await parts.vision!.run({
    pixel_values: golden('pixel_values.A'),
    image_grid_thw: int64([1, 3], [1, 6, 8]),
  })
  const { inputs_embeds } = await parts.embed.run({ input_ids: int64([1, 3], [3, 14, 15]) })
  const { logits } = await parts.decoder[0]!.run({
    ...{ inputs_embeds: inputs_embeds!, attention_mask: int64([1, 3], [1, 1, 1]) },
    ...{ position_ids: int64([3, 1, 3], [0, 1, 2, 0, 1, 2, 0, 1, 2]), num_logits_to_keep: int64([], [0]) },
    ...emptyCache(parts.config.text),
  })
  return { features: seen.image_features!.data, logits: logits!.data }
}

it.skipIf(!shared)('finds the thinker in a whole Qwen2.5-Omni (skipped without shared material)', async () => {
  const thinker = join(shared!, 'models/tiny-qwen2.5-omni-thinker')
  await using work = await madeFolder()
  await publishAsOmni(thinker, work.path)
  const golden = await readGolden(join(thinker, 'golden.safetensors'))
  const [alone, whole] = [
    await outputsOf(thinker, join(work.path, 'cache'), golden),
    await outputsOf(work.path, join(work.path, 'cache'), golden),
  ]
  expect(largestDifference(whole.features, golden('image_features.A').data)).toBeLessThan(5e-5)
  expect(largestDifference(whole.logits, alone.logits)).toBe(0)
})
