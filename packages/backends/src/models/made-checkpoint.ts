import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom } from '@perstream/kit'
import { type SafetensorsInput, toFloat16 } from '@perstream/onnx'
import { writeSafetensorsFile } from '@perstream/onnx/node'

/** Test checkpoints with random weights, made on the spot. */

/** A new folder, removed when it goes out of use. */
export async function madeFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'perstream-models-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** The config.json of a small Llama. */
export const llamaConfig = {
  ...{ model_type: 'llama', hidden_size: 32, intermediate_size: 64, num_hidden_layers: 4, num_attention_heads: 4 },
  ...{ num_key_value_heads: 2, vocab_size: 50, max_position_embeddings: 128, rms_norm_eps: 1e-5, rope_theta: 10000 },
  ...{ tie_word_embeddings: false, hidden_act: 'silu' },
}

/** The shapes of its tensors. */
export function llamaShapes(config: typeof llamaConfig = llamaConfig): Record<string, readonly number[]> {
  const { hidden_size: width, intermediate_size: between, num_hidden_layers: layers, vocab_size: vocabulary } = config
  const cached = (width / config.num_attention_heads) * config.num_key_value_heads
  const shapes: Record<string, readonly number[]> = {
    'model.embed_tokens.weight': [vocabulary, width],
    'model.norm.weight': [width],
    'lm_head.weight': [vocabulary, width],
  }
  for (let layer = 0; layer < layers; layer++) {
    const name = `model.layers.${layer}.`
    shapes[`${name}input_layernorm.weight`] = [width]
    shapes[`${name}post_attention_layernorm.weight`] = [width]
    for (const part of ['q', 'o']) shapes[`${name}self_attn.${part}_proj.weight`] = [width, width]
    for (const part of ['k', 'v']) shapes[`${name}self_attn.${part}_proj.weight`] = [cached, width]
    for (const part of ['gate', 'up']) shapes[`${name}mlp.${part}_proj.weight`] = [between, width]
    shapes[`${name}mlp.down_proj.weight`] = [width, between]
  }
  return shapes
}

/** The config.json of a small BERT. */
export const bertConfig = {
  ...{ model_type: 'bert', hidden_size: 16, intermediate_size: 40, num_hidden_layers: 2, num_attention_heads: 4 },
  ...{ vocab_size: 30, max_position_embeddings: 32, type_vocab_size: 2, layer_norm_eps: 1e-12, hidden_act: 'gelu' },
}

/** The shapes of its tensors, and of the pooler, which nothing reads. */
export function bertShapes(config: typeof bertConfig = bertConfig): Record<string, readonly number[]> {
  const { hidden_size: width, intermediate_size: between } = config
  const shapes: Record<string, readonly number[]> = { 'pooler.dense.weight': [width, width] }
  const add = (name: string, ...shape: readonly number[]) => {
    shapes[`${name}.weight`] = shape
    if (!name.endsWith('embeddings')) shapes[`${name}.bias`] = [shape[0]!]
  }
  add('embeddings.word_embeddings', config.vocab_size, width)
  add('embeddings.position_embeddings', config.max_position_embeddings, width)
  add('embeddings.token_type_embeddings', config.type_vocab_size, width)
  add('embeddings.LayerNorm', width)
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const name = `encoder.layer.${layer}.`
    for (const part of ['query', 'key', 'value']) add(`${name}attention.self.${part}`, width, width)
    add(`${name}attention.output.dense`, width, width)
    add(`${name}attention.output.LayerNorm`, width)
    add(`${name}intermediate.dense`, between, width)
    add(`${name}output.dense`, width, between)
    add(`${name}output.LayerNorm`, width)
  }
  return shapes
}

/** Random weights: norms near 1, everything else small. */
function randomWeights(shapes: Readonly<Record<string, readonly number[]>>, seed = 1): Map<string, Float32Array> {
  const random = createRandom(seed)
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const count = shape.reduce((product, size) => product * size, 1)
      const middle = /norm\.weight$/i.test(name) ? 1 : 0
      return [name, Float32Array.from({ length: count }, () => middle + (random.next() - 0.5) * 0.4)]
    }),
  )
}

/** How a checkpoint is written. */
export interface MadeCheckpoint {
  readonly config: Readonly<Record<string, unknown>>
  readonly shapes: Readonly<Record<string, readonly number[]>>
  readonly seed?: number
  /** Default 'F32'. */
  readonly type?: 'F32' | 'F16' | 'BF16'
  /** Files that the tensors are spread over. Default 1. */
  readonly shards?: number
}

/** Writes a published folder, and gives the weights as they can be read back. */
export async function writeCheckpoint(
  folder: string,
  { config, shapes, seed = 1, type = 'F32', shards = 1 }: MadeCheckpoint,
): Promise<Map<string, Float32Array>> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  await writeFile(join(folder, 'tokenizer.json'), '{}')
  const weights = randomWeights(shapes, seed)
  const inputs = [...weights].map(([name, values]): SafetensorsInput => {
    const narrow = narrowed(values, type)
    if (type === 'BF16') for (let i = 0; i < values.length; i++) values[i] = widened(narrow as Uint16Array, i)
    const data = new Uint8Array(narrow.buffer, narrow.byteOffset, narrow.byteLength)
    return { name, type, shape: shapes[name]!, data }
  })
  if (shards === 1) await writeSafetensorsFile(join(folder, 'model.safetensors'), inputs)
  else await writeShards(folder, inputs, shards)
  return weights
}

async function writeShards(folder: string, inputs: readonly SafetensorsInput[], shards: number): Promise<void> {
  const map: Record<string, string> = {}
  for (let shard = 0; shard < shards; shard++) {
    const file = `model-0000${shard + 1}-of-0000${shards}.safetensors`
    const part = inputs.filter((_, i) => i % shards === shard)
    for (const { name } of part) map[name] = file
    await writeSafetensorsFile(join(folder, file), part)
  }
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }))
}

function narrowed(values: Float32Array, type: 'F32' | 'F16' | 'BF16'): Float32Array | Uint16Array {
  if (type === 'F32') return values
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  if (type === 'F16') return toFloat16('F32', bytes)
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  return Uint16Array.from(bits, (each) => each >>> 16)
}

function widened(values: Uint16Array, i: number): number {
  return new Float32Array(Uint32Array.of(values[i]! << 16).buffer)[0]!
}
