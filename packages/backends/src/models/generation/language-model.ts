import type { CallOptions, ChoiceScorer, GenerateOptions, Generator, PromptTurn } from '@perstream/spec'
import type { LanguageModelConfig } from '../config/model-config'
import type { LanguageModelParts } from '../language-model-parts'
import { borrowCache } from './borrow-cache'
import { type ChoiceTokens, compareChoices, readChoices } from './choices'
import { generateText } from './generate-text'
import { createPrefixState, type KeptPrefix, keptLength, type PrefixState } from './kept-prefix'
import { emptyCache } from './key-value-cache'
import { checkLength, createModelContext, type LanguageModelOptions } from './model-context'
import type { ReadablePrompt } from './prompt-reader'

/** A prompt that may begin with what was kept. */
export interface PromptOptions extends CallOptions {
  /** Kept by `keepPrefix` of the same model; the prompt must begin with its turns. */
  readonly prefix?: KeptPrefix | undefined
}

/** A vision-language or text model that writes after a prompt and gives the probabilities of continuations. */
export interface LanguageModel extends Generator, ChoiceScorer {
  readonly config: LanguageModelConfig
  /** Tokens that a prompt and its reply may have together. */
  readonly contextLength: number
  /** The space of the visual embeddings that it reads; undefined for a text model. */
  readonly space: string | undefined
  /**
   * Writes the assistant's reply. Text comes as soon as it is certain: whole characters, never a stop string or a
   * part of one. Leaving the loop or aborting (which takes effect between runs) frees what the reply held.
   * @throws TypeError for a wrong option or prompt
   * @throws PerStreamError `prompt-too-long`, `input-invalid`, `space-mismatch`, `model-unsupported`
   */
  generate(prompt: readonly PromptTurn[], options?: GenerateOptions & PromptOptions): AsyncIterable<string>
  /**
   * Softmax over the measures of the choices (see `choiceMeasure`). The prompt is read once; a choice of one token
   * costs nothing more.
   */
  score(prompt: readonly PromptTurn[], choices: readonly string[], options?: PromptOptions): Promise<number[]>
  /** The log probability of every token of every choice. */
  scoreTokens(
    prompt: readonly PromptTurn[],
    choices: readonly string[],
    options?: PromptOptions,
  ): Promise<ChoiceTokens[]>
  /**
   * Reads the beginning of prompts and keeps it. Turns that end in an image or embedding may go on with further parts
   * in later prompts; turns that end in words are kept as complete turns.
   */
  keepPrefix(turns: readonly PromptTurn[], options?: CallOptions): Promise<KeptPrefix>
  /** How many tokens a prompt has, the opening of the reply included. */
  countTokens(prompt: readonly PromptTurn[]): number
}

/**
 * Makes a language model of opened sessions, which stay the caller's to close.
 * @throws PerStreamError `model-missing`, `model-invalid` when its files do not belong together, `model-unsupported`
 */
export async function createLanguageModel(
  parts: LanguageModelParts,
  options: LanguageModelOptions = {},
): Promise<LanguageModel> {
  const { choiceMeasure = 'mean' } = options
  if (choiceMeasure !== 'mean' && choiceMeasure !== 'sum') {
    throw new TypeError(`choiceMeasure is "${choiceMeasure}": it must be "mean" or "sum"`)
  }
  const context = await createModelContext(parts, options)
  const kept = new WeakMap<KeptPrefix, PrefixState>()
  const borrower = (prefix: KeptPrefix | undefined) => (prompt: ReadablePrompt) => borrowCache(prompt, prefix, kept)
  const scoreTokens: LanguageModel['scoreTokens'] = (prompt, choices, { prefix, signal } = {}) =>
    readChoices(context, { prompt, choices, borrow: borrower(prefix), signal })

  return {
    config: parts.config,
    contextLength: context.contextLength,
    space: context.space,
    generate: (prompt, options = {}) => generateText(context, { prompt, options, borrow: borrower(options.prefix) }),
    scoreTokens,
    async score(prompt, choices, options) {
      return compareChoices(await scoreTokens(prompt, choices, options), choiceMeasure)
    },
    async keepPrefix(turns, { signal } = {}) {
      const encoded = context.encode(turns, { open: false })
      checkLength(encoded, context, 1)
      const endsWithVisual = turns.at(-1)!.parts.at(-1)!.kind !== 'text'
      const end = keptLength(encoded, endsWithVisual)
      const { cache } = await context.reader.read(encoded, { cache: emptyCache, end, signal })
      const state = createPrefixState(encoded, cache)
      kept.set(state.prefix, state)
      return state.prefix
    },
    countTokens: (prompt) => context.encode(prompt, { open: true }).ids.length,
  }
}
