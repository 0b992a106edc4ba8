/**
 * Files of a tokenizer whose tokens are the 256 bytes (token 0x41 is not "A": ids follow GPT-2's alphabet), and the
 * control tokens of a chat.
 */
export const controlTokens = [
  '<|endoftext|>',
  '<|im_start|>',
  '<|im_end|>',
  '<|vision_start|>',
  '<|vision_end|>',
  '<|image_pad|>',
  '<think>',
] as const

const alphabet = byteAlphabet()

/** The id of a control token. */
export function controlId(content: (typeof controlTokens)[number]): number {
  return 256 + controlTokens.indexOf(content)
}

/** The ids of plain text. */
export function plainIds(text: string): number[] {
  return [...new TextEncoder().encode(text)]
}

/** The text of tokenizer.json; id = byte, then the control tokens. */
export function byteTokenizerJson(added: readonly string[] = controlTokens): string {
  return JSON.stringify({
    added_tokens: added.map((content, i) => ({
      ...{ id: 256 + i, content, single_word: false, lstrip: false, rstrip: false, normalized: false },
      special: content !== '<think>',
    })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      ...{ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
      ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false },
      vocab: Object.fromEntries(alphabet.map((character, byte) => [character, byte])),
      merges: [],
    },
  })
}

/** The text of tokenizer_config.json, with the template of Qwen's chats. */
export function byteTokenizerConfig(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    eos_token: '<|im_end|>',
    chat_template:
      "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    ...changes,
  })
}

function byteAlphabet(): string[] {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)
    return String.fromCharCode(printable ? byte : next++)
  })
}
