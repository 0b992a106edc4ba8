import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bertConfig, bertShapes, writeCheckpoint } from '../made-checkpoint'

/** A tokenizer whose words are the ids of a small BERT: "w5" is 5, and what is no such word 0. */
const wordTokenizer = {
  version: '1.0',
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: 'WhitespaceSplit' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: 'w1', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: 'w2', type_id: 0 } },
    ],
    pair: [
      { SpecialToken: { id: 'w1', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: 'w2', type_id: 0 } },
      { Sequence: { id: 'B', type_id: 1 } },
      { SpecialToken: { id: 'w2', type_id: 1 } },
    ],
    special_tokens: { w1: { id: 'w1', ids: [1], tokens: ['w1'] }, w2: { id: 'w2', ids: [2], tokens: ['w2'] } },
  },
  decoder: null,
  truncation: { max_length: 4, strategy: 'LongestFirst', stride: 0, direction: 'Right' },
  model: {
    type: 'WordPiece',
    unk_token: 'w0',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`w${i}`, i])),
  },
}

/** Writes a small BERT encoder of sentences and, by path, what lies beside it; gives the weights. */
export async function writeBertFolder(folder: string, more: Readonly<Record<string, unknown>> = {}) {
  const weights = await writeCheckpoint(folder, { config: bertConfig, shapes: bertShapes() })
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(wordTokenizer))
  await mkdir(join(folder, '1_Pooling'))
  for (const [name, value] of Object.entries(more)) await writeFile(join(folder, name), JSON.stringify(value))
  return weights
}

/** The ids of a text of such words. */
export const idsOf = (text: string) => [1, ...text.split(' ').map((word) => Number(word.slice(1))), 2]

const crossConfig = { ...bertConfig, architectures: ['BertForSequenceClassification'], id2label: { 0: 'LABEL_0' } }

/** Writes a small cross-encoder as it is published; gives the weights. */
export async function writeCrossEncoderFolder(folder: string, config: Readonly<Record<string, unknown>> = {}) {
  const { 'pooler.dense.weight': pooler, ...shapes } = bertShapes()
  const all: Record<string, readonly number[]> = {
    ...shapes,
    'pooler.dense.weight': pooler!,
    'pooler.dense.bias': [16],
  }
  const prefixed = Object.fromEntries(Object.entries(all).map(([name, shape]) => [`bert.${name}`, shape]))
  const head = { 'classifier.weight': [1, 16], 'classifier.bias': [1] }
  const weights = await writeCheckpoint(folder, {
    config: { ...crossConfig, ...config },
    shapes: { ...prefixed, ...head },
  })
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(wordTokenizer))
  return weights
}
