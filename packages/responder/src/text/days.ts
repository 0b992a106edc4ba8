import { findValues } from './values'

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const dayLength = 86_400_000

/** The dates that a line names, as it writes them. */
export function datesOnLine(line: string): string[] {
  return findValues(line, 'date', { kinds: new Set(), prose: true, labels: [] })
}

/**
 * True when a written date is the day of `now`, both in local time. "tomorrow" and a bare weekday count from `learnedAt`. A bare month,
 * or a weekday whose day of the month is another, is not a match.
 */
export function fallsOn(date: string, now: number, learnedAt: number): boolean {
  const today = new Date(now)
  const text = date.toLowerCase()
  if (text === 'today' || text === 'tonight') return isSameDay(learnedAt, now)
  if (text === 'tomorrow') return isSameDay(learnedAt + dayLength, now)
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (iso) return isDay(today, Number(iso[3]), Number(iso[2]) - 1, Number(iso[1]))
  const numeric = /^(\d{1,2})[./](\d{1,2})(?:[./](\d{2,4})?)?$/.exec(text)
  if (numeric) return isDay(today, Number(numeric[1]), Number(numeric[2]) - 1, fullYear(numeric[3]))
  return isNamedDay(text, today, learnedAt)
}

function isNamedDay(text: string, today: Date, learnedAt: number): boolean {
  const month = monthNames.findIndex((name) => new RegExp(`\\b${name}`).test(text))
  const weekday = dayNames.findIndex((name) => new RegExp(`\\b${name}`).test(text))
  const day = /\b(\d{1,2})(?!\d)/.exec(text)?.[1]
  if (weekday >= 0 && weekday !== today.getDay()) return false
  if (day !== undefined)
    return isDay(today, Number(day), month < 0 ? today.getMonth() : month, fullYear(/\b\d{4}\b/.exec(text)?.[0]))
  const age = today.getTime() - learnedAt
  return weekday >= 0 && month < 0 && age >= 0 && age < 7 * dayLength
}

function fullYear(text: string | undefined): number | undefined {
  if (!text) return undefined
  return text.length === 2 ? 2000 + Number(text) : Number(text)
}

function isDay(date: Date, day: number, month: number, year: number | undefined): boolean {
  return date.getDate() === day && date.getMonth() === month && (year === undefined || date.getFullYear() === year)
}

function isSameDay(a: number, b: number): boolean {
  const [first, second] = [new Date(a), new Date(b)]
  return isDay(second, first.getDate(), first.getMonth(), first.getFullYear())
}
