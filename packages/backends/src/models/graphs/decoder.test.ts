import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeModel } from '@perstream/onnx'
import { openCheckpoint } from '@perstream/onnx/node'
import type { Tensor } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../../onnx'
import type { TextModelConfig } from '../config/model-config'
import { readModelConfig } from '../config/read-model-config'
import { checkpointTable } from '../import/checkpoint-table'
import { emptyCache, int64, largestDifference, readGolden, shared, workFolder } from '../test-material'
import { writeDecoder } from './decoder'
import { writeEmbedTokens } from './embed-tokens'
import { findLanguageModelNames } from './tensor-names'

describe.skipIf(!shared)('writeDecoder (skipped without shared material)', () => {
  const folder = join(shared ?? '', 'models/peft-lora-golden')

  it.each(['base', 'merged'])('computes the logits of a Qwen2 model (%s)', async (which) => {
    const config = readModelConfig(await readFile(join(folder, 'base/config.json'), 'utf8')) as TextModelConfig
    await using checkpoint = await openCheckpoint(join(folder, which))
    const weights = checkpointTable(checkpoint)
    const names = findLanguageModelNames(config, weights)
    await using work = await workFolder(join(folder, which), {
      'embed.onnx': encodeModel(writeEmbedTokens(config.text, { table: weights }, names.table)),
      'decoder.onnx': encodeModel(
        writeDecoder({ config: config.text, source: { table: weights }, prefix: names.text, head: names.head }),
      ),
    })
    const runtime = createOnnxRuntime()
    await using embed = await runtime.open({ path: join(work.path, 'embed.onnx') }, { device: 'cpu' })
    await using decoder = await runtime.open({ path: join(work.path, 'decoder.onnx') }, { device: 'cpu' })
    const golden = await readGolden(join(folder, 'golden.safetensors'))
    const mask = golden('attention_mask')
    const { inputs_embeds } = await embed.run({ input_ids: golden('input_ids') })
    const [batch, length] = mask.shape as [number, number]
    const result = await decoder.run({
      inputs_embeds: inputs_embeds!,
      attention_mask: mask,
      position_ids: int64(
        [batch, length],
        Array.from({ length: batch * length }, (_, i) => i % length),
      ),
      num_logits_to_keep: int64([], [0]),
      ...emptyCache(config.text, batch),
    })
    const logits = golden(`logits_${which}`)
    expect(result.logits!.shape).toEqual(logits.shape)
    const told = (all: Tensor) => [...(all.data as Float32Array)].filter((_, i) => mask.data[Math.floor(i / 320)])
    expect(largestDifference(told(result.logits!), told(logits))).toBeLessThan(5e-5)
  })
})
