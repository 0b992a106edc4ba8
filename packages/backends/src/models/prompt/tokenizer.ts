import { Tokenizer } from '@huggingface/tokenizers'
import { PerStreamError } from '@perstream/spec'
import { createTokenBytes } from './token-bytes'

/** A token with a meaning of its own, such as the end of a turn. */
export interface ControlToken {
  readonly id: number
  readonly content: string
}

/** Turns text into token ids and back. */
export interface TextTokenizer {
  /** One more than the largest id. */
  readonly size: number
  /** Every added token of the model, longest first. */
  readonly controlTokens: readonly ControlToken[]
  /** The added token with these exact characters. */
  control(content: string): ControlToken | undefined
  /** Encodes text in which nothing is a control token, whatever it spells. */
  encodePlain(text: string): number[]
  /** The bytes a token stands for: none for special tokens, perhaps half a character. Undefined for an unknown id. */
  bytes(id: number): Uint8Array | undefined
}

interface TokenizerJson {
  readonly added_tokens?: readonly { readonly id: number; readonly content: string; readonly special?: boolean }[]
  readonly decoder?: unknown
}

/**
 * Opens a tokenizer from the text of `tokenizer.json` and `tokenizer_config.json`.
 * @throws PerStreamError `model-invalid` when they are damaged or contradict each other, `model-unsupported` for a
 * tokenizer whose tokens are not bytes
 */
export function openTokenizer(tokenizerText: string, configText: string): TextTokenizer {
  const json = parseJson<TokenizerJson>(tokenizerText, 'tokenizer.json')
  const config = parseJson<Record<string, unknown>>(configText, 'tokenizer_config.json')
  const added = json.added_tokens ?? []
  checkAddedTokens(added, config)
  const plain = buildTokenizer({ ...json, added_tokens: [] }, config)
  const byId = new Map(added.map((token) => [token.id, token]))
  const byContent = new Map(added.map(({ id, content }) => [content, { id, content }]))
  const tokenBytes = createTokenBytes(json.decoder)
  const utf8 = new TextEncoder()
  const lastId = added.reduce((last, { id }) => Math.max(last, id), plain.get_vocab().size - 1)
  return {
    size: lastId + 1,
    controlTokens: [...byContent.values()].sort((a, b) => b.content.length - a.content.length),
    control: (content) => byContent.get(content),
    encodePlain: (text) => encodePlain(plain, text, byId),
    bytes(id) {
      const token = byId.get(id)
      if (token) return utf8.encode(token.special ? '' : token.content)
      const content = plain.id_to_token(id)
      return content === undefined ? undefined : tokenBytes(content)
    },
  }
}

/** Some vocabularies spell out their added tokens: should words ever merge into one, they are encoded in two parts. */
function encodePlain(tokenizer: Tokenizer, text: string, controls: ReadonlyMap<number, unknown>): number[] {
  if (text === '') return []
  const { ids } = tokenizer.encode(text, { add_special_tokens: false })
  if (!ids.some((id) => controls.has(id))) return ids
  const characters = Array.from(text)
  if (characters.length < 2) return ids
  const middle = Math.ceil(characters.length / 2)
  return [characters.slice(0, middle), characters.slice(middle)].flatMap((part) =>
    encodePlain(tokenizer, part.join(''), controls),
  )
}

function buildTokenizer(json: object, config: object): Tokenizer {
  try {
    return new Tokenizer(json, config)
  } catch (cause) {
    throw new PerStreamError('model-invalid', `tokenizer.json cannot be used: ${reason(cause)}. Fetch it again`, {
      cause,
    })
  }
}

function checkAddedTokens(added: NonNullable<TokenizerJson['added_tokens']>, config: Record<string, unknown>): void {
  const listed = (config.added_tokens_decoder ?? {}) as Record<string, { readonly content?: string }>
  const byId = new Map(added.map(({ id, content }) => [id, content]))
  for (const [id, { content }] of Object.entries(listed)) {
    const found = byId.get(Number(id))
    if (found !== undefined && found !== content) {
      throw new PerStreamError(
        'model-invalid',
        `tokenizer.json and tokenizer_config.json do not belong together: token ${id} is "${found}" in one and "${content}" in the other. Fetch both again`,
        { fields: { id: Number(id) } },
      )
    }
  }
}

/** Parses a JSON file of a model. @throws PerStreamError `model-invalid` that names the file */
export function parseJson<Value extends object>(text: string, file: string): Value {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new PerStreamError('model-invalid', `${file} is no JSON: ${reason(cause)}. Fetch it again`, {
      fields: { file },
      cause,
    })
  }
  if (typeof value === 'object' && value !== null) return value as Value
  throw new PerStreamError('model-invalid', `${file} holds no object: fetch it again`, { fields: { file } })
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
