import { Template } from '@huggingface/jinja'
import { type CallOptions, PerStreamError, type PromptTurn } from '@perstream/spec'
import { parseJson } from './tokenizer'

/** Lays turns out as the one text that a model was trained on. */
export interface ChatTemplate {
  /**
   * Renders turns, every image and embedding as the model's one image token. `open` begins the assistant's turn at
   * the end.
   * @throws PerStreamError `input-invalid` with the template's own words when it refuses the turns
   */
  render(turns: readonly PromptTurn[], options: { readonly open: boolean }): string
  /** The template's own text. */
  readonly source: string
}

/** What {@link openChatTemplate} reads from. */
export interface ChatTemplateSource {
  /** The text of `tokenizer_config.json`. */
  readonly tokenizerConfig: string
  /** Reads a file of the model's folder, or rejects with `model-missing`. */
  readText(name: string, options?: CallOptions): Promise<string>
}

/**
 * Opens the chat template of a model: `chat_template.jinja`, else `tokenizer_config.json`, else `chat_template.json`.
 * `variables` are handed to it.
 * @throws PerStreamError `model-invalid` when there is none, or when it does not parse
 */
export async function openChatTemplate(
  { tokenizerConfig, readText }: ChatTemplateSource,
  { variables = {}, signal }: CallOptions & { readonly variables?: Readonly<Record<string, unknown>> | undefined } = {},
): Promise<ChatTemplate> {
  const config = parseJson<Record<string, unknown>>(tokenizerConfig, 'tokenizer_config.json')
  const optional = (name: string) => readText(name, { signal }).catch(ignoreMissing)
  const source =
    (await optional('chat_template.jinja')) ??
    templateOf(config) ??
    templateOf(parseJson(((await optional('chat_template.json')) ?? '{}') as string, 'chat_template.json'))
  if (source === undefined) {
    throw new PerStreamError(
      'model-invalid',
      'The model has no chat template (chat_template.jinja, or "chat_template" in tokenizer_config.json): use the model that was tuned for chat',
    )
  }
  const template = parseTemplate(source)
  const context = {
    ...variables,
    bos_token: contentOf(config.bos_token),
    eos_token: contentOf(config.eos_token),
  }
  return {
    source,
    render(turns, { open }) {
      try {
        return template.render({ ...context, messages: turns.map(toMessage), add_generation_prompt: open })
      } catch (cause) {
        throw new PerStreamError('input-invalid', `The model's chat template refuses these turns: ${reason(cause)}`, {
          cause,
        })
      }
    },
  }
}

function ignoreMissing(error: unknown): undefined {
  if (PerStreamError.isInstance(error) && error.code === 'model-missing') return undefined
  throw error
}

/** A template, or the one named 'default' of several. */
function templateOf({ chat_template: value }: { readonly chat_template?: unknown }): string | undefined {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return undefined
  const named = value as readonly { readonly name?: string; readonly template?: string }[]
  return (named.find(({ name }) => name === 'default') ?? named[0])?.template
}

function parseTemplate(source: string): Template {
  try {
    return new Template(source)
  } catch (cause) {
    throw new PerStreamError('model-invalid', `The model's chat template cannot be read: ${reason(cause)}`, { cause })
  }
}

/** Special tokens are named by their characters, or by an object that has them. */
function contentOf(token: unknown): string {
  if (typeof token === 'object' && token !== null)
    return String((token as { readonly content?: unknown }).content ?? '')
  return typeof token === 'string' ? token : ''
}

/** Text alone goes as a string, which every template knows; with images, as the list of parts of vision templates. */
function toMessage({ role, parts }: PromptTurn): Record<string, unknown> {
  if (parts.every(({ kind }) => kind === 'text')) {
    return { role, content: parts.map((part) => (part.kind === 'text' ? part.text : '')).join('') }
  }
  return {
    role,
    content: parts.map((part) => (part.kind === 'text' ? { type: 'text', text: part.text } : { type: 'image' })),
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
