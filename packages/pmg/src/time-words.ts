import { parse } from 'chrono-node/en'
import type { WallMinutes } from './zone-clock'

/** A stretch of wall-clock time: from inclusive, to exclusive. */
export interface WallRange {
  readonly from: WallMinutes
  readonly to: WallMinutes
}

export const day = 24 * 60
const monthNames = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec'
export const monthPattern =
  '(?:january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)'
const weekday = '(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day)'
const count = '(?:\\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|a few|several|a couple of|couple of)'

/** A day, or a span of days, that words name: "the 5th", "16 October", "last Tuesday", "two weeks ago". */
export const datePattern = [
  'the day (?:before yesterday|after tomorrow)',
  'today|yesterday|tomorrow',
  `${count} (?:day|week|weekend|month|year)s? ago`,
  `(?:(?:last|this|next|past) )?${weekday}(?:,? (?:the )?\\d{1,2}(?:st|nd|rd|th)?(?: of)? ${monthPattern}(?:,? \\d{4})?)?`,
  `(?:the )?\\d{1,2}(?:st|nd|rd|th)?(?: of)? ${monthPattern}\\b(?:,? \\d{4})?`,
  `${monthPattern} (?:the )?\\d{1,2}(?:st|nd|rd|th)?\\b(?:,? \\d{4})?`,
  '\\d{4}-\\d{2}-\\d{2}|\\d{1,2}\\.\\d{1,2}\\.\\d{4}|\\d{1,2}/\\d{1,2}/\\d{4}',
  'the \\d{1,2}(?:st|nd|rd|th)',
].join('|')

/** A part of the day by its hours; an evening and a night reach into the next day. */
export const dayParts: Readonly<Record<string, readonly [from: number, to: number]>> = {
  morning: [5 * 60, 12 * 60],
  noon: [11 * 60, 14 * 60],
  midday: [11 * 60, 14 * 60],
  lunchtime: [11 * 60, 14.5 * 60],
  afternoon: [12 * 60, 18 * 60],
  evening: [17 * 60, 24 * 60],
  night: [20 * 60, 29 * 60],
}

export function startOfDay(wall: WallMinutes): WallMinutes {
  return Math.floor(wall / day) * day
}

/** Weeks begin on Monday (ISO 8601). */
export function startOfWeek(wall: WallMinutes): WallMinutes {
  return startOfDay(wall) - weekdayOf(wall) * day
}

/** 0 for Monday to 6 for Sunday. */
function weekdayOf(wall: WallMinutes): number {
  return (Math.floor(wall / day) + 3) % 7
}

export function monthOf(wall: WallMinutes): { readonly year: number; readonly month: number } {
  const date = new Date(wall * 60_000)
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() }
}

/** The first minute of a month; months beyond 0..11 count on into other years. */
export function startOfMonth(year: number, month: number): WallMinutes {
  return Date.UTC(year, month, 1) / 60_000
}

/** The number of a month's name, 0..11. */
export function monthNumber(name: string): number {
  return monthNames.split('|').indexOf(name.slice(0, 3).toLowerCase())
}

/**
 * What a date phrase stands for, seen from a moment: a day with a date but no year, and a weekday, is the last one before it, since
 * memories are of the past. "Two weeks ago" is the whole week. Undefined when the words name no date.
 */
export function readDate(phrase: string, now: WallMinutes): WallRange | undefined {
  const words = phrase.toLowerCase().trim()
  const ordinal = /^the (\d{1,2})(?:st|nd|rd|th)$/.exec(words)
  if (ordinal) return lastDayNumbered(Number(ordinal[1]), now)
  const relative = relativeDays[words]
  if (relative !== undefined) return oneDay(startOfDay(now) + relative * day)
  const ago = /^(.*) (day|week|weekend|month|year)s? ago$/.exec(words)
  if (ago?.[2] === 'day') return oneDay(startOfDay(now) - countOf(ago[1]!) * day)
  if (ago) return unitAgo(ago[2]!, countOf(ago[1]!), now)
  const all = parse(words, { instant: new Date(now * 60_000), timezone: 0 })
  const found = all.find(({ start }) => start.isCertain('day')) ?? all[0]
  if (!found) return undefined
  const { start } = found
  const at = (year: number) => Date.UTC(year, start.get('month')! - 1, start.get('day')!) / 60_000
  let from = at(start.get('year')!)
  if (start.isCertain('day') && !start.isCertain('year')) from = at(monthOf(now).year)
  if (!start.isCertain('day') && start.isCertain('weekday')) from = lastWeekday(words, start.get('weekday')!, now)
  else if (!start.isCertain('year') && from > now) from = at(monthOf(now).year - 1)
  return oneDay(from)
}

const relativeDays: Readonly<Record<string, number>> = {
  today: 0,
  yesterday: -1,
  tomorrow: 1,
  'the day before yesterday': -2,
  'the day after tomorrow': 2,
}

/** A range of one day. */
export function oneDay(from: WallMinutes): WallRange {
  return { from, to: from + day }
}

/** The number that words say; a few are three, a couple is two. */
export function countOf(words: string): number {
  const known = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'].indexOf(words)
  if (known >= 0) return known
  if (/few|several/.test(words)) return 3
  if (/couple/.test(words)) return 2
  return Number(words) || 1
}

/** The whole week, weekend, month or year that lies so many back; 0 is the one under way. */
export function unitAgo(unit: string, back: number, now: WallMinutes): WallRange {
  const { year, month } = monthOf(now)
  if (unit === 'year') return { from: startOfMonth(year - back, 0), to: startOfMonth(year - back + 1, 0) }
  if (unit === 'month') return { from: startOfMonth(year, month - back), to: startOfMonth(year, month - back + 1) }
  const week = startOfWeek(now) - back * 7 * day
  return { from: unit === 'weekend' ? week + 5 * day : week, to: week + 7 * day }
}

function lastDayNumbered(number: number, now: WallMinutes): WallRange | undefined {
  const { year, month } = monthOf(now)
  for (let back = 0; number >= 1 && back < 12; back++) {
    const from = startOfMonth(year, month - back) + (number - 1) * day
    if (from <= now && from < startOfMonth(year, month - back + 1)) return oneDay(from)
  }
  return undefined
}

function lastWeekday(words: string, chronoWeekday: number, now: WallMinutes): WallMinutes {
  const wanted = (chronoWeekday + 6) % 7
  if (words.startsWith('this ')) return startOfWeek(now) + wanted * day
  const back = (weekdayOf(now) - wanted + 7) % 7 || 7
  return startOfDay(now) + (words.startsWith('next ') ? 7 - back : -back) * day
}

/**
 * The days that a text names by their date: "Wednesday 22 October", "on the 22nd"; without a year, the next ones, since a memory tells of
 * what it expects. Weekdays alone are left out: they mean the last one as often as the next.
 */
export function namedDates(text: string, now: WallMinutes): WallRange[] {
  const dated = parse(text, { instant: new Date(now * 60_000), timezone: 0 }, { forwardDate: true })
    .filter(({ start, text: words }) => /\d/.test(words) && start.isCertain('day') && start.isCertain('month'))
    .map(({ start }) => oneDay(Date.UTC(start.get('year')!, start.get('month')! - 1, start.get('day')!) / 60_000))
  const numbered = [...text.matchAll(/\bthe (\d{1,2})(?:st|nd|rd|th)\b(?! (?:floor|time|row|place))/giu)].flatMap(
    ([, number]) => {
      const found = nextDayNumbered(Number(number), now)
      return found ? [found] : []
    },
  )
  return [...dated, ...numbered]
}

function nextDayNumbered(number: number, now: WallMinutes): WallRange | undefined {
  const { year, month } = monthOf(now)
  for (let ahead = 0; number >= 1 && ahead < 3; ahead++) {
    const from = startOfMonth(year, month + ahead) + (number - 1) * day
    if (from >= startOfDay(now) && from < startOfMonth(year, month + ahead + 1)) return oneDay(from)
  }
  return undefined
}
