import type { TaggedWord } from './tagged-words'

const subordinate =
  /^(because|when|while|after|before|if|although|though|since|until|unless|so|but|where|whereas|as|which)$/i
const phrasal = /^(after|before|since|until|so|as|but)$/i
const time =
  /^(today|yesterday|tomorrow|tonight|now|later|mornings?|evenings?|afternoons?|nights?|weeks?|weekends?|months?|years?|days?|(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?)$/i

/** Words the tagger takes for names at the beginning of a sentence. */
const common = /^(today|yesterday|tomorrow|tonight)$/i

/** The main clause of a sentence, and the words that led it in and qualify its verb: "In the kitchen, ...". */
interface MainClause {
  readonly words: readonly TaggedWord[]
  readonly lead: readonly TaggedWord[]
}

/** Cuts off the clauses that hang on the main one, and takes out what leads it in. */
export function mainClause(sentence: readonly TaggedWord[]): MainClause {
  const quoted = sentence.filter(({ pos, text }) => pos !== 'SPACE' && pos !== 'INTJ' && !/^["“”]$/.test(text))
  const { words, lead } = withoutLead(quoted)
  const end = words.findIndex((_, i) => i > 0 && endsClause(words, i))
  return { words: end < 0 ? words : words.slice(0, end), lead }
}

const opensTime = /^(last|next|this|every|each|all|that|yesterday|tomorrow)$/i

/** Whether a phrase tells when: "last weekend", "every day". */
export function isTime(words: readonly TaggedWord[]): boolean {
  const last = words.at(-1)
  const opened = words.length === 1 || opensTime.test(words[0]?.text ?? '')
  return last !== undefined && opened && time.test(last.text)
}

function withoutLead(words: readonly TaggedWord[]): MainClause {
  const comma = words.findIndex(({ text }) => text === ',')
  const [first, second] = words
  if (!first || !second) return { words, lead: [] }
  if (isTime(words.slice(0, 2)) && opensTime.test(first.text) && words[2]?.pos === 'PRON')
    return { words: words.slice(2), lead: lower(words.slice(0, 2)) }
  const before = words.slice(0, Math.max(0, comma))
  const isClause = before.some(({ pos }) => pos === 'VERB' || pos === 'AUX')
  if (comma > 0 && isClause && subordinate.test(first.text)) return { words: words.slice(comma + 1), lead: [] }
  if (comma > 0 && !isClause && (/^(ADP|ADV)$/.test(first.pos) || isTime(before)))
    return { words: words.slice(comma + 1), lead: lower(before) }
  if (
    /^(ADV|NOUN|PROPN)$/.test(first.pos) &&
    (first.pos === 'ADV' || time.test(first.text)) &&
    /^(PRON|PROPN|DET)$/.test(second.pos)
  )
    return { words: words.slice(1), lead: lower([first]) }
  return { words, lead: [] }
}

function lower(words: readonly TaggedWord[]): TaggedWord[] {
  return words.map((word, i) =>
    i === 0 && (word.pos !== 'PROPN' || common.test(word.text)) ? { ...word, text: word.text.toLowerCase() } : word,
  )
}

function endsClause(words: readonly TaggedWord[], at: number): boolean {
  const { text, pos } = words[at]!
  if (pos === 'PUNCT') return /^[.!?;:()–—-]+$/.test(text)
  if (!subordinate.test(text)) return false
  const rest = words.slice(at + 1)
  const next = rest.findIndex((word) => subordinate.test(word.text))
  const own = next < 0 ? rest : rest.slice(0, next)
  return !phrasal.test(text) || own.some((word) => word.pos === 'VERB' || word.pos === 'AUX')
}
