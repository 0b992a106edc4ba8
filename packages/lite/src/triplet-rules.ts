import type { Triplet } from '@perstream/spec'
import { isTime, mainClause } from './main-clause'
import { isNominal, isVerb, nounPhraseEnd, startsOtherClause, subjectEnd } from './phrases'
import type { TaggedWord } from './tagged-words'

/** Reads the main clause of a tagged sentence: one triplet, and one more for a second verb of the same subject. */
export function toTriplets(sentence: readonly TaggedWord[]): Triplet[] {
  const { words, lead } = mainClause(sentence)
  const verb = subjectEnd(words)
  if (verb === undefined) return []
  const adverbs = trailingAdverbs(words.slice(0, verb))
  const subject = words.slice(0, verb - adverbs)
  if (isThere(subject)) return existential(words, verb)
  if (!subject.some(({ pos }) => /^(NOUN|PROPN|PRON|NUM)$/.test(pos))) return []
  const first = readPredicate(words, verb - adverbs, lead)
  const triplets = [toTriplet(subject, first)]
  const again = nextVerb(words, first.end)
  if (again !== undefined) triplets.push(toTriplet(subject, sameObject(readPredicate(words, again, []), first)))
  return triplets.filter(({ predicate, object }) => predicate !== '' && object !== '')
}

type Words = readonly TaggedWord[]

interface Predicate {
  readonly verb: Words
  readonly object: Words
  /** The place behind it. */
  readonly end: number
}

/** "There is a red car in front of the house": what is there, is in front of, the house. */
function existential(words: Words, verb: number): Triplet[] {
  const verbEnd = verbGroupEnd(words, verb)
  const subjectAt = nounPhraseEnd(words, verbEnd)
  const place = readPlace(words, subjectAt)
  if (subjectAt === verbEnd || place === undefined) return []
  const predicate = { ...place, verb: [...words.slice(verb, verbEnd), ...place.verb] }
  return [toTriplet(words.slice(verbEnd, subjectAt), predicate)]
}

/** Reads a verb with what belongs to it: what qualifies it goes to the predicate, its object stands alone. */
function readPredicate(words: Words, from: number, lead: Words): Predicate {
  const verbEnd = verbGroupEnd(words, from)
  const verb = words.slice(from, verbEnd)
  const isCopula = !verb.some(({ pos }) => pos === 'VERB')
  const state = isCopula ? adjectiveEnd(words, verbEnd) : verbEnd
  if (state > verbEnd) {
    const place = readPlace(words, state)
    if (!place) return { verb: [...verb, ...lead], object: words.slice(verbEnd, state), end: state }
    return { ...place, verb: [...words.slice(from, state), ...place.verb, ...lead] }
  }
  let objectAt = verbEnd
  let objectEnd = objectPhraseEnd(words, objectAt)
  const secondEnd = objectPhraseEnd(words, objectEnd)
  if (objectEnd > objectAt && secondEnd > objectEnd && opensNoun(words[objectEnd]!)) {
    objectAt = objectEnd
    objectEnd = secondEnd
  }
  if (objectEnd === objectAt) {
    const place = readPlace(words, verbEnd)
    if (place) return { ...place, verb: [...verb, ...place.verb, ...lead] }
    const passive = verb.at(-1)?.pos === 'VERB' && /^(is|are|was|were|been|be)$/i.test(verb.at(-2)?.text ?? '')
    if (passive && verbEnd === tailEnd(words, verbEnd))
      return { verb: [...verb.slice(0, -1), ...lead], object: verb.slice(-1), end: verbEnd }
  }
  const end = tailEnd(words, objectEnd)
  const receiver = words.slice(verbEnd, objectAt)
  const tail = words.slice(objectEnd, end)
  return { verb: [...verb, ...receiver, ...tail, ...lead], object: words.slice(objectAt, objectEnd), end }
}

/** Reads adverbs, a preposition and what it leads to, with all that follows: "on", "Tuesday at 10:30". */
function readPlace(words: Words, from: number): Predicate | undefined {
  let at = from
  while (words[at]?.pos === 'ADV' || /^(away|back|down|up|out)$/.test(words[at]?.text ?? '')) at++
  if (words[at]?.pos !== 'ADP') return undefined
  at++
  const compound = words.slice(at, at + 2).map(({ text }) => text)
  if (/^(front|top|back|side|need)$/.test(compound[0] ?? '') && compound[1] === 'of') at += 2
  else if (words[at]?.pos === 'ADP') at++
  const end = nounPhraseEnd(words, at)
  if (end === at) return undefined
  const tail = tailEnd(words, end)
  return { verb: words.slice(from, at), object: words.slice(at, tail), end: tail }
}

const separable = /^(up|down|out|off|away|back)$/
const switches = /^(turn|switch)/
const startsAction = /^(start|begin|keep|stop|finish|enjoy|like|love|hate|avoid|continue|go|went)/

/** The end of auxiliaries, adverbs, verb and particle: "would never pick up", "like to keep", "starts cutting". */
function verbGroupEnd(words: Words, from: number): number {
  let at = from
  while (words[at] && /^(AUX|ADV|PART)$/.test(words[at]!.pos) && !(words[at]!.pos === 'ADV' && isVerb(words[at - 1]))) {
    if (words[at]!.text === 'to' && !isVerb(words[at + 1])) break
    at++
  }
  if (words[at]?.pos !== 'VERB') return at
  at++
  const chained = words[at]?.text === 'to' && words[at + 1]?.pos === 'VERB'
  const action =
    /ing$/.test(words[at]?.text ?? '') && words[at]?.pos === 'VERB' && startsAction.test(words[at - 1]!.text)
  if (chained || action) return verbGroupEnd(words, at)
  const next = words[at]?.text ?? ''
  const hasObject = nounPhraseEnd(words, at + 1) > at + 1
  if (hasObject && (separable.test(next) || (next === 'on' && switches.test(words[at - 1]!.text)))) at++
  return at
}

/** The end of a state: "allergic", "very old and dirty"; where a noun follows it is none. */
function adjectiveEnd(words: Words, from: number): number {
  let at = from
  while (words[at]?.pos === 'ADV') at++
  if (words[at]?.pos !== 'ADJ' || (nounPhraseEnd(words, from) > at + 1 && isNominal(words[at + 1]))) return from
  at++
  while (words[at]?.pos === 'CCONJ' && words[at + 1]?.pos === 'ADJ') at += 2
  return at
}

/** The end of an object, without a time that follows it ("last weekend"). */
function objectPhraseEnd(words: Words, from: number): number {
  const end = nounPhraseEnd(words, from)
  if (isTime(words.slice(from, end))) return from
  return end - from > 2 && isTime(words.slice(end - 2, end)) ? end - 2 : end
}

function opensNoun({ pos, text }: TaggedWord): boolean {
  return pos === 'DET' || pos === 'NUM' || /^(my|your|his|her|its|our|their)$/i.test(text)
}

/** The end of what still belongs to a verb: up to "and" before another verb or another clause. */
function tailEnd(words: Words, from: number): number {
  let at = from
  while (at < words.length && words[at]!.text !== ',' && !startsOtherClause(words, at)) {
    const phrase = nounPhraseEnd(words, at)
    at = Math.max(at + 1, phrase)
  }
  return at
}

/** The verb that goes on with the same subject: "and places it ...", ", then leaves". */
function nextVerb(words: Words, from: number): number | undefined {
  let at = from
  while (words[at] && (words[at]!.text === ',' || words[at]!.pos === 'CCONJ' || words[at]!.text === 'then')) at++
  return at > from && words[at]?.pos === 'VERB' ? at : undefined
}

function sameObject(second: Predicate, first: Predicate): Predicate {
  const [only] = second.object
  const refers = second.object.length === 1 && /^(it|them)$/i.test(only!.text) && first.object.length > 0
  return refers ? { ...second, object: first.object } : second
}

function trailingAdverbs(words: Words): number {
  let count = 0
  while (count < words.length - 1 && words[words.length - 1 - count]!.pos === 'ADV') count++
  return count
}

function isThere(words: Words): boolean {
  return words.length === 1 && /^there$/i.test(words[0]!.text)
}

function toTriplet(subject: Words, { verb, object }: Predicate): Triplet {
  return { subject: join(subject), predicate: join(verb), object: join(object) }
}

function join(words: Words): string {
  return words
    .map(({ text }) => text)
    .join(' ')
    .replace(/ ,/g, ',')
}
