import type { TaggedWord } from './tagged-words'

const owner = /^(my|your|his|her|its|our|their)$/i
const relative = /^(who|that|which)$/i

/** Whether a word is a verb or an auxiliary. */
export function isVerb(word: TaggedWord | undefined): boolean {
  return word?.pos === 'VERB' || word?.pos === 'AUX'
}

/** Whether a word can stand within a noun phrase. */
export function isNominal(word: TaggedWord | undefined): boolean {
  return word !== undefined && (/^(DET|NUM|ADJ|NOUN|PROPN|SYM)$/.test(word.pos) || owner.test(word.text))
}

/** The place behind the noun phrase that begins at `from`, with "of ..." and with what "and" or commas join; `from` when there is none. */
export function nounPhraseEnd(words: readonly TaggedWord[], from: number): number {
  let end = simpleEnd(words, from)
  if (end === from) return from
  for (;;) {
    const next = words[end]
    const joins = next?.text === ',' || next?.pos === 'CCONJ' || next?.text === 'of'
    const skip = next?.text === ',' && words[end + 1]?.pos === 'CCONJ' ? 2 : 1
    const more = joins ? simpleEnd(words, end + skip) : end
    if (!joins || more === end + skip || (next!.text !== 'of' && beginsClause(words, more))) return end
    end = more
  }
}

function beginsClause(words: readonly TaggedWord[], behind: number): boolean {
  let at = behind
  while (words[at]?.pos === 'ADV') at++
  return isVerb(words[at])
}

/** One noun with what stands before it; or one pronoun. */
function simpleEnd(words: readonly TaggedWord[], from: number): number {
  const first = words[from]
  if (first?.pos === 'PRON' && !owner.test(first.text) && !relative.test(first.text)) return from + 1
  let at = from
  let head = -1
  while (words[at]) {
    const [word, next] = [words[at]!, words[at + 1]]
    const opened = at > from && !/^(NOUN|PROPN)$/.test(words[at - 1]!.pos)
    const qualifies =
      (word.pos === 'ADV' && (next?.pos === 'ADJ' || next?.pos === 'NUM')) ||
      (word.pos === 'VERB' && opened && isNominal(next))
    if (head >= 0 && (word.pos === 'DET' || owner.test(word.text)) && words[at - 1]!.pos !== 'DET') break
    if (isNominal(word)) {
      if (word.pos !== 'ADJ' || next === undefined || !isNominal(next)) head = word.pos === 'DET' ? head : at
    } else if (!qualifies) break
    at++
  }
  return head < 0 ? from : head + 1
}

/** Whether "and" at this place begins another verb or clause, or a participle or "to" clause does not belong here. */
export function startsOtherClause(words: readonly TaggedWord[], at: number): boolean {
  if (words[at]?.pos !== 'CCONJ') return false
  let next = at + 1
  while (words[next]?.pos === 'ADV' || words[next]?.text === 'then') next++
  if (isVerb(words[next])) return true
  const end = nounPhraseEnd(words, next)
  return end > next && beginsClause(words, end)
}

/**
 * The place of the main verb, behind the whole subject: verbs within it ("a man wearing a hat", "the woman who lives next
 * door") are passed over. Undefined without a subject or a verb.
 */
export function subjectEnd(words: readonly TaggedWord[]): number | undefined {
  let passed: number | undefined
  for (let at = 0; at < words.length; at++) {
    if (!isVerb(words[at]) || words[at - 1]?.text === 'to') continue
    const before = words[at - 1]
    const modifies = before && /^(DET|ADJ)$/.test(before.pos) && isNominal(words[at + 1]) && words[at]!.pos === 'VERB'
    if (modifies || (before && owner.test(before.text))) continue
    const participle =
      words[at]!.pos === 'VERB' && /ing$/.test(words[at]!.text) && /^(NOUN|PROPN)$/.test(before?.pos ?? '')
    if (participle || (before && relative.test(before.text) && at > 1)) {
      passed ??= at
      continue
    }
    if (passed !== undefined && words.slice(passed, at).some(({ pos }) => pos === 'CCONJ')) break
    return at > 0 ? at : undefined
  }
  return passed !== undefined && passed > 0 ? passed : undefined
}
