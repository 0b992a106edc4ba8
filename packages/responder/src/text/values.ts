import type { DocumentKind } from './lexicon'
import { givenNames, isKnownWord, roleWords } from './lexicon'
import { foldLetters, isMisreading, plain, weightedDistance } from './words'

/** The kinds of value an answer can have. */
export type ValueType =
  | 'clock'
  | 'date'
  | 'money'
  | 'place'
  | 'person'
  | 'code'
  | 'phone'
  | 'plate'
  | 'count'
  | 'measure'
  | 'colour'
  | 'email'
  | 'frequency'

/** What is known of the text a line stands in. */
export interface ValueContext {
  readonly kinds: ReadonlySet<DocumentKind>
  /** True for text in sentences, told or described; false for lines that were read. */
  readonly prose: boolean
  /** Words that name the place wanted ("room", "platform"); empty: any place. */
  readonly labels: readonly string[]
}

/** Finds the values of a type in one line, in order, tidied ("15 :30" becomes "15:30"). */
export function findValues(line: string, type: ValueType, context: ValueContext): string[] {
  return finders[type](line, context)
}

type Finder = (line: string, context: ValueContext) => string[]

const finders: Record<ValueType, Finder> = {
  clock: (line, context) => findClocks(line, context),
  date: (line) => findDates(line),
  money: (line, context) => findMoney(line, context),
  place: (line, context) => findPlaces(line, context),
  person: (line, context) => findPeople(line, context),
  code: (line) => findCodes(line),
  phone: (line) => matches(fixDigits(line), /\+?\(?\d[\d\s()/-]{4,}\d/g).filter(isPhone),
  plate: (line) => findPlates(line),
  count: (line, context) => findCounts(line, context),
  measure: (line) =>
    matches(
      fixDigits(line),
      /\b(?:\d+(?:[.,]\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|half an)\s?(?:years? old|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|years?|seconds?|km|kilomet(?:re|er)s?|miles?|m|met(?:re|er)s?|cm|mm|kg|g|grams?|lbs?|pounds?|l|lit(?:re|er)s?|ml|%|degrees|°C|°F)(?![a-z])/gi,
    ),
  colour: (line) =>
    matches(
      line,
      /\b(?:(?:dark|light|pale|bright) )?(?:black|white|gr[ae]y|red|green|blue|yellow|orange|purple|pink|brown|beige|silver|gold|golden|turquoise|violet|navy|cream)\b/gi,
    ),
  frequency: (line) =>
    matches(
      fixDigits(line),
      /\b(?:once|twice|(?:\d+|two|three|four|five|six)\s?(?:x|times))(?:\s(?:an?|per|every)?\s?(?:hour|day|week|month|year|daily|weekly|monthly))?\b|\bevery\s(?:\w+\s)?(?:hours?|days?|weeks?|months?|years?|morning|evening|night|\w+day)\b|\b(?:daily|weekly|monthly|yearly|hourly)\b/gi,
    ),
  email: (line) => matches(line, /[\w.+-]+@[\w-]+\.[\w.-]*\w|\b(?:https?:\/\/|www\.)[^\s]+/g),
}

function matches(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), (match) => match[0].trim())
}

const digitLike: Record<string, string> = { l: '1', I: '1', '|': '1', o: '0', O: '0', S: '5', B: '8', Z: '2', z: '2' }

/** Puts digits back where reading made letters of them, in groups that hold a digit or a colon: "l5 :3O" to "15:30". */
export function fixDigits(line: string): string {
  return line
    .replace(
      /(?<![A-Za-z0-9])([\dlIoOSB|]{1,2})\s*:\s*([\dlIoOSB|]{2})(?![A-Za-z0-9])/g,
      (all, a: string, b: string) => (/\d/.test(all) ? `${toDigits(a)}:${toDigits(b)}` : all),
    )
    .replace(
      /(?<![A-Za-z])([\dlIoOSBZ|]+)\s?([.,])\s?([\dlIoOSBZ|]{2})(?![A-Za-z0-9])/g,
      (all, a: string, point: string, b: string) => (/\d/.test(a + b) ? `${toDigits(a)}${point}${toDigits(b)}` : all),
    )
    .replace(/(?<![A-Za-z0-9])[\dlIoO|]+(?![A-Za-z])/g, (group) => (/\d/.test(group) ? toDigits(group) : group))
}

function toDigits(text: string): string {
  return text.replace(/[lI|oOSBZz]/g, (letter) => digitLike[letter]!)
}

function findClocks(line: string, { kinds }: ValueContext): string[] {
  const fixed = fixDigits(line)
  const time = '(?:[01]?\\d|2[0-3]):[0-5]\\d'
  const half = '(?:1[0-2]|0?[1-9])(?:[:.][0-5]\\d)?\\s?(?:am|pm|a\\.m\\.|p\\.m\\.)'
  const dotted =
    kinds.has('receipt') || kinds.has('shelf')
      ? ''
      : '|(?<![\\d.,])(?:[01]?\\d|2[0-3])\\.[0-5]\\d(?![\\d.,]|\\s?[€$£%])'
  const pattern = new RegExp(
    `(?<![\\d])(?:${half}|${time}(?:\\s?(?:am|pm))?${dotted})(?!\\d)(?:\\s?(?:-|–|to|until)\\s?(?:${half}|${time}|\\d{1,2}))?|\\b(?:1[0-2]|[1-9])\\s?o['’]?clock|\\b(?:[01]?\\d|2[0-3])\\s?(?:uhr|h)\\b|\\b(?:noon|midnight)\\b`,
    'gi',
  )
  return matches(fixed, pattern)
}

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const weekday = `(?:${weekdays.join('|')}|Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\\b\\.?`
const month = `(?:${months.join('|')}|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\\b\\.?`
const dayNumber = '(?:[12]\\d|3[01]|0?[1-9])(?:st|nd|rd|th|\\.)?'
const datePattern = new RegExp(
  [
    '\\b\\d{4}-\\d{2}-\\d{2}\\b',
    '(?<![\\d./])(?:0?[1-9]|1[0-2])/20\\d{2}(?!\\d)',
    '(?<![\\d.:])(?:[12]\\d|3[01]|0?[1-9])([./])(?:1[0-2]|0?[1-9])(?:\\1(?:\\d{4}|\\d{2})?|(?=\\s|$))(?![\\d:])',
    `\\b(?:${weekday},?\\s*)?${dayNumber}\\s*(?:of\\s+)?${month}(?:,?\\s*\\d{4})?(?!\\d)`,
    `\\b(?:${weekday},?\\s*)?${month}\\s*${dayNumber}(?![\\d:.])(?:,?\\s*\\d{4})?`,
    `\\b${weekday}(?:,?\\s*(?:the\\s+)?${dayNumber}(?![\\d:.]|\\s?(?:am|pm)))?`,
    `\\b${month}(?:\\s+\\d{4})?`,
    '\\bthe\\s+(?:[12]\\d|3[01]|[1-9])(?:st|nd|rd|th)\\b',
    '\\b(?:today|tomorrow|tonight|weekends?|weekdays)\\b',
  ].join('|'),
  'gi',
)

function findDates(line: string): string[] {
  const fixed = fixNames(fixDigits(line))
  return matches(fixed, datePattern).filter((found) => !/^\d{1,2}\.\d{2}$/.test(found) && !isPlainMay(found))
}

/** "may", "march", "sun" in small letters are words, not dates. */
function isPlainMay(found: string): boolean {
  return /^(may|march|mar|sun|sat|wed|mon|jan|dec)\.?$/.test(found)
}

const dayNames = [...weekdays, ...months].map((name) => ({ name, lower: name.toLowerCase() }))

/** Corrects misread names of days and months. */
function fixNames(line: string): string {
  return line.replace(/(?<![A-Za-z0-9])[A-Za-z0-9|]{5,9}(?![A-Za-z0-9])/g, (word) => {
    if (/^\d+$/.test(word)) return word
    const lower = plain(word).toLowerCase().replace(/0/g, 'o').replace(/[1|]/g, 'l')
    const exact = dayNames.find((name) => name.lower === lower)?.name
    if (isKnownWord(lower)) return exact && exact.toLowerCase() !== word.toLowerCase() ? exact : word
    return dayNames.find((name) => name.lower.length >= 5 && nearName(lower, name.lower))?.name ?? word
  })
}

function nearName(word: string, name: string): boolean {
  if (Math.abs(word.length - name.length) > 1) return false
  return weightedDistance(word, name) <= 1 || weightedDistance(word.replace(/l/g, 'i'), name.replace(/l/g, 'i')) <= 1
}

const currency = '(?:[€$£]|EUR|USD|GBP|CHF)'
const moneyPattern = new RegExp(
  `${currency}\\s?\\d{1,6}(?:[.,]\\d{2})?(?!\\d)|(?<![\\d.,])\\d{1,6}(?:[.,]\\d{2})?\\s?(?:${currency}|euros?\\b|dollars?\\b|pounds?\\b|bucks\\b|cents\\b)`,
  'gi',
)
const barePattern = /(?<![\d.,:])\d{1,4}[.,]\d{2}(?![\d:]|[.,]\d|\s?%)/g

function findMoney(line: string, { kinds }: ValueContext): string[] {
  const fixed = fixDigits(line)
  const marked = matches(fixed, moneyPattern)
  if (marked.length > 0) return marked
  if (!kinds.has('receipt') && !kinds.has('shelf')) return []
  return matches(
    fixed.replace(datePattern, (found) => (/^\d{1,2}\.\d{2}$/.test(found) ? found : ' ')),
    barePattern,
  )
}

const placeLabels =
  'room|rm|floor|level|lvl|row|gate|platform|track|street|road|avenue|lane|square|building|bldg|aisle|shelf|bay|zone|section|hall|suite|seat|terminal|lot|deck|wing|entrance|exit|office|space|block|stop|locker|table|station|stairs|desk|corridor|car|coach|box|drawer|locker'
const labelGroups: readonly string[] = [
  'room|rm|suite|hall|office|auditorium|studio|theatre|theater',
  'floor|level|lvl|storey|story',
  'row|aisle|lane',
  'platform|track|gleis',
  'street|road|avenue|lane|square|st|rd|ave|str|address|strasse',
  'building|bldg|block|house|tower',
  'zone|section|area|sector',
  'bay|space|spot|lot|stall',
  'shelf|rack',
]

function findPlaces(line: string, { prose, labels }: ValueContext): string[] {
  const wanted = labels.length === 0 ? placeLabels : labels.map(labelGroup).join('|')
  const fixed = fixLabels(fixDigits(line))
  const labelled = matches(
    fixed,
    new RegExp(
      `\\b(?:${wanted})\\b\\.?\\s*[:#-]?\\s*(?:no\\.?\\s*)?(?:[A-Z]?-?\\d+(?:[.-]?\\d+)?[A-Z]?|[A-Z]\\d*|[A-Z]{1,2})(?![A-Za-z0-9])|\\b(?:\\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|ground|main|great|grand|top|upper|lower)\\s+(?:${wanted})\\b`,
      'gi',
    ),
  ).filter((found) => !/\b[a-z]$/.test(found))
  if (labels.length > 0 && !labels.includes('address') && !labels.includes('street'))
    return [...labelled, ...(prose ? namedRooms(line, wanted) : namedRooms(line, wanted))]
  const streets = matches(
    fixed,
    /(?:\d{1,4}[A-Za-z]?,?\s+)?\b[A-Z][\w.-]*(?:\s[A-Z][\w.-]*)*\s?(?:Street|Str\.|Road|Rd\b\.?|Avenue|Ave\b\.?|Lane|Square|Boulevard|Blvd\b\.?|Platz|Stra(?:ss|ß)e|strasse|straße|Allee|Terrace|Garage)(?:\s\d{1,4}[a-z]?)?/g,
  )
  const zones = matches(fixed, /\b(?:[Zz]one|ZONE|[Ss]ection|SECTION|[Aa]rea|AREA|[Ll]ot|LOT)\s+[A-Z][A-Za-z]{2,}/g)
  const decks = matches(fixed, /(?<![A-Za-z0-9])P-?\d{1,2}(?![A-Za-z0-9])/g)
  if (!prose) return unique([...labelled, ...streets, ...zones, ...decks, ...prepositional(line, true)])
  return unique([...labelled, ...streets, ...zones, ...decks, ...prepositional(line, false)])
}

const plainLabels = [
  'room',
  'floor',
  'level',
  'gate',
  'platform',
  'track',
  'street',
  'building',
  'aisle',
  'seat',
  'deck',
  'zone',
  'terminal',
  'row',
  'bay',
  'box',
  'coach',
]

/** Takes a label and its number apart ("RowC"), and corrects a misread label. */
function fixLabels(line: string): string {
  const glued = new RegExp(`\\b(${plainLabels.join('|')})(?=[A-Z]\\b|[A-Z]?\\d)`, 'gi')
  return line.replace(glued, '$1 ').replace(/(?<![A-Za-z0-9])[A-Za-z0-9]{3,9}(?![A-Za-z0-9])/g, (word) => {
    if (!/[A-Za-z]{2}/.test(word) || isKnownWord(word.toLowerCase())) return word
    const label = plainLabels.find(
      (each) => foldLetters(each) === foldLetters(word.toLowerCase()) || isMisreading(each, word.toLowerCase()),
    )
    return label ? (word === word.toUpperCase() ? label.toUpperCase() : label[0]!.toUpperCase() + label.slice(1)) : word
  })
}

function labelGroup(label: string): string {
  const found = labelGroups.find((group) => group.split('|').includes(label))
  return found ?? label
}

/** "Room Orion", "Meeting Room Alpine": a room with a name. */
function namedRooms(line: string, wanted: string): string[] {
  return matches(
    line,
    new RegExp(
      `\\b(?:${wanted}|${capitals(wanted)})\\s+[A-Z][a-z]{2,}\\b|\\b[A-Z][a-z]{2,}\\s+(?:${wanted}|${capitals(wanted)})\\b`,
      'g',
    ),
  )
}

function capitals(alternatives: string): string {
  return alternatives
    .split('|')
    .flatMap((word) => [word[0]!.toUpperCase() + word.slice(1), word.toUpperCase()])
    .join('|')
}

/** "in the top drawer", "next to the station". On read lines only clear words of place count. */
function prepositional(line: string, strict: boolean): string[] {
  const words = strict
    ? 'next to|behind|opposite|in front of|near'
    : 'next to|in front of|close to|on top of|in|on|at|under|underneath|behind|near|by|inside|above|below|beside|between|opposite|across from|against|around'
  return matches(
    line,
    new RegExp(
      `\\b(?:${words})\\s+(?!(?:time|case|general|fact|advance|total|ten|a hurry|[0-9]+:|\\d{1,2}\\s?(?:am|pm)|(?:${weekdays.join('|')}|${months.join('|')})\\b|the (?:morning|evening|afternoon|weekend|night)))[^,;.\\n]{2,60}`,
      'gi',
    ),
  ).filter((found) => !/^(?:at|on|in|by)\s+(?:\d{1,2}[:.]\d{2}|\d{1,2}$|noon|night)/i.test(found))
}

function findPeople(line: string, { prose, kinds }: ValueContext): string[] {
  const text = line.replace(/([a-z])([A-Z][a-z])/g, '$1 $2')
  const titled = matches(
    text,
    /\b(?:Dr|Mr|Mrs|Ms|Miss|Prof|DR|MR|MRS|MS|PROF)\b\.?\s?(?:med\.?\s)?[A-Z][\w'’-]+(?:\s[A-Z][\w'’-]+)?/g,
  )
  if (titled.length > 0) return titled.map((name) => trimName(name))
  const named = matches(text, /(?<![\w])[A-Z][\w'’-]+(?:\s(?:[A-Z][\w'’-]+|[A-Z]\.|van|von|de|da|di))*/g)
    .map(trimName)
    .filter((name) => isName(name, prose || kinds.has('badge')))
  return unique(named.length > 0 || !prose ? named : statedNames(text))
}

/** "is Weber", "called Holm", "by R. Pfeiffer": in a sentence, words with capitals where a name is due are one, known or not. */
function statedNames(text: string): string[] {
  return matches(
    text,
    /(?<=\b(?:is|was|are|were|called|named|with|by)\s)(?:[A-Z]\.\s?)*[A-Z][\w'’-]+(?:\s[A-Z][\w'’-]+){0,2}/g,
  )
    .map(trimName)
    .filter((name) => findDates(name).length === 0 && !/\d/.test(name) && !name.split(/\s+/).some(isThing))
}

function trimName(name: string): string {
  const words = name.replace(/['’]s\b/g, '').split(/\s+/)
  while (words.length > 1 && isThing(words[0]!)) words.shift()
  while (words.length > 1 && isThing(words[words.length - 1]!)) words.pop()
  return words.map(fixName).join(' ')
}

/** Puts letters back where reading made digits of them: "M0reau" to "Moreau". */
function fixName(word: string): string {
  return /[A-Za-z]{2}/.test(word) ? word.replace(/0/g, 'o').replace(/[1|]/g, 'l') : word
}

/** True for a name with a title or a known given name. */
export function hasGivenName(name: string): boolean {
  const first = plain(name.split(/\s+/)[0]!).toLowerCase().replace(/\.$/, '')
  return /^(?:dr|mr|mrs|ms|miss|prof)$/.test(first) || givenNames.has(first) || nearGivenName(first)
}

function isThing(word: string): boolean {
  const lower = plain(word).toLowerCase().replace(/\.$/, '')
  return (
    !givenNames.has(lower) && !/^(dr|mr|mrs|ms|prof|miss)$/.test(lower) && (isKnownWord(lower) || roleWords.has(lower))
  )
}

function isName(name: string, lenient: boolean): boolean {
  const words = name.split(/\s+/)
  if (words.length > 3 || words.some(isThing) || /\d{2}/.test(name)) return false
  const first = plain(words[0]!).toLowerCase().replace(/0/g, 'o').replace(/[1|]/g, 'l')
  if (givenNames.has(first) || nearGivenName(first)) return true
  return lenient && words.length >= 2 && words.every((word) => /^[A-Z][\w'’-]+$/.test(word))
}

function nearGivenName(word: string): boolean {
  if (word.length < 4) return false
  for (const name of givenNames)
    if (
      name[0] === word[0] &&
      Math.abs(name.length - word.length) <= 1 &&
      weightedDistance(word.replace(/i/g, 'l'), name.replace(/i/g, 'l')) <= 0.5
    )
      return true
  return false
}

function findCodes(line: string): string[] {
  return line.split(/\s+/).flatMap((word) => {
    const bare = word.replace(/^["'(]+|[.,;:"')]+$/g, '')
    const isCode = /\d/.test(bare) && bare.length >= 3 && /^[\w#*@!$%&/.-]+$/.test(bare)
    return isCode &&
      !/^\d{1,2}[:.]\d{2}$/.test(bare) &&
      !/^\d+[.,]\d{2}$/.test(bare) &&
      !/^\d{1,2}[./]\d{1,2}[./]/.test(bare)
      ? [bare]
      : []
  })
}

function isPhone(text: string): boolean {
  const digits = text.replace(/\D/g, '')
  return digits.length >= 6 && digits.length <= 15 && !/^\d{4}-\d{2}-\d{2}$/.test(text)
}

function findPlates(line: string): string[] {
  const bare = line
    .trim()
    .replace(/^(?:licen[cs]e )?(?:plate|registration|kennzeichen)\s*(?:no\.?|number)?\s*:?\s*/i, '')
  const groups = bare.split(/[\s·•.:-]+/).filter((group) => group !== '')
  const joined = groups.join('')
  if (/[A-Z]{4}|[.,:]\d{2}$|^(?:ICE?|EC|RE|RB|TGV)\s?\d/.test(bare)) return []
  if (!/^[A-Z0-9]{5,9}$/.test(joined) || groups.length > 4 || !/[A-Z]/.test(joined)) return []
  const digits = joined.replace(/\D/g, '').length
  if (digits < 2 || groups.some((group) => group.length > 7 || (group.length > 2 && isKnownWord(group.toLowerCase()))))
    return []
  return [bare]
}

const numberWords = 'one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|fifty|hundred'

function findCounts(line: string, context: ValueContext): string[] {
  const rest = fixDigits(line)
    .replace(moneyPattern, ' ')
    .replace(datePattern, ' ')
    .replace(/\b\d{1,2}[:.]\d{2}\b/g, ' ')
  const pattern = new RegExp(`(?<![\\w.,-])\\d{1,6}(?:x|\\b)(?![.,:]\\d)|\\b(?:${numberWords})\\b`, 'gi')
  const found = matches(rest, pattern)
  if (found.length > 0 || !context.prose) return found
  return matches(rest, /\ban?\s(?=[a-z])/gi).map(() => 'one')
}

function unique(values: readonly string[]): string[] {
  return values.filter(
    (value, index) =>
      values.indexOf(value) === index &&
      !values.some((other, at) => at !== index && other.length > value.length && other.includes(value)),
  )
}
