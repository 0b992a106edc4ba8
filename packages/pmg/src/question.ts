import { readTime, type TimeRange } from './time-expressions'
import { dayParts } from './time-words'
import type { ZoneClock } from './zone-clock'

/** What a question asks for, beside the words it is about. */
export interface QuestionReading {
  /** Its words without the times it names; never blank. */
  readonly words: string
  /** The same, told as the person would tell a memory: for encoders. */
  readonly about: string
  /** The times it names; empty when there are none. */
  readonly ranges: readonly TimeRange[]
  /**
   * 'event': what happened at those times. 'state': what held then, which may have begun before.
   */
  readonly asks: 'event' | 'state'
  /** Which of several values of the same thing: of the moment, the first, or the one before it changed. */
  readonly value: 'newest' | 'oldest' | 'previous'
  /** Something that happened, before, after or around which the answer lies. */
  readonly anchor: Anchor | undefined
  /** The hours of the day that its words suggest: of lunch, of an evening. */
  readonly hours: Hours | undefined
}

/** Hours of a day, in minutes: from inclusive, to exclusive; beyond 24 hours they reach into the next day. */
export interface Hours {
  readonly from: number
  readonly to: number
  /** Whether it is a meal, which most have in the middle of its hours. */
  readonly meal: boolean
}

export interface Anchor {
  readonly side: 'before' | 'after' | 'around'
  /** What happened. */
  readonly words: string
  /** The words of the question without it. */
  readonly rest: string
  /** Whether it ended a stay: "when I came home from ..." Memories tell of the stay rather than of its end, so `words` say where it was. */
  readonly leaving: boolean
  /** The week, or the like, that the answer lies in: that of the event. */
  readonly extent: { readonly unit: string; readonly which: 'first' | 'last' } | undefined
}

/**
 * Reads a question: its times, its tense, which value it wants, and the words that are left.
 * @param fits whether any memory is of these times: if none is, they are words as any other
 */
export function readQuestion(
  text: string,
  now: number,
  clock: ZoneClock,
  fits: (ranges: readonly TimeRange[]) => boolean,
): QuestionReading {
  const timed = (looksBack(text) || explicitPast.test(text)) && !nth.test(text)
  const read = timed ? readTime(text, now, clock) : { rest: text, ranges: [] }
  const asks = asksForState(read.rest) ? 'state' : 'event'
  const useful =
    read.ranges.length > 0 && hasWords(read.rest) && fits(asks === 'state' ? upTo(read.ranges) : read.ranges)
  const time = useful ? read : { rest: text, ranges: [] }
  const anchor = findAnchor(time.rest)
  const value = previousValue.test(text) ? 'previous' : firstValue.test(text) ? 'oldest' : 'newest'
  // "Before it changed" is no event of its own.
  const words = anchor && value === 'previous' ? anchor.rest : time.rest
  const about = tellAsOwn(words)
  return {
    words,
    about: hasWords(about) ? about : words,
    ranges: time.ranges,
    asks,
    value,
    anchor:
      value === 'previous' || !anchor
        ? undefined
        : { ...anchor, words: tellAsOwn(anchor.words), rest: tellAsOwn(anchor.rest) },
    hours: hoursOf(time.rest),
  }
}

/** All that was before the last of some times is over. */
export function upTo(ranges: readonly TimeRange[]): TimeRange[] {
  return [{ from: Number.NEGATIVE_INFINITY, to: Math.max(...ranges.map(({ to }) => to)) }]
}

/**
 * Tells a question as the person whose memories are asked would: "Do you remember when you ..." asks for what "I ..." did. Memories
 * are told in the first person, and encoders tell persons apart.
 */
function tellAsOwn(text: string): string {
  return text
    .replace(
      /^\s*(?:(?:please|hey|so|and|well),? )*(?:(?:do|did|can|could) you (?:still )?(?:remember|recall|know|tell me)|remind me|tell me|i wonder)\b,?\s*(?:about |of )?(?:(?:that|the|any) )?(?:(?:last|first) )?(?:times? )?(?:when |that |if |whether )?/iu,
      '',
    )
    .replace(/\byours\b/giu, 'mine')
    .replace(/\byourself\b/giu, 'myself')
    .replace(/\byour\b/giu, 'my')
    .replace(/\bwere you\b/giu, 'was I')
    .replace(/\bare you\b/giu, 'am I')
    .replace(/\byou were\b/giu, 'I was')
    .replace(/\byou are\b/giu, 'I am')
    .replace(/\byou\b/giu, 'I')
    .trim()
}

function hasWords(text: string): boolean {
  return /[\p{L}\p{N}]{2}/u.test(text)
}

/** Whether it asks about the past, or is no sentence at all. */
function looksBack(text: string): boolean {
  return pastTense.test(text) || !finite.test(text)
}

const pastTense =
  /\b(?:did|didn['’]t|was|wasn['’]t|were|weren['’]t|had|hadn['’]t|used to|happened|been|\p{L}{3,}ed)\b/iu
const finite =
  /\b(?:is|are|am|do|does|will|can|could|shall|should|may|might|must|have|has|when['’]s|what['’]s|where['’]s|who['’]s)\b/iu
const explicitPast =
  /\b(?:yesterday|ago|last (?:night|week|weekend|month|year|\p{L}+day)|earlier today|this (?:morning|afternoon|evening))\b/iu

/**
 * Whether it asks for what was so, rather than for what happened: "where was ...", "what did I think", "how many ... did it have".
 * Verbs of state are those of grammars.
 */
function asksForState(text: string): boolean {
  if (
    /\b(?:was|were) (?:i|we|he|she|it|they)?\s*(?:\p{L}+ )?\p{L}+ing\b/iu.test(text) &&
    !/\b(?:was|were) (?:the|my|our|his|her|its|their) /iu.test(text)
  )
    return /\b(?:work|wait|hop|expect|plan|think|liv|stay)ing\b/iu.test(text)
  if (/^\s*(?:and |so )?what (?:was|were) (?:in|on|at|inside|under|there)\b/iu.test(text)) return false
  if (/\b(?:was|were)\b/iu.test(text) && !/\b(?:did|done|happened)\b/iu.test(text)) return true
  return stative.test(text)
}

const stative =
  /\b(?:think|thought|believe[d]?|expect(?:ed)?|assume[d]?|know|knew|mean[t]?|want(?:ed)?|need(?:ed)?|own(?:ed)?|belong(?:ed)?|cost|weigh(?:ed)?|contain(?:ed)?|live[d]?|stay(?:ed)?|sleep|lie|lay|stand|stood|hang|hung|keep|kept|open(?:ed)? with|supposed|going to|used to)\b/iu

const firstValue =
  /\b(?:at first|originally|initially|in the beginning|at the beginning|to begin with|(?:the|for the|my|our) first time|first (?:saw|met|heard|said|told))\b/iu
const previousValue =
  /\b(?:previously|formerly|beforehand|before (?:that|it (?:was )?(?:changed|moved)|they (?:changed|moved) (?:it|that)|the change)|used to|until recently)\b/iu

const leading =
  /^\s*(?<side>when|after|before|while|once|since)\s+(?!is\b|are\b|was\b|were\b|do\b|does\b|did\b|will\b|can\b|could\b|should\b|has\b|have\b|had\b|am\b)(?<words>[^,?]{4,}),\s*(?<rest>.+)$/iu
const trailing =
  /^(?<rest>.*\S)\s+(?:just |right |shortly |soon |long )?(?<side>before|after|when|while|since|until|till|once)\s+(?<words>(?!\p{L}+ing\b)[^,?]{3,})\??\s*$/iu
const unit = '(?<unit>week|weekend|days?|night|evening|morning|afternoon|month|time)'
const inside = new RegExp(
  `^(?<rest>.*\\S)\\s+(?:in|on|during)\\s+the\\s+${unit}\\s+(?:that |when )?(?<words>(?:i|we|he|she|it|they|the|my|our)\\b[^,?]{3,})\\??\\s*$`,
  'iu',
)
const nth = new RegExp(
  `^(?<rest>.*\\S)\\s+(?:(?:in|on|during)\\s+)?(?:my|our|the|his|her|their)\\s+(?<which>first|last)\\s+${unit}\\s+(?<words>(?:in|at|with)\\s+[^,?]{3,})\\??\\s*$`,
  'iu',
)

/** Finds a clause of time: something that happened, beside which the answer lies. */
function findAnchor(text: string): Anchor | undefined {
  const match = nth.exec(text) ?? leading.exec(text) ?? inside.exec(text) ?? trailing.exec(text)
  const { side = 'when', words, rest, unit, which } = match?.groups ?? {}
  if (!words || !rest || !hasWords(rest)) return undefined
  if (!pastTense.test(text) && !irregularPast.test(words)) return undefined
  const [, place] = leaves.exec(words) ?? []
  const leaving = place !== undefined
  const named = sides[side.toLowerCase()] ?? 'around'
  return {
    side: leaving && named === 'around' ? 'after' : named,
    words: place === undefined ? words : `I was in ${place}`,
    rest,
    leaving,
    extent: unit && unit !== 'time' ? { unit, which: which?.toLowerCase() === 'last' ? 'last' : 'first' } : undefined,
  }
}

const irregularPast =
  /\b(?:began|broke|brought|bought|came|fell|found|gave|got|left|lost|made|met|put|said|saw|sent|sold|spoke|told|took|went|woke|wrote)\b/iu
const leaves = /\b(?:home|back|returned|(?:i|we) came) from (.+)/iu

function hoursOf(text: string): Hours | undefined {
  const [, word = ''] =
    /\b(breakfast|lunch|dinner|supper|morning|noon|midday|afternoon|evening|night)s?\b/iu.exec(text) ?? []
  const name = word.toLowerCase()
  const [from, to] = meals[name] ?? dayParts[name] ?? []
  return from === undefined || to === undefined ? undefined : { from, to, meal: name in meals }
}

const meals: Readonly<Record<string, readonly [number, number]>> = {
  breakfast: [5 * 60, 11 * 60],
  lunch: [11 * 60, 15 * 60],
  dinner: [17 * 60, 23 * 60],
  supper: [17 * 60, 23 * 60],
}

const sides: Readonly<Record<string, Anchor['side']>> = {
  before: 'before',
  until: 'before',
  till: 'before',
  after: 'after',
  since: 'after',
  once: 'after',
}
