import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createRandom } from '@perstream/kit'
import type { SafetensorsInput } from '@perstream/onnx'
import { writeSafetensorsFile } from '@perstream/onnx/node'

/** The vision tower of Qwen2.5-VL and Qwen2.5-Omni, as their config.json gives it. */
const vision = { layers: 32, width: 1280, between: 3420, heads: 16, merged: 5120, out: 3584 }
/** A decoder of the same width with few layers, so that it fits everywhere. */
const text = { layers: 2, width: 3584, between: 4096, heads: 28, keyValue: 4, headWidth: 128 }

/** Writes a published folder whose vision tower has its real size and whose weights are random, beside the tokenizer of a tiny model. */
export async function writeScaledCheckpoint(tiny: string, folder: string): Promise<void> {
  const config = JSON.parse(await readFile(join(tiny, 'config.json'), 'utf8')) as Record<
    string,
    Record<string, unknown>
  >
  const scaled = scaledConfig(config)
  await writeFile(join(folder, 'config.json'), JSON.stringify(scaled))
  for (const name of ['generation_config.json', 'tokenizer.json', 'tokenizer_config.json', 'preprocessor_config.json'])
    await copyFile(join(tiny, name), join(folder, name))
  const vocabulary = Number((scaled.text_config ?? scaled).vocab_size)
  const inputs = [...shapes(vocabulary)].map(([name, shape], i) => randomTensor(name, shape, i))
  await writeSafetensorsFile(join(folder, 'model.safetensors'), inputs)
}

function scaledConfig(config: Record<string, Record<string, unknown>>): Record<string, Record<string, unknown>> {
  const decoder = {
    ...{ hidden_size: text.width, intermediate_size: text.between, num_hidden_layers: text.layers },
    ...{ num_attention_heads: text.heads, num_key_value_heads: text.keyValue },
  }
  const sections = { mrope_section: [16, 24, 24] }
  const scale = (old: Record<string, unknown>): Record<string, unknown> => {
    const found: Record<string, unknown> = { ...old, ...decoder }
    for (const key of ['rope_scaling', 'rope_parameters'])
      if (isSettings(found[key])) found[key] = { ...found[key], ...sections }
    return Object.fromEntries(Object.entries(found).filter(([key]) => key !== 'head_dim' && key !== 'layer_types'))
  }
  const tower = {
    ...config.vision_config,
    ...{ depth: vision.layers, hidden_size: vision.width, intermediate_size: vision.between, num_heads: vision.heads },
    ...{ out_hidden_size: vision.out, window_size: 112, fullatt_block_indexes: [7, 15, 23, 31] },
  }
  const scaled = config.text_config ? { ...config, text_config: scale(config.text_config) } : scale(config)
  return { ...scaled, vision_config: tower } as Record<string, Record<string, unknown>>
}

function isSettings(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function* shapes(vocabulary: number): Generator<readonly [name: string, shape: readonly number[]]> {
  const linear = function* (name: string, out: number, into: number, bias = true) {
    yield [`${name}.weight`, [out, into]] as const
    if (bias) yield [`${name}.bias`, [out]] as const
  }
  yield ['visual.patch_embed.proj.weight', [vision.width, 3, 2, 14, 14]]
  for (let layer = 0; layer < vision.layers; layer++) {
    const name = `visual.blocks.${layer}`
    for (const norm of ['norm1', 'norm2']) yield [`${name}.${norm}.weight`, [vision.width]]
    yield* linear(`${name}.attn.qkv`, 3 * vision.width, vision.width)
    yield* linear(`${name}.attn.proj`, vision.width, vision.width)
    for (const part of ['gate_proj', 'up_proj']) yield* linear(`${name}.mlp.${part}`, vision.between, vision.width)
    yield* linear(`${name}.mlp.down_proj`, vision.width, vision.between)
  }
  yield ['visual.merger.ln_q.weight', [vision.width]]
  yield* linear('visual.merger.mlp.0', vision.merged, vision.merged)
  yield* linear('visual.merger.mlp.2', vision.out, vision.merged)
  yield ['model.embed_tokens.weight', [vocabulary, text.width]]
  yield ['model.norm.weight', [text.width]]
  yield ['lm_head.weight', [vocabulary, text.width]]
  for (let layer = 0; layer < text.layers; layer++) {
    const name = `model.layers.${layer}`
    for (const norm of ['input_layernorm', 'post_attention_layernorm']) yield [`${name}.${norm}.weight`, [text.width]]
    const keys = text.keyValue * text.headWidth
    yield* linear(`${name}.self_attn.q_proj`, text.width, text.width)
    for (const part of ['k_proj', 'v_proj']) yield* linear(`${name}.self_attn.${part}`, keys, text.width)
    yield* linear(`${name}.self_attn.o_proj`, text.width, text.width, false)
    for (const part of ['gate_proj', 'up_proj']) yield* linear(`${name}.mlp.${part}`, text.between, text.width, false)
    yield* linear(`${name}.mlp.down_proj`, text.width, text.between, false)
  }
}

/** A block of random numbers, again and again: what they are does not change the time. */
function randomTensor(name: string, shape: readonly number[], seed: number): SafetensorsInput {
  const count = shape.reduce((product, size) => product * size, 1)
  const random = createRandom(seed + 1)
  const isNorm = /norm|ln_q/.test(name)
  const values = new Float32Array(count)
  const block = Math.min(count, 65_536)
  for (let i = 0; i < block; i++) values[i] = isNorm ? 1 : (random.next() - 0.5) * 0.02
  for (let filled = block; filled < count; filled *= 2) values.copyWithin(filled, 0, Math.min(filled, count - filled))
  return { name, type: 'F32', shape, data: new Uint8Array(values.buffer) }
}
