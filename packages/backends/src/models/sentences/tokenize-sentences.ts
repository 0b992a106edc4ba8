import { PerStreamError } from '@perstream/spec'
import type { TokenizedText } from './run-texts'
import type { SentenceSettings } from './sentence-settings'

/**
 * Turns a text into ids. A longer text is cut before the last id, which stays: it ends the text ([SEP]).
 * @throws PerStreamError `model-invalid` when the tokenizer does not belong to the model
 */
export function tokenizeSentence({ tokenizer, config, maxTokens }: SentenceSettings, text: string): readonly number[] {
  return cut(known(tokenizer.encode(text).ids, config.vocabulary), maxTokens)
}

/**
 * Turns two texts into ids and their segments, which say whose each id is. Of a pair that is too long the end of the second is cut, and
 * what ends it stays.
 * @throws PerStreamError `model-invalid` when the tokenizer does not belong to the model
 */
export function tokenizePair(
  { tokenizer, config, maxTokens }: SentenceSettings,
  first: string,
  second: string,
): TokenizedText {
  const both = { text_pair: second, return_token_type_ids: true } as const
  const { ids, token_type_ids: segments } = tokenizer.encode(first, both)
  return { ids: cut(known(ids, config.vocabulary), maxTokens), segments: cut(segments, maxTokens) }
}

function cut(values: readonly number[], count: number): readonly number[] {
  return values.length <= count ? values : [...values.slice(0, count - 1), values.at(-1)!]
}

/** Refuses ids that the model has no row for. A tokenizer that has no token for a word, not even an unknown one, gives undefined. */
function known(ids: readonly number[], vocabulary: number): readonly number[] {
  const strange = ids.findIndex((id) => !(id < vocabulary))
  if (strange < 0) return ids
  const id = ids[strange]
  throw new PerStreamError(
    'model-invalid',
    `The tokenizer gives the id ${id}, the model knows ${vocabulary} of them: tokenizer.json does not belong to the model`,
    { fields: { id, vocabulary } },
  )
}
