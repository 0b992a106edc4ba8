import type { Question } from './question'
import { type BlockLine, type TextBlock, valuesOf } from './text/block'
import { fixDigits, hasGivenName, type ValueType } from './text/values'
import { foldLetters, matchTerm, wordsOf } from './text/words'

/** What a memory says to a question. */
export interface Extraction {
  /** The answer itself, tidied: "Tue 13, 15:30". Undefined when the lines are the answer. */
  readonly value: string | undefined
  /** The lines that hold it, rising. */
  readonly lines: readonly number[]
}

/** Finds the lines of a block that answer, or undefined when a value of the right type is not there. */
export function extractAnswer(
  question: Question,
  block: TextBlock,
  anchors: readonly number[],
): Extraction | undefined {
  const { type } = question
  if (type === 'free' || type === 'seen-at') return { value: undefined, lines: topicLines(block, anchors) }
  if (block.prose) return extractSentence(question, block, anchors)
  if (type === 'when' || type === 'clock' || type === 'date') return extractTime(type, block, anchors)
  if (type === 'money') return extractMoney(block, anchors)
  if (type === 'place') return extractPlace(question, block, anchors)
  if (type === 'person') return extractPerson(question, block, anchors)
  if (type === 'code') return extractCode(question, block, anchors)
  if (type === 'phone') return extractPhone(block, anchors)
  if (type === 'plate') return extractNear(block, [], 'plate', 9)
  return extractNear(block, anchors, type, type === 'email' ? 6 : 1)
}

const all = (block: TextBlock) => block.lines.map((_, index) => index)

function extractSentence(question: Question, block: TextBlock, anchors: readonly number[]): Extraction | undefined {
  const { type, labels } = question
  const types: ValueType[] = type === 'when' ? ['date', 'clock'] : [type as ValueType]
  for (const line of anchors.length > 0 ? anchors : all(block)) {
    const values = types.flatMap((each) => valuesOf(block, line, each, each === 'place' ? labels : []))
    const useful = values.filter((value) => type === 'code' || type === 'phone' || !repeatsQuestion(question, value))
    if (useful.length > 0) return { value: useful.join(', '), lines: [line] }
    if (type === 'code' && question.topic === 'password' && secretOf(block.lines[line]!.text))
      return { value: secretOf(block.lines[line]!.text), lines: [line] }
    if (
      type === 'when' &&
      /\b(?:every|in the|at the|on the|before|after|once|twice|weekly|monthly|yearly)\b/i.test(block.lines[line]!.text)
    )
      return { value: undefined, lines: [line] }
  }
  return undefined
}

function repeatsQuestion(question: Question, value: string): boolean {
  const words = value.toLowerCase().match(/[a-z0-9]+/g) ?? []
  return words.length > 0 && words.every((word) => question.words.includes(word))
}

function extractTime(
  type: 'when' | 'clock' | 'date',
  block: TextBlock,
  anchors: readonly number[],
): Extraction | undefined {
  const clocks = all(block).filter((line) => valuesOf(block, line, 'clock').length > 0)
  const dates = all(block).filter((line) => dateOf(block, line).length > 0)
  const anchor = anchors.find((line) => clocks.includes(line) || dates.includes(line)) ?? anchors[0]
  if (anchor === undefined) return joinTimes(block, type, dates.slice(0, 3), clocks.slice(0, 3), undefined)
  const clock = type === 'date' ? undefined : entryLine(block, anchor, clocks, anchors)
  const dateLines = datesFor(block, clock ?? anchor, dates, anchor)
  if (type === 'clock' && clock === undefined) return undefined
  return joinTimes(block, type, dateLines, clock === undefined ? [] : [clock], anchor)
}

/** The dates of a line; a bare number is a day when the block names a month. */
function dateOf(block: TextBlock, line: number): readonly string[] {
  const text = fixDigits(block.lines[line]!.text).trim()
  const isDay = /^(?:[12]\d|3[01]|[1-9])\.?$/.test(text) && all(block).some((each) => hasMonth(block, each))
  return isDay ? [text] : valuesOf(block, line, 'date')
}

/** The line with the clock time of the entry that a line belongs to. */
function entryLine(
  block: TextBlock,
  anchor: number,
  clocks: readonly number[],
  anchors: readonly number[],
): number | undefined {
  const direct = anchors.find((line) => clocks.includes(line))
  if (direct !== undefined) return direct
  const before = clocks.includes(anchor - 1)
  const after = clocks.includes(anchor + 1)
  if (before && after) return clockComesFirst(block, clocks) ? anchor - 1 : anchor + 1
  if (before || after) {
    const line = before ? anchor - 1 : anchor + 1
    return holdsEntry(block, line) && clocks.length > 1 ? undefined : line
  }
  return clocks.length === 1 && !holdsEntry(block, clocks[0]!)
    ? clocks[0]
    : clocks.length > 0 && isHeading(anchor, clocks)
      ? clocks[0]
      : undefined
}

function isHeading(anchor: number, clocks: readonly number[]): boolean {
  return anchor === 0 && clocks.length === 1
}

/** True when a line says more than a time or a date: it has an entry of its own. */
function holdsEntry(block: TextBlock, line: number): boolean {
  const rest = ['clock', 'date'].reduce((text, type) => {
    return valuesOf(block, line, type as ValueType).reduce((left, value) => left.replace(value, ' '), text)
  }, fixDigits(block.lines[line]!.text))
  return (
    (rest.match(/[A-Za-z]{3,}/g) ?? []).filter(
      (word) => !/^(at|from|until|uhr|hours?|time|date|open|daily|mon|tue|wed|thu|fri|sat|sun)$/i.test(word),
    ).length > 0
  )
}

function clockComesFirst(block: TextBlock, clocks: readonly number[]): boolean {
  const first = clocks[0]!
  const texts = all(block).filter((line) => !clocks.includes(line) && valuesOf(block, line, 'date').length === 0)
  const heading = texts.filter((line) => line < first).length
  const trailing = texts.filter((line) => line > clocks[clocks.length - 1]!).length
  return trailing > 0 || heading === 0
}

/** The date lines that hold for a line: its own, or the nearest heading above, with the month above that. */
function datesFor(block: TextBlock, line: number, dates: readonly number[], anchor: number): number[] {
  const own = [anchor, line].find((each) => dates.includes(each))
  const bare = dates.filter((each) => !holdsEntry(block, each))
  const days = bare.filter((each) => !isMonthHeading(block, each))
  const clocks = all(block).filter((each) => valuesOf(block, each, 'clock').length > 0)
  const follow = days.length > 0 && days.at(-1)! > (clocks.at(-1) ?? days.at(-1)!) && clocks[0]! < days[0]!
  const above = bare.filter((each) => each < Math.max(line, anchor))
  const below = follow ? days.find((each) => each > Math.max(line, anchor)) : undefined
  const chosen =
    own ??
    below ??
    above[above.length - 1] ??
    (dates.length === 1 && !holdsEntry(block, dates[0]!) ? dates[0] : undefined)
  if (chosen === undefined) return []
  const month = dates.find((each) => each < chosen && !holdsEntry(block, each) && isMonthHeading(block, each))
  return month !== undefined && !hasMonth(block, chosen) ? [month, chosen] : [chosen]
}

const monthName = /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*/i

function isMonthHeading(block: TextBlock, line: number): boolean {
  return valuesOf(block, line, 'date').some((value) => monthName.test(value) && !/\b\d{1,2}\b/.test(value))
}

function hasMonth(block: TextBlock, line: number): boolean {
  return valuesOf(block, line, 'date').some((value) => monthName.test(value) || /\d[./-]\d/.test(value))
}

function joinTimes(
  block: TextBlock,
  type: string,
  dates: readonly number[],
  clocks: readonly number[],
  anchor: number | undefined,
): Extraction | undefined {
  const dateValues = dates.flatMap((line) => dateOf(block, line))
  const clockValues = clocks.flatMap((line) => valuesOf(block, line, 'clock'))
  if (dateValues.length + clockValues.length === 0) return undefined
  if (type === 'date' && dateValues.length === 0) return undefined
  if (type === 'clock' && clockValues.length === 0) return undefined
  const lines = new Set([...dates, ...clocks, ...(anchor === undefined ? [] : [anchor])])
  return { value: [...dateValues, ...clockValues].join(', '), lines: [...lines].sort((a, b) => a - b) }
}

function extractMoney(block: TextBlock, anchors: readonly number[]): Extraction | undefined {
  const priced = all(block).filter((line) => valuesOf(block, line, 'money').length > 0)
  const amount = (line: number) => valuesOf(block, line, 'money').at(-1)!
  for (const anchor of anchors) if (priced.includes(anchor)) return { value: amount(anchor), lines: [anchor] }
  const item = anchors.find((line) => line > 0 || block.lines.length <= 2)
  if (item !== undefined) {
    const line = amountOf(block, item, priced)
    if (line !== undefined) return { value: amount(line), lines: [item, line] }
    if (!block.kinds.has('receipt') || item > 2) return undefined
  }
  const total = totalLine(block, priced)
  if (total)
    return { value: amount(total.amount), lines: [...new Set([total.label, total.amount])].sort((a, b) => a - b) }
  if (priced.length === 1) return { value: amount(priced[0]!), lines: [priced[0]!] }
  const sum = block.kinds.has('receipt')
    ? sumLine(priced, (line) =>
        Number(
          amount(line)
            .replace(',', '.')
            .replace(/[^\d.]/g, ''),
        ),
      )
    : undefined
  if (sum !== undefined && !/\bsub/i.test(block.lines[sum]!.text)) return { value: amount(sum), lines: [sum] }
  return undefined
}

/** The line whose amount is the sum of all amounts above it: a total without its word. */
function sumLine(priced: readonly number[], cents: (line: number) => number): number | undefined {
  return priced.slice(2).find((line) => {
    const above = priced.filter((each) => each < line).reduce((sum, each) => sum + cents(each), 0)
    return Math.abs(above - cents(line)) < 0.005
  })
}

/** The line with the amount of an item whose own line has none. */
function amountOf(block: TextBlock, item: number, priced: readonly number[]): number | undefined {
  const bare = priced.filter((line) => !/[A-Za-z]{3,}/.test(block.lines[line]!.text.replace(/EUR|USD|GBP|CHF/gi, '')))
  const labels = all(block).filter((line) => !priced.includes(line))
  if (pricesComeFirst(block, priced, bare)) return bare.includes(item - 1) ? item - 1 : undefined
  if (bare.includes(item + 1)) {
    const firstBare = bare[0]!
    const run = labels.filter((line) => line < firstBare)
    const isColumn = bare.length > 1 && bare.every((line, index) => line === firstBare + index)
    if (isColumn) return run.length >= bare.length ? bare[run.slice(-bare.length).indexOf(item)] : undefined
    return item + 1
  }
  const columnStart = bare[0]
  if (columnStart === undefined || bare.length < 2) return undefined
  const run = labels.filter((line) => line < columnStart).slice(-bare.length)
  return bare.every((line, index) => line === columnStart + index) && run.includes(item)
    ? bare[run.indexOf(item)]
    : undefined
}

/** True when amounts stand before what they are for: the total's is above it, and nothing follows it. */
function pricesComeFirst(block: TextBlock, priced: readonly number[], bare: readonly number[]): boolean {
  const total = block.lines.map(totalQuality).lastIndexOf(1)
  return (
    total > 0 &&
    bare.length > 1 &&
    !priced.includes(total) &&
    !bare.includes(total + 1) &&
    bare.includes(total - 1) &&
    !bare.includes(total - 2)
  )
}

const totalQuality = (line: BlockLine) => (matchTerm('total', line.words) >= 0.8 ? 1 : 0)
const totalWords = ['total', 'summe', 'gesamt', 'due', 'paid', 'sum', 'pay']

function totalLine(block: TextBlock, priced: readonly number[]): { label: number; amount: number } | undefined {
  const isTotal = (line: BlockLine) =>
    totalWords.some((word) => matchTerm(word, line.words) >= 0.8) &&
    !line.words.some((word) => /^(sub.*|net|netto|vat|tax|items?|saved|savings|points)$/.test(word))
  const labels = all(block)
    .filter((line) => isTotal(block.lines[line]!))
    .sort((a, b) => totalQuality(block.lines[b]!) - totalQuality(block.lines[a]!) || b - a)
  for (const label of labels) {
    if (priced.includes(label)) return { label, amount: label }
    const amount = amountOf(block, label, priced)
    if (amount !== undefined) return { label, amount }
  }
  return undefined
}

function extractPlace(question: Question, block: TextBlock, anchors: readonly number[]): Extraction | undefined {
  const places = all(block).filter((line) => valuesOf(block, line, 'place', question.labels).length > 0)
  if (places.length === 0) return undefined
  const value = (lines: readonly number[]) =>
    lines.flatMap((line) => valuesOf(block, line, 'place', question.labels)).join(', ')
  const anchor = anchors[0]
  const many = block.kinds.has('calendar') && all(block).filter((line) => holdsTime(block, line)).length > 1
  if (anchor !== undefined && many) {
    const own = anchors.find((line) => places.includes(line))
    const near =
      own ??
      [anchor + 1, anchor - 1].find((line) => places.includes(line) && (places.length === 1 || !holdsTime(block, line)))
    if (near === undefined) return undefined
    return { value: value([near]), lines: [...new Set([anchor, near])].sort((a, b) => a - b) }
  }
  const direct = anchors.filter((line) => places.includes(line))
  const lines = direct.length > 0 && block.lines.length > 4 ? direct : places.slice(0, 3)
  return { value: value(lines), lines }
}

function holdsTime(block: TextBlock, line: number): boolean {
  return valuesOf(block, line, 'clock').length > 0
}

function extractNear(
  block: TextBlock,
  anchors: readonly number[],
  type: ValueType,
  reach: number,
): Extraction | undefined {
  const lines = all(block).filter((line) => valuesOf(block, line, type).length > 0)
  const anchor = anchors[0]
  const line =
    anchor === undefined
      ? lines[0]
      : lines
          .filter((each) => Math.abs(each - anchor) <= reach)
          .sort((a, b) => Math.abs(a - anchor) - Math.abs(b - anchor) || b - a)[0]
  if (line === undefined) return undefined
  return {
    value: valuesOf(block, line, type).join(', '),
    lines: anchor === undefined || anchor === line ? [line] : [Math.min(anchor, line), Math.max(anchor, line)],
  }
}

/** The name nearest to what the question is about; one that only repeats the question is not an answer. */
function extractPerson(question: Question, block: TextBlock, anchors: readonly number[]): Extraction | undefined {
  const anchor = anchors[0] ?? 0
  const found = all(block)
    .flatMap((line) =>
      valuesOf(block, line, 'person').map((value) => ({ line, value, distance: Math.abs(line - anchor) })),
    )
    .filter(({ value, distance }) => distance <= 4 && !sharesWord(question, value))
  const sure = found.filter(({ value }) => hasGivenName(value))
  const near = (a: { distance: number }, b: { distance: number }) => (anchors.length > 0 ? a.distance - b.distance : 0)
  const words = (name: string) => Math.min(2, name.trim().split(/\s+/).length)
  const best = (sure.length > 0 ? sure : found).sort((a, b) => near(a, b) || words(b.value) - words(a.value))[0]
  if (!best) return undefined
  const lines = new Set([...anchors.slice(0, 1), best.line])
  return { value: best.value, lines: [...lines].sort((a, b) => a - b) }
}

function sharesWord(question: Question, name: string): boolean {
  return wordsOf(name).some((word) =>
    question.terms.some((term) => term.word === word || foldLetters(term.word).includes(foldLetters(word))),
  )
}

/** A phone number: where a line says it is one, else the longest. */
function extractPhone(block: TextBlock, anchors: readonly number[]): Extraction | undefined {
  const found = all(block).flatMap((line) => valuesOf(block, line, 'phone').map((value) => ({ line, value })))
  const rank = ({ line, value }: { line: number; value: string }) =>
    (/\b(?:tel|phone|call|mobile|cell|dial)/i.test(block.lines[line]!.text) ? 100 : 0) + value.replace(/\D/g, '').length
  const best = found.sort((a, b) => rank(b) - rank(a))[0]
  if (!best) return undefined
  const lines = new Set([...anchors.slice(0, 1), best.line])
  return { value: best.value, lines: [...lines].sort((a, b) => a - b) }
}

/** A number or a password, on the line of its label or on the next one. */
function extractCode(question: Question, block: TextBlock, anchors: readonly number[]): Extraction | undefined {
  if (question.topic === 'password') {
    const label = all(block).find(
      (line) =>
        matchTerm('password', block.lines[line]!.words) >= 0.8 ||
        /\b(?:key|pass|code)\b\s*:/i.test(block.lines[line]!.text),
    )
    if (label === undefined) return undefined
    const own = secretOf(block.lines[label]!.text)
    if (own) return { value: own, lines: [label] }
    const next = block.lines[label + 1]?.text
    return next && !/\s\S+\s/.test(next.trim()) ? { value: next.trim(), lines: [label, label + 1] } : undefined
  }
  const named = codeWords.filter((word) => question.words.includes(word))
  const labelled = all(block).filter((line) => named.some((word) => matchTerm(word, block.lines[line]!.words) >= 0.8))
  for (const anchor of [...labelled.filter((line) => anchors.some((near) => Math.abs(near - line) <= 3)), ...anchors]) {
    for (const line of [anchor, anchor + 1]) {
      if (
        line >= block.lines.length ||
        (line !== anchor && /\b(?:tel|phone|fax|mobile)\b/i.test(block.lines[line]!.text))
      )
        continue
      if (/\b(?:tel|phone|fax|mobile)\b/i.test(block.lines[line]!.text)) continue
      const codes = valuesOf(block, line, 'code').filter((code) => !repeatsQuestion(question, code))
      if (codes.length > 0) return { value: codes.join(' '), lines: line === anchor ? [line] : [anchor, line] }
    }
  }
  return undefined
}

const codeWords = ['code', 'pin', 'iban', 'serial', 'reference', 'voucher']

const secretLabel = String.raw`(?:\b|(?<=w[il1|]-?f[il1|]))(?:p[a@]ss(?:w[o0]rd|code|phrase|wort)?|pwd?|key|code)\b`
/** After a colon up to four words: reading may part "walnut96", and passphrases have several. */
const secretPatterns = [
  new RegExp(String.raw`${secretLabel}[^:=]*[:=]\s*(\S+(?:\s+\S+){0,3})$`, 'i'),
  new RegExp(String.raw`${secretLabel}[^:]*?(?:\s+is\s+|\s+)(\S+)$`, 'i'),
]

/** What follows "password:" or "password is". */
function secretOf(line: string): string | undefined {
  const found = secretPatterns.map((pattern) => pattern.exec(line.trim())?.[1]).find((secret) => secret !== undefined)
  return found?.replace(/[.,;"”]+$/, '').replace(/^["“]/, '') || undefined
}

/** The lines of a block that bear on a topic: all of a short one or one headed by it, a section of a calendar, else lines. */
function topicLines(block: TextBlock, anchors: readonly number[]): number[] {
  if (block.prose) return anchors.length > 0 ? [...anchors] : all(block)
  if (anchors.length === 0 || anchors[0] === 0 || block.lines.length <= 4) return all(block)
  const anchor = anchors[0]!
  const isDay = valuesOf(block, anchor, 'date').length > 0 && !holdsEntry(block, anchor)
  if (!isDay) return [...anchors].sort((a, b) => a - b)
  const next = all(block).find((line) => line > anchor && valuesOf(block, line, 'date').length > 0)
  return all(block).slice(anchor, next ?? block.lines.length)
}
