import { PerStreamError } from '@perstream/spec'

interface DecoderJson {
  readonly type?: string
  readonly decoders?: readonly DecoderJson[]
}

/**
 * Makes the function that gives the bytes of a token of the vocabulary: byte-level tokens (GPT-2, Qwen, Llama 3), or
 * pieces with "▁" for a blank and <0xNN> for a byte (Llama 2).
 * @throws PerStreamError `model-unsupported` for other decoders
 */
export function createTokenBytes(decoder: unknown): (token: string) => Uint8Array {
  const types = typesOf((decoder ?? {}) as DecoderJson)
  if (types.includes('ByteLevel')) return byteLevelBytes(createByteAlphabet())
  if (types.includes('ByteFallback') || types.includes('Metaspace')) return pieceBytes
  throw new PerStreamError(
    'model-unsupported',
    `The decoder of tokenizer.json is ${types.join(', ') || 'missing'}: ByteLevel and ByteFallback are built. Is this the tokenizer of a language model?`,
    { fields: { decoders: types } },
  )
}

function typesOf({ type, decoders = [] }: DecoderJson): string[] {
  return [...(type === undefined ? [] : [type]), ...decoders.flatMap(typesOf)]
}

/** GPT-2's alphabet: printable Latin-1 stands for itself, the other bytes for U+0100 and on. */
function createByteAlphabet(): ReadonlyMap<string, number> {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)
  const alphabet = new Map<string, number>()
  let next = 0x100
  for (let byte = 0; byte < 256; byte++) alphabet.set(String.fromCharCode(printable(byte) ? byte : next++), byte)
  return alphabet
}

function byteLevelBytes(alphabet: ReadonlyMap<string, number>): (token: string) => Uint8Array {
  const utf8 = new TextEncoder()
  return (token) => {
    const bytes = Array.from(token, (character) => alphabet.get(character))
    return bytes.includes(undefined) ? utf8.encode(token) : Uint8Array.from(bytes as number[])
  }
}

function pieceBytes(token: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(token)
  if (byte) return Uint8Array.of(Number.parseInt(byte[1]!, 16))
  return new TextEncoder().encode(token.replaceAll('\u2581', ' '))
}
