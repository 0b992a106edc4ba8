import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CallOptions, PerStreamError } from '@perstream/spec'
import { createConfigSection, isObject } from '../config/config-section'
import type { BertConfig } from '../config/model-config'
import { readModelConfig } from '../config/read-model-config'

/** How the rows of a text become one vector: their mean, or the first. */
export type Pooling = 'mean' | 'first'

/** What a folder in the layout of sentence-transformers says beside its weights. */
export interface SentenceSettings {
  readonly config: BertConfig
  readonly pooling: Pooling
  /** Most ids of a text, with those that the tokenizer adds at both ends. */
  readonly maxTokens: number
  /** The parsed tokenizer.json and tokenizer_config.json. */
  readonly tokenizer: readonly [Record<string, unknown>, Record<string, unknown>]
}

/**
 * Reads config.json, tokenizer.json, tokenizer_config.json and, where they are there, sentence_bert_config.json and
 * 1_Pooling/config.json.
 * @throws PerStreamError `model-missing`, `model-invalid`; `model-unsupported` for another kind of model or of pooling
 */
export async function readSentenceSettings(folder: string, options: CallOptions = {}): Promise<SentenceSettings> {
  const config = readModelConfig(await readJson(folder, 'config.json', options))
  if (config.family !== 'bert') {
    throw new PerStreamError(
      'model-unsupported',
      `${folder} holds a ${config.family} model: sentences are encoded by BERT encoders`,
      { fields: { folder, family: config.family } },
    )
  }
  const limits = createConfigSection(await readOptionalJson(folder, 'sentence_bert_config.json', options))
  const { contextLength } = config.encoder
  return {
    config: config.encoder,
    pooling: readPooling(await readOptionalJson(folder, '1_Pooling/config.json', options)),
    maxTokens: Math.min(limits.count('max_seq_length', contextLength), contextLength),
    tokenizer: [
      await readJson(folder, 'tokenizer.json', options),
      await readOptionalJson(folder, 'tokenizer_config.json', options),
    ],
  }
}

function readPooling(values: Record<string, unknown>): Pooling {
  const modes = Object.keys(values).filter((key) => key.startsWith('pooling_mode_') && values[key] === true)
  if (modes.length === 0) return 'mean'
  if (modes.length === 1 && modes[0] === 'pooling_mode_mean_tokens') return 'mean'
  if (modes.length === 1 && modes[0] === 'pooling_mode_cls_token') return 'first'
  throw new PerStreamError(
    'model-unsupported',
    `1_Pooling/config.json asks for ${modes.join(' and ')}; supported: pooling_mode_mean_tokens or pooling_mode_cls_token, one of them`,
    { fields: { modes } },
  )
}

async function readJson(folder: string, name: string, { signal }: CallOptions): Promise<Record<string, unknown>> {
  const text = await readFile(join(folder, name), { encoding: 'utf8', signal }).catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw new PerStreamError('model-missing', `The model's folder ${folder} has no readable ${name}`, {
      fields: { folder, file: name },
      cause,
    })
  })
  return parse(text, name)
}

async function readOptionalJson(
  folder: string,
  name: string,
  { signal }: CallOptions,
): Promise<Record<string, unknown>> {
  const text = await readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  signal?.throwIfAborted()
  return text === undefined ? {} : parse(text, name)
}

function parse(text: string, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch {
    // told below, as for any text that is no object
  }
  throw new PerStreamError('model-invalid', `${name} holds no JSON object: download it again`, {
    fields: { file: name },
  })
}
