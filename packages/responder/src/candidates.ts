import type { Memory, RetrievedMemory } from '@perstream/spec'
import { lastSeen } from './evidence'
import { extractAnswer } from './extract'
import type { Question } from './question'
import { createBlock, type TextBlock, valuesOf } from './text/block'
import { oppositesOf, otherPeople } from './text/lexicon'
import { formsOf, matchTerm } from './text/words'

/** A memory that carries an answer. */
export interface Candidate {
  readonly memory: Memory
  /** 0..1: the share of the question that its words support. */
  readonly support: number
  readonly value: string | undefined
  /** The lines that answer, as they were read or told. */
  readonly quote: string
}

/** What counts as carrying an answer. */
export interface SupportSettings {
  readonly minSupport: number
  readonly minSimilarity: number
}

/** Finds the memories that carry an answer, best first: better supported, then newer (or older, where asked for). */
export function findCandidates(
  question: Question,
  memories: readonly RetrievedMemory[],
  settings: SupportSettings,
): Candidate[] {
  const found = memories
    .map((retrieved) => judge(question, retrieved, settings))
    .filter((candidate) => candidate !== undefined)
  const direction = question.order === 'newest' ? -1 : 1
  const top = Math.max(...found.map(({ support }) => support))
  const rank = ({ support }: Candidate) => (support > top - sameSupport ? top : support)
  return found.sort((a, b) => rank(b) - rank(a) || direction * compareAge(a.memory, b.memory))
}

/** Support that differs by less says nothing: it is misread letters. */
export const sameSupport = 0.15

/** Below 0 when `a` is older: what is no longer true, then the clock of learning, then the second in the same source. */
function compareAge(a: Memory, b: Memory): number {
  const ended = (memory: Memory) => (memory.validTo === undefined ? 1 : 0)
  if (ended(a) !== ended(b)) return ended(a) - ended(b)
  const [first, second] = [lastSeen(a), lastSeen(b)]
  if (first && second && first.source === second.source) {
    if (Math.abs(first.endSeconds - second.endSeconds) <= 10) return a.confidence - b.confidence
    return first.endSeconds - second.endSeconds
  }
  return a.learnedAt - b.learnedAt
}

function judge(question: Question, retrieved: RetrievedMemory, settings: SupportSettings): Candidate | undefined {
  const { memory } = retrieved
  const block = createBlock(memory)
  if (block.lines.length === 0) return undefined
  const anchors = block.prose ? bestSentence(question, block) : anchorLines(question, block)
  const words = block.prose && anchors.length > 0 ? block.lines[anchors[0]!]!.words : block.words
  const support = supportOf(question, block, words)
  const close = block.prose && (retrieved.similarity ?? 0) >= settings.minSimilarity
  if (support < (close ? settings.minSupport / 2 : settings.minSupport) || contradicts(question, block, words))
    return undefined
  if (question.type === 'seen-at')
    return lastSeen(memory) && { memory, support, value: undefined, quote: quoteOf(block, anchors) }
  const extraction = extractAnswer(question, block, anchors) ?? timeSeen(question, memory, anchors, block)
  if (!extraction) return undefined
  return { memory, support, value: extraction.value, quote: quoteOf(block, extraction.lines) }
}

/** "When did I buy the bread?" of a receipt without a date: the time in the recording. */
function timeSeen(question: Question, memory: Memory, anchors: readonly number[], block: TextBlock) {
  const past = question.type === 'when' && /\bwhen did (?:i|we)\b/.test(question.words.join(' '))
  if (!past || !lastSeen(memory)) return undefined
  return { value: undefined, lines: anchors.length > 0 ? anchors : block.lines.map((_, index) => index) }
}

function quoteOf(block: TextBlock, lines: readonly number[]): string {
  const chosen = lines.length > 0 ? lines : block.lines.map((_, index) => index)
  return chosen.map((line) => block.lines[line]!.text).join(block.prose ? ' ' : ' / ')
}

/** 0..1: the share of the question's weight that words support; 0 when a required word is missing. */
function supportOf(question: Question, block: TextBlock, words: readonly string[]): number {
  const { terms } = question
  if (terms.length === 0 || terms.every((term) => term.weight < 1)) return topicSupport(question, block, words)
  let sum = 0
  let total = 0
  for (const { word, weight, required } of terms) {
    const quality = matchTerm(word, words)
    if (quality === 0 && required) return 0
    sum += weight * quality
    total += weight
  }
  return sum / total
}

/** Support of a question without a thing in it: by its topic, by the kind of text it points at, by its verbs. */
function topicSupport(question: Question, block: TextBlock, words: readonly string[]): number {
  const { terms, topic, container } = question
  const verbs = terms.reduce((sum, term) => sum + matchTerm(term.word, words), 0) / Math.max(1, terms.length)
  if (container !== undefined && block.kinds.has(container) && container !== 'page' && container !== 'sign')
    return Math.max(0.9, verbs)
  if (question.type === 'place' && question.labels.length > 0 && terms.length === 0) return 0.7
  if (topic === undefined) return terms.length > 0 ? verbs : 0
  return Math.max(topicRules[topic](block, words), terms.length > 0 && topic !== 'meet' ? verbs : 0)
}

const topicRules: Record<NonNullable<Question['topic']>, (block: TextBlock, words: readonly string[]) => number> = {
  pay: (block, words) => (block.kinds.has('receipt') ? 0.9 : matchTerm('pay', words) >= 0.9 ? 0.9 : 0),
  park: (block, words) => (matchTerm('park', words) >= 0.8 ? 1 : block.kinds.has('parking') ? 0.8 : 0),
  meet: (block, words) =>
    matchTerm('meet', words) >= 0.9 ? 1 : block.kinds.has('badge') ? 0.9 : isNameTag(block) ? 0.7 : 0,
  plate: (block, words) =>
    block.kinds.has('plate') || matchTerm('plate', words) >= 0.8
      ? 1
      : !block.prose && block.lines.length <= 4
        ? 0.7
        : 0,
  appointment: (block, words) => (matchTerm('appointment', words) >= 0.8 ? 1 : block.kinds.has('calendar') ? 0.8 : 0),
  password: (_, words) => (matchTerm('password', words) >= 0.8 ? 1 : 0),
  phone: (_, words) => (matchTerm('phone', words) >= 0.8 ? 0.8 : 0),
}

/** A short text with a line that is a name and nothing else. */
function isNameTag(block: TextBlock): boolean {
  return (
    !block.prose &&
    !block.lines.some((_, index) => valuesOf(block, index, 'place').length > 0) &&
    block.lines.length <= 4 &&
    block.lines.some((line, index) => valuesOf(block, index, 'person').includes(line.text))
  )
}

/** Lines that support the question's things, best first. */
function anchorLines(question: Question, block: TextBlock): number[] {
  const score = (line: number) =>
    question.terms.reduce((sum, term) => sum + term.weight * matchTerm(term.word, block.lines[line]!.words), 0)
  const scored = block.lines.map((_, line) => ({ line, score: score(line) })).filter((each) => each.score > 0)
  return scored.sort((a, b) => b.score - a.score || a.line - b.line).map((each) => each.line)
}

function bestSentence(question: Question, block: TextBlock): number[] {
  return block.lines.length === 1 ? [0] : anchorLines(question, block).slice(0, 1)
}

/** True when the words say the opposite of the question, or speak of somebody else's. */
function contradicts(question: Question, block: TextBlock, words: readonly string[]): boolean {
  for (const { word } of question.terms) {
    if (matchTerm(word, words) > 0) continue
    const against = formsOf(word).flatMap(oppositesOf)
    if (against.some((opposite) => matchTerm(opposite, words) >= 0.9)) return true
  }
  if (isOwnNumber(question) && !(block.prose && words.includes('my'))) return true
  if (!block.prose || question.yesNo) return false
  const negated =
    words.some((word) => ['not', 'never', 'cannot', 'no'].includes(word)) || words.join(' ').includes('n t ')
  if (negated !== question.negated) return true
  return (
    words.some((word) => otherPeople.has(word) && matchTerm(word, question.words) === 0) &&
    question.words.includes('my')
  )
}

/** "What is my phone number?": any other number is somebody else's. */
function isOwnNumber({ type, terms, words, topic }: Question): boolean {
  return (
    (type === 'phone' || type === 'code' || type === 'email') &&
    topic !== 'password' &&
    terms.length === 0 &&
    words.includes('my')
  )
}
