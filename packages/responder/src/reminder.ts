import type { Caption, Memory } from '@perstream/spec'
import { createBlock } from './text/block'
import { datesOnLine, fallsOn } from './text/days'
import { lightVerbs, stopWords } from './text/lexicon'
import { formsOf, matchTerm, wordsOf } from './text/words'

/** Why a memory bears on what is seen now. */
export interface Reminder {
  readonly kind: 'action' | 'appointment'
  /** 0..1: the share of the reminder's things that the caption shows; names count double. */
  readonly match: number
}

const asksForAction =
  /\b(?:remember to|remind (?:me|us)|do(?:n['’]?t| not) forget|need to|needs to|have to|has to|must|should|want to|to[- ]?do:?)\b|^(?:buy|return|call|ask|give|bring|pick up|pay|collect|fetch|send|post|get)\b/i
const actionVerbs = new Set(
  'buy return call ask give bring pick pay collect fetch send post get remember remind forget tell hand drop todo back'.split(
    ' ',
  ),
)
const shopWords = ['supermarket', 'grocery', 'groceries']

/** Says how a caption bears on a memory that asks for something, or undefined when it does not ask. */
export function matchReminder(memory: Memory, caption: Caption, now: number): Reminder | undefined {
  const words = wordsOf(caption.text)
  const reminder = reminderOf(memory, words, now)
  return reminder && !isSameText(memory, words) ? reminder : undefined
}

function reminderOf(memory: Memory, words: readonly string[], now: number): Reminder | undefined {
  if ((memory.origin === 'told' || memory.origin === 'said') && asksForAction.test(memory.text))
    return { kind: 'action', match: matchAction(memory.text, words) }
  const appointment = matchAppointment(memory, words, now)
  return appointment === undefined ? undefined : { kind: 'appointment', match: appointment }
}

/** The same page seen again reminds of nothing. */
function isSameText(memory: Memory, words: readonly string[]): boolean {
  const own = wordsOf(memory.text)
  return own.length > 1 && own.filter((word) => matchTerm(word, words) >= 0.8).length / own.length >= 0.8
}

function matchAction(text: string, words: readonly string[]): number {
  const shopping =
    /\b(?:buy|get|shopping|groceries)\b/i.test(text) && shopWords.some((word) => matchTerm(word, words) >= 0.9)
  return Math.max(shopping ? 0.7 : 0, matchThings(text, words))
}

function matchThings(text: string, words: readonly string[]): number {
  const names = new Set((text.match(/(?<=[a-z,] )[A-Z][a-z]+/g) ?? []).map((name) => name.toLowerCase()))
  const things = [...new Set(wordsOf(text))].filter((word) => isThing(word))
  let sum = 0
  let total = 0
  for (const thing of things) {
    const weight = names.has(thing) ? 2 : 1
    total += weight
    if (matchTerm(thing, words) >= 0.85) sum += weight
  }
  return total === 0 ? 0 : sum / total
}

function isThing(word: string): boolean {
  return (
    word.length > 2 &&
    !/\d/.test(word) &&
    !stopWords.has(word) &&
    !formsOf(word).some((form) => actionVerbs.has(form) || lightVerbs.has(form))
  )
}

/** 0..1 when the memory has an entry for today, undefined when it has none. */
function matchAppointment(memory: Memory, words: readonly string[], now: number): number | undefined {
  const block = createBlock(memory)
  let today: boolean | undefined
  let best: number | undefined
  for (const line of block.lines) {
    const dates = datesOnLine(line.text)
    if (dates.length > 0) today = dates.some((date) => fallsOn(date, now, memory.learnedAt))
    if (today)
      best = Math.max(
        best ?? 0,
        matchThings(
          dates.reduce((text, date) => text.replace(date, ' '), line.text),
          words,
        ),
      )
  }
  return best
}
