import { Tokenizer } from '@huggingface/tokenizers'
import { type CallOptions, PerStreamError } from '@perstream/spec'
import { createConfigSection, isObject } from '../config/config-section'
import type { BertConfig, SentenceModelConfig } from '../config/model-config'
import { readModelConfig } from '../config/read-model-config'

/** How the rows of a text become one vector: their mean, or the first. */
export type Pooling = 'mean' | 'first'

/** What a folder in the layout of sentence-transformers says beside its weights. */
export interface SentenceSettings {
  readonly config: BertConfig
  readonly pooling: Pooling
  /** Most ids of a text or a pair, with those that the tokenizer adds. */
  readonly maxTokens: number
  readonly tokenizer: Tokenizer
}

/** What a model is opened for. */
export interface SentenceNeeds extends CallOptions {
  readonly wanted: SentenceModelConfig['gives']
  /** Instead of what the folder says. */
  readonly maxTokens?: number | undefined
}

/** Reads a text file of a model, by its path in the model's folder; undefined where there is none. */
export type ReadModelFile = (name: string, options: CallOptions) => Promise<string | undefined>

/**
 * Reads config.json, tokenizer.json and, where they are there, tokenizer_config.json, sentence_bert_config.json and
 * 1_Pooling/config.json.
 * @param place the folder or URL, for messages
 * @throws PerStreamError `model-missing`, `model-invalid`; `model-unsupported` for another kind of model or of pooling, and for one that
 * gives something else than what is wanted; TypeError when the model cannot take `maxTokens`
 */
export async function readSentenceSettings(
  place: string,
  read: ReadModelFile,
  { wanted, maxTokens, signal }: SentenceNeeds,
): Promise<SentenceSettings> {
  const options = { signal }
  const optional = async (name: string) => parse((await read(name, options)) ?? '{}', name)
  const required = async (name: string) => {
    const text = await read(name, options)
    if (text !== undefined) return parse(text, name)
    throw new PerStreamError('model-missing', `The model at ${place} has no ${name}`, { fields: { place, file: name } })
  }
  const config = readModelConfig(await required('config.json'))
  if (config.family !== 'bert') {
    throw new PerStreamError(
      'model-unsupported',
      `${place} holds a ${config.family} model: sentences are read by BERT encoders`,
      { fields: { place, family: config.family } },
    )
  }
  if (config.gives !== wanted) throw givesOther(place, wanted)
  const limits = createConfigSection(await optional('sentence_bert_config.json'))
  const { contextLength } = config.encoder
  const longest = Math.min(limits.count('max_seq_length', contextLength), contextLength)
  return {
    config: config.encoder,
    pooling: readPooling(await optional('1_Pooling/config.json')),
    maxTokens: maxTokens === undefined ? longest : checkedMaxTokens(maxTokens, contextLength),
    tokenizer: readTokenizer(await required('tokenizer.json'), await optional('tokenizer_config.json')),
  }
}

/** The error of a model that gives something else than what it is opened for. */
function givesOther(place: string, wanted: SentenceNeeds['wanted']): PerStreamError {
  const message =
    wanted === 'rows'
      ? `${place} holds a cross-encoder, which scores pairs of texts: open it with createCrossEncoder`
      : `${place} holds an encoder of sentences, which scores no pairs: open it with createSentenceEncoder, or take a cross-encoder such as ms-marco-MiniLM-L6-v2`
  return new PerStreamError('model-unsupported', message, { fields: { place } })
}

function checkedMaxTokens(count: number, most: number): number {
  if (Number.isInteger(count) && count >= 2 && count <= most) return count
  throw new TypeError(`maxTokens is ${count}: this model takes 2 to ${most}`)
}

/** Limits and padding that tokenizer.json asks for are left out, as sentence-transformers does. */
function readTokenizer(
  { truncation: _, padding: __, ...content }: Record<string, unknown>,
  settings: Record<string, unknown>,
): Tokenizer {
  try {
    return new Tokenizer(content, settings)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PerStreamError('model-invalid', `tokenizer.json cannot be used: ${reason}`, { cause })
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
