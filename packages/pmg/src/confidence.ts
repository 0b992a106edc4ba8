import { type AnswerType, offers } from './answer-type'
import type { LexicalIndex } from './lexical-index'
import { nearTerms } from './near-terms'
import type { SlotSet } from './slot-set'

/** What a memory's similarity is worth when a question's rarest words occur nowhere. */
const unknownCost = 0.5
/** What being of a time that the question names is worth. */
const timedGain = 0.5
/** What it costs to have nothing of the kind that is asked for. */
const untypedCost = 0.2
/** Where an answer is as likely as none, and how sharply that turns. */
const evenly = 0.3
const slope = 6

/** What is known of a question before its answers are looked at. */
export interface Askable {
  /** The share of its words, by their rarity, that no memory has. */
  readonly unknown: number
  /** Whether it names a time, or an event, of which memories are. */
  readonly timed: boolean
  readonly type: AnswerType | undefined
}

/**
 * The share of a question's words, by their rarity, that none of the memories in question has: what was never seen is mostly asked for
 * in words that were never seen.
 */
export function unknownShare(lexical: LexicalIndex, terms: readonly string[], allowed: SlotSet | undefined): number {
  let unknown = 0
  let all = 0
  for (const term of new Set(terms)) {
    const rarity = lexical.rarity(term)
    all += rarity
    const spellings = lexical.frequency(term) > 0 ? [term] : nearTerms(lexical, term).map((near) => near.term)
    if (!spellings.some((spelling) => lexical.occurs(spelling, allowed))) unknown += rarity
  }
  return all === 0 ? 0 : unknown / all
}

/**
 * How much speaks for a memory answering a question, 0..1: its similarity, less the question's unknown words, and less where it has
 * nothing of the kind that is asked for; more where it is of a time that the question names.
 *
 * The four are in round numbers, slope and middle of a logistic fit, all on the 100 questions of the recall set (benchmarks) with two
 * encoders. A logistic regression on the same four, fitted to nine tenths of the questions at a time, tells the rest apart with an AUC of
 * .83 and .84 (near misses .72 and .74), where these reach .84 and .86 (.74 and .77).
 *
 * @param support how similar they are; the share of the question's words that it has, for memories without a vector
 */
export function confidenceOf(support: number, text: string, { unknown, timed, type }: Askable): number {
  const untyped = type !== undefined && !offers(text, type)
  const near = support - unknownCost * unknown + (timed ? timedGain : 0) - (untyped ? untypedCost : 0)
  return 1 / (1 + Math.exp(-slope * (near - evenly)))
}
