import type { Memory } from '@perstream/spec'

/** Words that carry nothing by themselves. */
const emptyWords = new Set(
  'the and that this with from was were are is has have had for you your not but his her its they them there then than what when where who which will would can could did does been being about into onto over under memory memories'.split(
    ' ',
  ),
)

/**
 * The memories that carry an answer: those that share the most of its content words (of three letters or more, or a
 * digit), words of the question aside. None when no memory shares one.
 */
export function supportingMemories(
  answer: string,
  { question, memories }: { readonly question: string; readonly memories: readonly Memory[] },
): Memory[] {
  const asked = new Set(contentWords(question))
  const said = new Set(contentWords(answer).filter((word) => !asked.has(word)))
  const shared = memories.map(({ text }) => new Set(contentWords(text).filter((word) => said.has(word))).size)
  const most = Math.max(0, ...shared)
  return most === 0 ? [] : memories.filter((_, i) => shared[i] === most)
}

/** The words of a text that name something, in lower case. */
export function contentWords(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  return words.filter((word) => (/\p{N}/u.test(word) || word.length > 2) && !emptyWords.has(word))
}
