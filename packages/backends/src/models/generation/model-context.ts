import { type CallOptions, PerStreamError, type PromptTurn } from '@perstream/spec'
import type { LanguageModelParts } from '../language-model-parts'
import { openChatTemplate } from '../prompt/chat-template'
import { type EncodedPrompt, encodePrompt, type VisualPart } from '../prompt/encode-prompt'
import { openTokenizer, parseJson, type TextTokenizer } from '../prompt/tokenizer'
import { checkGrid, checkPrompt } from './check-prompt'
import { createPromptReader, type PromptReader, type ReadablePrompt } from './prompt-reader'
import { createVisionTower, type VisionOptions, type VisionTower, visionSpace } from './vision-tower'

/** Options of `createLanguageModel`. */
export interface LanguageModelOptions extends VisionOptions, CallOptions {
  /** Tokens that a prompt and its reply may have together. Default: what config.json says. */
  readonly contextLength?: number | undefined
  /**
   * Tokens that end a reply. Default: those of generation_config.json (else config.json), and the tokenizer's end of
   * a turn.
   */
  readonly endTokens?: readonly number[] | undefined
  /**
   * How many tokens of a prompt one run reads. More is a little faster; fewer needs less memory, which for attention
   * grows with it times the length of the prompt, and an abort takes effect between runs. Default 512.
   */
  readonly promptPiece?: number | undefined
  /**
   * What `score` compares: the mean or the sum of the log probabilities of a choice's tokens. Sums favour short
   * choices. Default 'mean'.
   */
  readonly choiceMeasure?: 'mean' | 'sum' | undefined
  /** Handed to the model's chat template, such as `enable_thinking`. */
  readonly templateVariables?: Readonly<Record<string, unknown>> | undefined
}

/** What every call of a language model works with. */
export interface ModelContext {
  readonly tokenizer: TextTokenizer
  readonly reader: PromptReader
  readonly contextLength: number
  readonly endTokens: ReadonlySet<number>
  readonly space: string | undefined
  /** Checks and encodes turns; `open` begins the reply. */
  encode(prompt: readonly PromptTurn[], options: { readonly open: boolean }): ReadablePrompt
}

/**
 * Reads what a model needs besides its sessions.
 * @throws PerStreamError `model-missing`, `model-invalid` when its files contradict each other, `model-unsupported`
 */
export async function createModelContext(
  parts: LanguageModelParts,
  options: LanguageModelOptions,
): Promise<ModelContext> {
  const { signal, contextLength = parts.config.text.contextLength, promptPiece = 512 } = options
  checkWhole({ contextLength, promptPiece })
  const { config } = parts
  const tokenizerConfig = await parts.readText('tokenizer_config.json', { signal })
  const tokenizer = openTokenizer(await parts.readText('tokenizer.json', { signal }), tokenizerConfig)
  const template = await openChatTemplate(
    { tokenizerConfig, readText: (name, call) => parts.readText(name, call) },
    { variables: options.templateVariables, signal },
  )
  const endTokens = options.endTokens ?? (await readEndTokens(parts, tokenizer, tokenizerConfig, { signal }))
  const imageToken = checkTokenizer(tokenizer, config, endTokens)
  const tower = await createVisionTower(parts, options)
  const space = 'vision' in config ? visionSpace(config, options.space) : undefined
  const reader = createPromptReader(parts, { tower, piece: promptPiece })
  const measure = createMeasure({ tower, space, width: config.text.width })
  return {
    tokenizer,
    reader,
    contextLength,
    endTokens: new Set(endTokens),
    space,
    encode(prompt, { open }) {
      checkPrompt(prompt)
      return reader.position(encodePrompt(prompt, { tokenizer, template, imageToken, measure }, { open }))
    },
  }
}

function checkWhole(options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new TypeError(`${name} is ${value}: it must be a whole number, 1 or more`)
    }
  }
}

async function readEndTokens(
  { config, readText }: LanguageModelParts,
  tokenizer: TextTokenizer,
  tokenizerConfig: string,
  options: CallOptions,
): Promise<number[]> {
  const text = await readText('generation_config.json', options).catch((error: unknown) => {
    if (PerStreamError.isInstance(error) && error.code === 'model-missing') return '{}'
    throw error
  })
  const { eos_token_id: named } = parseJson<{ eos_token_id?: number | number[] | null }>(text, 'generation_config.json')
  const { eos_token: turn } = parseJson<{ eos_token?: string | { content?: string } | null }>(
    tokenizerConfig,
    'tokenizer_config.json',
  )
  const content = typeof turn === 'string' ? turn : turn?.content
  const turnEnd = content === undefined ? undefined : tokenizer.control(content)?.id
  if (content !== undefined && turnEnd === undefined) {
    throw mismatch(`tokenizer_config.json ends turns with "${content}", which tokenizer.json does not have`)
  }
  return [...[named ?? config.text.endTokens].flat(), ...(turnEnd === undefined ? [] : [turnEnd])]
}

/** Vocabularies are padded to round numbers, by a few in a hundred. */
const leastShare = 0.9

/** Checks that a tokenizer is that of the model; returns the token of images. */
function checkTokenizer(tokenizer: TextTokenizer, config: LanguageModelParts['config'], endTokens: readonly number[]) {
  const { vocabulary } = config.text
  if (tokenizer.size > vocabulary) {
    throw mismatch(`tokenizer.json has ${tokenizer.size} tokens, config.json a vocabulary of ${vocabulary}`)
  }
  if (tokenizer.size < vocabulary * leastShare) {
    throw mismatch(`tokenizer.json has only ${tokenizer.size} tokens for a vocabulary of ${vocabulary}`)
  }
  const unknown = endTokens.find((id) => tokenizer.bytes(id) === undefined)
  if (unknown !== undefined) throw mismatch(`replies end with token ${unknown}, which tokenizer.json does not have`)
  if (!('tokens' in config)) return undefined
  const image = tokenizer.controlTokens.find(({ id }) => id === config.tokens.image)
  if (!image) throw mismatch(`images are token ${config.tokens.image}, which is no special token of tokenizer.json`)
  return image
}

function mismatch(what: string): PerStreamError {
  return new PerStreamError(
    'model-invalid',
    `The tokenizer does not belong to the model: ${what}. Fetch the model again`,
  )
}

interface MeasureOptions {
  readonly tower: VisionTower | undefined
  readonly space: string | undefined
  readonly width: number
}

/** Finds the grid of a visual part, and that the model can read it. */
function createMeasure({ tower, space, width }: MeasureOptions): (part: VisualPart['part']) => VisualPart {
  return (part) => {
    if (space === undefined) {
      throw new PerStreamError(
        'model-unsupported',
        `The prompt has a part of kind "${part.kind}" and the model reads text alone: use a vision-language model, or a caption`,
      )
    }
    if (part.kind === 'embedding') {
      checkGrid(part.grid, { width, space })
      return { part, rows: part.grid.rows, columns: part.grid.columns }
    }
    if (!tower) {
      throw new PerStreamError(
        'model-unsupported',
        'The prompt has an image and the model was opened without its vision tower: open it with one, or give visual embeddings',
      )
    }
    return { part, ...tower.measure(part.image) }
  }
}

/** What of a prompt is compared with the context. @throws PerStreamError `prompt-too-long` that names all numbers */
export function checkLength(prompt: EncodedPrompt, { contextLength }: ModelContext, newTokens: number): void {
  const length = prompt.ids.length
  if (length + newTokens <= contextLength) return
  throw new PerStreamError(
    'prompt-too-long',
    `The prompt has ${length} tokens and ${newTokens} more may follow: the context of the model has ${contextLength}. Give fewer or smaller parts, or a smaller maxNewTokens`,
    { fields: { promptTokens: length, maxNewTokens: newTokens, contextLength } },
  )
}
