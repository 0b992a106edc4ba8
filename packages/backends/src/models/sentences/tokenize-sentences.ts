import { Tokenizer } from '@huggingface/tokenizers'
import { PerStreamError } from '@perstream/spec'
import type { SentenceSettings } from './sentence-settings'

/**
 * Makes what turns a text into ids. Longer texts are cut before the last id, which stays: it ends the text ([SEP]). Limits
 * and padding that tokenizer.json asks for are left out, as sentence-transformers does.
 * @throws PerStreamError `model-invalid` when the tokenizer is damaged or does not belong to the model
 */
export function createSentenceTokenizer(
  { tokenizer: files, config }: SentenceSettings,
  maxTokens: number,
): (text: string) => readonly number[] {
  const [{ truncation: _, padding: __, ...content }, settings] = files
  const tokenizer = readTokenizer(content, settings)
  return (text) => {
    const { ids } = tokenizer.encode(text)
    const strange = ids.findIndex((id) => !(id < config.vocabulary))
    if (strange >= 0) throw otherVocabulary(ids[strange], config.vocabulary)
    return ids.length <= maxTokens ? ids : [...ids.slice(0, maxTokens - 1), ids.at(-1)!]
  }
}

function readTokenizer(content: Record<string, unknown>, settings: Record<string, unknown>): Tokenizer {
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
