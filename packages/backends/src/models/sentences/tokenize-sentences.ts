import { Tokenizer } from '@huggingface/tokenizers'
import { PerStreamError } from '@perstream/spec'
import type { TokenizedText } from './run-texts'
import type { SentenceSettings } from './sentence-settings'

/**
 * Makes what turns a text into ids. Longer texts are cut before the last id, which stays: it ends the text ([SEP]). Limits
 * and padding that tokenizer.json asks for are left out, as sentence-transformers does.
 * @throws PerStreamError `model-invalid` when the tokenizer is damaged or does not belong to the model
 */
export function createSentenceTokenizer(
  settings: SentenceSettings,
  maxTokens: number,
): (text: string) => readonly number[] {
  const tokenizer = readTokenizer(settings)
  return (text) => cut(known(tokenizer.encode(text).ids, settings), maxTokens)
}

/**
 * Makes what turns two texts into ids and their segments, which say whose each id is. Of a pair that is too long the end of the second
 * is cut, and what ends it stays.
 * @throws PerStreamError `model-invalid` when the tokenizer is damaged or does not belong to the model
 */
export function createPairTokenizer(
  settings: SentenceSettings,
  maxTokens: number,
): (first: string, second: string) => TokenizedText {
  const tokenizer = readTokenizer(settings)
  return (first, second) => {
    const { ids, token_type_ids: segments } = tokenizer.encode(first, {
      text_pair: second,
      return_token_type_ids: true,
    })
    return { ids: cut(known(ids, settings), maxTokens), segments: cut(segments, maxTokens) }
  }
}

function cut(values: readonly number[], count: number): readonly number[] {
  return values.length <= count ? values : [...values.slice(0, count - 1), values.at(-1)!]
}

/** Refuses ids that the model has no row for. */
function known(ids: readonly number[], { config: { vocabulary } }: SentenceSettings): readonly number[] {
  const strange = ids.findIndex((id) => !(id < vocabulary))
  if (strange >= 0) throw otherVocabulary(ids[strange], vocabulary)
  return ids
}

function readTokenizer({ tokenizer: [file, settings] }: SentenceSettings): Tokenizer {
  const { truncation: _, padding: __, ...content } = file
  try {
    return new Tokenizer(content, settings)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PerStreamError('model-invalid', `tokenizer.json cannot be used: ${reason}`, { cause })
  }
}

/** A tokenizer that has no token for a word, not even an unknown one, gives undefined. */
function otherVocabulary(id: number | undefined, vocabulary: number): PerStreamError {
  return new PerStreamError(
    'model-invalid',
    `The tokenizer gives the id ${id}, the model knows ${vocabulary} of them: tokenizer.json does not belong to the model`,
    { fields: { id, vocabulary } },
  )
}
