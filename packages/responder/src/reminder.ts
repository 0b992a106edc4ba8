import type { Caption, Memory } from '@perstream/spec'
import { linesOf } from './text/block'
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

/** Says how a caption bears on a reminder; undefined when it shows the reminder's own page. */
type MatchReminder = (caption: Caption) => Reminder | undefined

/** Finds the dates that a line names. */
export type FindDates = (line: string) => readonly string[]

/** Makes what finds dates and keeps what it found of this many lines: the same memories come up moment after moment. */
export function createDateFinder(kept = 1000): FindDates {
  const found = new Map<string, readonly string[]>()
  return (line) => {
    const dates = found.get(line) ?? datesOnLine(line)
    if (found.size >= kept) found.clear()
    found.set(line, dates)
    return dates
  }
}

/** Finds what a memory asks to be reminded of: an action, or something of today. Undefined when it asks for nothing. */
export function reminderIn(memory: Memory, now: number, findDates: FindDates): MatchReminder | undefined {
  const match = matchOf(memory, now, findDates)
  if (!match) return undefined
  return ({ text }) => {
    const words = wordsOf(text)
    return isSameText(memory, words) ? undefined : match(words)
  }
}

function matchOf(
  memory: Memory,
  now: number,
  findDates: FindDates,
): ((words: readonly string[]) => Reminder) | undefined {
  if ((memory.origin === 'told' || memory.origin === 'said') && asksForAction.test(memory.text))
    return (words) => ({ kind: 'action', match: matchAction(memory.text, words) })
  const entries = entriesOfToday(memory, now, findDates)
  if (entries.length === 0) return undefined
  return (words) => ({
    kind: 'appointment',
    match: Math.max(...entries.map((entry) => matchThings(entry, words))),
  })
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

/** The lines that stand under today's date, or hold it, without the date itself. */
function entriesOfToday(memory: Memory, now: number, findDates: FindDates): string[] {
  let today = false
  return linesOf(memory).flatMap((text) => {
    const dates = findDates(text)
    if (dates.length > 0) today = dates.some((date) => fallsOn(date, now, memory.learnedAt))
    return today ? [dates.reduce((rest, date) => rest.replace(date, ' '), text)] : []
  })
}
