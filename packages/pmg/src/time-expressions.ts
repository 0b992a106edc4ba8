import {
  countOf,
  datePattern,
  day,
  dayParts,
  monthNumber,
  monthOf,
  monthPattern,
  namedDates,
  oneDay,
  readDate,
  startOfDay,
  startOfMonth,
  startOfWeek,
  unitAgo,
  type WallRange,
} from './time-words'
import type { ZoneClock } from './zone-clock'

/** A stretch of time: from inclusive, to exclusive, milliseconds since 1970 UTC; infinite where it is open. */
export interface TimeRange {
  readonly from: number
  readonly to: number
}

/** What a text says about time. */
export interface TimeReading {
  /** The text without the expressions that `ranges` stand for. */
  readonly rest: string
  /** Ascending, apart from each other; empty when none is named. */
  readonly ranges: readonly TimeRange[]
}

interface Found {
  readonly ranges: readonly WallRange[]
  readonly start: number
  readonly end: number
}

interface Rule {
  readonly pattern: RegExp
  readonly read: (groups: Readonly<Record<string, string | undefined>>, now: number) => WallRange | undefined
}

/**
 * Finds the times that a text names, read against a moment in a time zone: days, weeks, months, years, spans, hours and parts of the
 * day, in English. Dates without a year are taken for the last ones. What lies wholly after the moment is no time to remember, and
 * stays in the text.
 */
export function readTime(text: string, now: number, clock: ZoneClock): TimeReading {
  const wall = clock.wallOf(now)
  const elapsed = readElapsed(text, now)
  if (elapsed) return elapsed
  const span = findSpan(text, wall)
  const part = findPart(text, span, wall)
  const found = part ?? span
  if (!found || found.ranges.every(({ from }) => from > wall)) return { rest: text, ranges: [] }
  const rest = [span, part].reduce((words, each) => (each ? blank(words, each.start, each.end) : words), text)
  const ranges = found.ranges.map(({ from, to }) => ({ from: toInstant(clock, from), to: toInstant(clock, to, true) }))
  return {
    rest: rest
      .replace(/\s+/g, ' ')
      .replace(/\s+([?!.,])/g, '$1')
      .trim(),
    ranges,
  }
}

function toInstant(clock: ZoneClock, wall: number, last?: boolean): number {
  return Number.isFinite(wall) ? clock.instantOf(wall, last) : wall
}

/** The days that a memory names by their date, whole days of the time zone: "my ticket: Wednesday 22 October". */
export function namedDays(text: string, at: number, clock: ZoneClock): TimeRange[] {
  if (!/\d/.test(text)) return []
  return namedDates(text, clock.wallOf(at)).map(({ from, to }) => ({
    from: clock.instantOf(from),
    to: clock.instantOf(to, true),
  }))
}

const date = `(?:${datePattern})`
const unit = '(?<unit>week|weekend|month|year)'
const hour = '\\d{1,2}(?:[:.]\\d{2})?(?: ?[ap]\\.?m\\.?)?'

/** The longest and most particular first; the first that reads, counts. */
const rules: readonly Rule[] = [
  {
    pattern: expression(`(?:in |during |over )?the week (?:of|from|starting|beginning)(?: on)? (?<date>${date})`),
    read: ({ date }, now) => within(readDate(date!, now), ({ from }) => weekFrom(startOfWeek(from))),
  },
  {
    pattern: expression(
      `(?:in |on |over |during |at )?the (?<nth>first|second|third|fourth|last) (?<part>week|weekend|day|\\w+day) (?:of|in) (?<month>${monthPattern})(?: (?<year>\\d{4}))?`,
    ),
    read: readNthOfMonth,
  },
  {
    pattern: expression(
      `(?:from|between) (?<first>${date}|\\d{1,2}(?:st|nd|rd|th)?) (?:to|until|till|and|-) (?<second>${date})(?: (?:of )?(?<which>last|this) week)?`,
    ),
    read: readSpan,
  },
  { pattern: expression(`(?<!the day )(?<side>before|after|since|until|till|by) (?<date>${date})`), read: readSide },
  {
    pattern: expression(`(?:in |during |over |at |on )?(?:the )?(?<which>last|past|previous|this) ${unit}`),
    read: ({ which, unit }, now) => unitAgo(unit!, which === 'this' ? 0 : weekendStarted(unit!, now) ? 0 : 1, now),
  },
  {
    pattern: expression(`over the weekend|(?:at|on) the weekend`),
    read: (_, now) => unitAgo('weekend', weekendStarted('weekend', now) ? 0 : 1, now),
  },
  { pattern: expression(`(?:on |in |from |of |for )?(?<date>${date})`), read: ({ date }, now) => readDate(date!, now) },
  {
    pattern: expression(`(?:in|during|of|last) (?<month>${monthPattern})(?: (?<year>\\d{4}))?`),
    read: ({ month, year }, now) => readMonth(month!, year, now),
  },
  {
    pattern: expression('in (?<year>(?:19|20)\\d{2})'),
    read: ({ year }) => ({ from: startOfMonth(Number(year), 0), to: startOfMonth(Number(year) + 1, 0) }),
  },
]

function expression(words: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${words})(?![\\p{L}\\p{N}])`, 'iu')
}

function findSpan(text: string, now: number): Found | undefined {
  for (const { pattern, read } of rules) {
    const match = pattern.exec(text)
    const range = match && read(lowered(match.groups ?? {}), now)
    if (range) return { ranges: [range], start: match.index, end: match.index + match[0].length }
  }
  return undefined
}

function lowered(groups: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, value?.toLowerCase()]))
}

const partName = Object.keys(dayParts).join('|')
const partPattern = expression(
  `(?:(?:in|on|at|during|around|over) )?(?:(?<which>the|this|that|last|every|each) )?(?:(?:early|late) )?(?<part>${partName})s?(?: of)?|(?<tonight>tonight|last night)`,
)
const hoursPattern = expression(`(?:from|between) (?<from>${hour}) (?:and|to|until|till) (?<to>${hour})`)

/** Narrows the days found to a part of them; without days, "this morning" and "last night" are of today. */
function findPart(text: string, span: Found | undefined, now: number): Found | undefined {
  const rest = span ? blank(text, span.start, span.end) : text
  const hours = hoursPattern.exec(rest)
  const match = hours ?? partPattern.exec(rest)
  if (!match) return undefined
  const { which, part, tonight, from, to } = lowered(match.groups ?? {})
  const bounds = hours ? hoursOf(from!, to!) : dayParts[tonight ? 'night' : part!]!
  if (!bounds) return undefined
  const named =
    span ?? (hours || which === 'this' || tonight === 'tonight' ? { ranges: [wholeDay(now, 0)] } : undefined)
  const days = named ?? (tonight || which === 'last' ? { ranges: [wholeDay(now, -1)] } : undefined)
  if (!days) return undefined
  const ranges = days.ranges.flatMap((range) => partOfEachDay(range, bounds))
  return ranges.length === 0 ? undefined : { ranges, start: match.index, end: match.index + match[0].length }
}

function wholeDay(now: number, offset: number): WallRange {
  const from = startOfDay(now) + offset * day
  return { from, to: from + day }
}

const mostDays = 400

function partOfEachDay({ from, to }: WallRange, [start, end]: readonly [number, number]): WallRange[] {
  if (!(to - from <= mostDays * day)) return []
  const ranges: WallRange[] = []
  for (let at = startOfDay(from); at < to; at += day) ranges.push({ from: at + start, to: at + end })
  return ranges
}

/** Hours in minutes; without "am" or "pm" the later one lends its own to the earlier. */
function hoursOf(first: string, second: string): readonly [number, number] | undefined {
  const later = /[ap]/.exec(second)?.[0]
  const [from, to] = [minutesOf(first, later), minutesOf(second, later)]
  if (from === undefined || to === undefined) return undefined
  return from < to ? [from, to] : [from, to + day]
}

function minutesOf(words: string, half: string | undefined): number | undefined {
  const match = /^(\d{1,2})(?:[:.](\d{2}))?(?: ?([ap]))?/.exec(words)
  if (!match) return undefined
  const own = match[3] ?? half
  const hours = own ? (Number(match[1]) % 12) + (own === 'p' ? 12 : 0) : Number(match[1])
  return hours > 24 ? undefined : hours * 60 + Number(match[2] ?? 0)
}

function readNthOfMonth({ nth, part, month, year }: Readonly<Record<string, string | undefined>>, now: number) {
  const whole = readMonth(month!, year, now)
  if (!whole) return undefined
  const index = ['first', 'second', 'third', 'fourth'].indexOf(nth!)
  if (part === 'day') return index < 0 ? { from: whole.to - day, to: whole.to } : oneDay(whole.from + index * day)
  if (part === 'week')
    return index < 0 ? { from: whole.to - 7 * day, to: whole.to } : weekFrom(whole.from + index * 7 * day)
  const first = part === 'weekend' ? 5 : weekdays.indexOf(part!)
  if (first < 0) return undefined
  const length = part === 'weekend' ? 2 * day : day
  const starts: number[] = []
  for (let week = startOfWeek(whole.from); week < whole.to; week += 7 * day) {
    const from = week + first * day
    if (from >= whole.from && from < whole.to) starts.push(from)
  }
  const from = starts.at(index)
  return from === undefined ? undefined : { from, to: from + length }
}

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']

function readSpan({ first, second, which }: Readonly<Record<string, string | undefined>>, now: number) {
  if (which) {
    const week = startOfWeek(now) - (which === 'last' ? 7 * day : 0)
    const [from, to] = [weekdays.indexOf(first!), weekdays.indexOf(second!)]
    return from < 0 || to < 0 ? undefined : { from: week + from * day, to: week + (to + 1) * day }
  }
  const end = readDate(second!, now)
  const start = /^\d/.test(first!) && !/\p{L}{3}|[-./]/u.test(first!) ? sameMonth(first!, end) : readDate(first!, now)
  if (!start || !end) return undefined
  const from = weekdays.includes(first!) && start.from > end.from ? start.from - 7 * day : start.from
  return from < end.to ? { from, to: end.to } : undefined
}

/** "27" in "27 to 31 October". */
function sameMonth(number: string, end: WallRange | undefined): WallRange | undefined {
  if (!end) return undefined
  const { year, month } = monthOf(end.from)
  return oneDay(startOfMonth(year, month) + (Number.parseInt(number, 10) - 1) * day)
}

function readSide({ side, date }: Readonly<Record<string, string | undefined>>, now: number): WallRange | undefined {
  const range = readDate(date!, now)
  if (!range) return undefined
  if (side === 'before') return { from: Number.NEGATIVE_INFINITY, to: range.from }
  if (side === 'after') return { from: range.to, to: Number.POSITIVE_INFINITY }
  if (side === 'since') return { from: range.from, to: Number.POSITIVE_INFINITY }
  return { from: Number.NEGATIVE_INFINITY, to: range.to }
}

function readMonth(name: string, year: string | undefined, now: number): WallRange | undefined {
  const month = monthNumber(name)
  const current = monthOf(now)
  const of = year === undefined ? current.year - (month > current.month ? 1 : 0) : Number(year)
  return { from: startOfMonth(of, month), to: startOfMonth(of, month + 1) }
}

/** From Saturday on, "last weekend" said on a weekday is the one just over; said on a weekend, the one before. */
function weekendStarted(unit: string, now: number): boolean {
  return unit === 'weekend' && now < startOfWeek(now) && now > 0
}

function weekFrom(from: number): WallRange {
  return { from, to: from + 7 * day }
}

function within(range: WallRange | undefined, make: (range: WallRange) => WallRange): WallRange | undefined {
  return range && make(range)
}

const elapsedPattern = expression(
  '(?<count>\\d{1,4}|an?|half an|one|two|three|four|five|six|seven|eight|nine|ten|a few|several|a couple of) (?<unit>minute|hour)s? ago',
)

/** Hours and minutes are of elapsed time, whatever the clocks on the wall did: "two hours ago", give or take half of it. */
function readElapsed(text: string, now: number): TimeReading | undefined {
  const match = elapsedPattern.exec(text)
  if (!match) return undefined
  const { count, unit } = lowered(match.groups ?? {})
  const length = (count === 'half an' ? 0.5 : countOf(count!)) * (unit === 'hour' ? 3_600_000 : 60_000)
  const range = { from: now - 1.5 * length, to: now - 0.5 * length }
  return {
    rest: blank(text, match.index, match.index + match[0].length)
      .replace(/\s+/g, ' ')
      .trim(),
    ranges: [range],
  }
}

function blank(text: string, start: number, end: number): string {
  return text.slice(0, start) + ' '.repeat(end - start) + text.slice(end)
}
