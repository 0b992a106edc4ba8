import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createRandom } from '@perstream/kit'

/** Words that the tiny encoder knows; all others are one to it. */
const words = [
  ...['[unk]', '[begin]', '[end]', 'i', 'parked', 'in', 'row', 'c', 'on', 'level', '2', 'my', 'dentist', 'is', 'at'],
  ...['tuesday', 'paid', 'the', 'bakery', 'card', 'number', 'where', 'did', 'park', 'car', 'when'],
]
const config = {
  ...{ model_type: 'bert', hidden_size: 64, intermediate_size: 96, num_hidden_layers: 2, num_attention_heads: 4 },
  ...{ vocab_size: words.length, max_position_embeddings: 64, type_vocab_size: 2, layer_norm_eps: 1e-12 },
  ...{ hidden_act: 'gelu', torch_dtype: 'float32' },
}

/** The files of a BERT encoder of sentences with random weights, as they are published: 200 KB. */
export function tinyBertFiles(weights: ReadonlyMap<string, Weight> = randomWeights()): Map<string, Uint8Array> {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
  return new Map([
    ['1_Pooling/config.json', json({ pooling_mode_mean_tokens: true, pooling_mode_cls_token: false })],
    ['config.json', json(config)],
    ['model.safetensors', safetensors(weights)],
    ['tokenizer.json', json(tokenizer())],
    ['tokenizer_config.json', json({})],
  ])
}

/** Writes {@link tinyBertFiles} into a folder. */
export function writeTinyBert(
  folder: string,
  changes: Readonly<Record<string, unknown>> = {},
  weights?: ReadonlyMap<string, Weight>,
): void {
  for (const [name, bytes] of tinyBertFiles(weights)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), bytes)
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, ...changes }))
}

/** Writes a cross-encoder with random weights; `bias` is added to its scores. */
export function writeTinyCrossEncoder(folder: string, bias = 0): void {
  const { hidden_size: width } = config
  const random = createRandom(4)
  const values = (count: number) => Float32Array.from({ length: count }, () => random.gaussian() * 0.3)
  const weights = randomWeights()
  weights.set('pooler.dense.weight', { shape: [width, width], values: values(width * width) })
  weights.set('pooler.dense.bias', { shape: [width], values: values(width) })
  weights.set('classifier.weight', { shape: [1, width], values: values(width) })
  weights.set('classifier.bias', { shape: [1], values: Float32Array.of(bias) })
  writeTinyBert(folder, { architectures: ['BertForSequenceClassification'], id2label: { 0: 'LABEL_0' } }, weights)
}

function tokenizer() {
  const special = (name: string) => ({ id: name, ids: [words.indexOf(name)], tokens: [name] })
  return {
    ...{ version: '1.0', added_tokens: [], normalizer: { type: 'Lowercase' }, decoder: null },
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[begin]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[end]', type_id: 0 } },
      ],
      pair: [
        { SpecialToken: { id: '[begin]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[end]', type_id: 0 } },
        { Sequence: { id: 'B', type_id: 1 } },
        { SpecialToken: { id: '[end]', type_id: 1 } },
      ],
      special_tokens: { '[begin]': special('[begin]'), '[end]': special('[end]') },
    },
    model: {
      ...{ type: 'WordPiece', unk_token: '[unk]', continuing_subword_prefix: '##', max_input_chars_per_word: 100 },
      vocab: Object.fromEntries(words.map((word, i) => [word, i])),
    },
  }
}

interface Weight {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

function randomWeights(): Map<string, Weight> {
  const random = createRandom(3)
  const weights = new Map<string, Weight>()
  const add = (name: string, shape: readonly number[], middle = 0, spread = 0.1) => {
    const count = shape.reduce((product, size) => product * size, 1)
    weights.set(name, {
      shape,
      values: Float32Array.from({ length: count }, () => middle + random.gaussian() * spread),
    })
  }
  const linear = (name: string, out: number, into: number) => {
    add(`${name}.weight`, [out, into])
    add(`${name}.bias`, [out], 0, 0.01)
  }
  const norm = (name: string) => {
    add(`${name}.weight`, [width], 1, 0)
    add(`${name}.bias`, [width], 0, 0)
  }
  const { hidden_size: width, intermediate_size: between } = config
  add('embeddings.word_embeddings.weight', [config.vocab_size, width], 0, 1)
  add('embeddings.position_embeddings.weight', [config.max_position_embeddings, width], 0, 0.05)
  add('embeddings.token_type_embeddings.weight', [2, width], 0, 0.05)
  norm('embeddings.LayerNorm')
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const name = `encoder.layer.${layer}.`
    for (const part of ['query', 'key', 'value']) linear(`${name}attention.self.${part}`, width, width)
    linear(`${name}attention.output.dense`, width, width)
    norm(`${name}attention.output.LayerNorm`)
    linear(`${name}intermediate.dense`, between, width)
    linear(`${name}output.dense`, width, between)
    norm(`${name}output.LayerNorm`)
  }
  return weights
}

/** https://huggingface.co/docs/safetensors: the length of a JSON header, the header, the values. */
function safetensors(weights: ReadonlyMap<string, Weight>): Uint8Array {
  let end = 0
  const header = Object.fromEntries(
    [...weights].map(([name, { shape, values }]) => {
      const start = end
      end += values.byteLength
      return [name, { dtype: 'F32', shape, data_offsets: [start, end] }]
    }),
  )
  const text = new TextEncoder().encode(JSON.stringify(header))
  const padded = Math.ceil(text.length / 8) * 8
  const bytes = new Uint8Array(8 + padded + end).fill(32, 8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true)
  bytes.set(text, 8)
  let at = 8 + padded
  for (const { values } of weights.values()) {
    bytes.set(new Uint8Array(values.buffer), at)
    at += values.byteLength
  }
  return bytes
}
