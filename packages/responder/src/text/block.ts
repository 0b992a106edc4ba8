import type { Memory } from '@perstream/spec'
import { badgeWords, type DocumentKind } from './lexicon'
import { findValues, fixDigits, type ValueContext, type ValueType } from './values'
import { matchTerm, wordsOf } from './words'

/** One line of read text, or one sentence. */
export interface BlockLine {
  readonly text: string
  readonly words: readonly string[]
}

/** A memory's text, ready to look things up in. */
export interface TextBlock {
  readonly lines: readonly BlockLine[]
  readonly words: readonly string[]
  readonly kinds: ReadonlySet<DocumentKind>
  /** Told, said or described in sentences; false for lines that were read. */
  readonly prose: boolean
  /** Values found so far, by line and type. */
  readonly found: Map<string, readonly string[]>
}

/** Takes a memory's text apart: lines of what was read, sentences of the rest. */
export function createBlock(memory: Memory): TextBlock {
  const prose = isProse(memory)
  const lines = linesOf(memory).map((text) => ({ text, words: [...wordsOf(text), ...impliedWordsOf(text)] }))
  const words = lines.flatMap((line) => line.words)
  return { lines, words, prose, kinds: guessKinds(lines, words, prose), found: new Map() }
}

/** The lines of what was read, the sentences of the rest; none is blank. */
export function linesOf(memory: Memory): string[] {
  const lines = memory.text.split('\n')
  const texts = isProse(memory) ? lines.flatMap((line) => line.split(sentenceEnd)) : lines
  return texts.map((text) => text.trim()).filter((text) => text !== '')
}

/** Between two sentences; not behind a title or another short word without a vowel ("Dr.", "Mrs.", "St."). */
const sentenceEnd = /(?<=[a-z)"][.!?])(?<!\b(?:Prof|Rev|Capt|[B-DF-HJ-NP-TV-XZ][b-df-hj-np-tv-xz]{1,3})\.)\s+(?=[A-Z"])/

function isProse({ origin }: Memory): boolean {
  return origin !== 'read'
}

/** Words that a line means without saying them: "ICE 512" is a train. */
function impliedWordsOf(line: string): string[] {
  if (/\b(?:ICE|IC|EC|RE|RB|TGV|RJX?)\s?\d{1,4}\b|\bIntercity\b/.test(line)) return ['train']
  if (/\b(?:platform|track|gleis) ?\d/i.test(line)) return ['train']
  return /\bboarding pass\b/i.test(line) ? ['flight'] : []
}

/** Finds values of a type in one line of a block. */
export function valuesOf(
  block: TextBlock,
  line: number,
  type: ValueType,
  labels: readonly string[] = [],
): readonly string[] {
  const key = `${line} ${type} ${labels.join(' ')}`
  let values = block.found.get(key)
  if (!values) {
    const context: ValueContext = { kinds: block.kinds, prose: block.prose, labels }
    values = findValues(block.lines[line]!.text, type, context)
    block.found.set(key, values)
  }
  return values
}

function guessKinds(lines: readonly BlockLine[], words: readonly string[], prose: boolean): Set<DocumentKind> {
  if (prose) return new Set<DocumentKind>(['sentence'])
  const kinds = new Set<DocumentKind>(['sign', 'page'])
  const has = (...terms: string[]) => terms.some((term) => matchTerm(term, words) >= 0.8)
  const amounts = lines.filter((line) => /(?<![\d.,:])\d{1,4}[.,]\d{2}(?![\d.,:])/.test(fixDigits(line.text))).length
  const paid = has('total', 'subtotal', 'receipt', 'cash', 'vat', 'summe', 'paid')
  if (amounts > 0 && (paid || (amounts > 1 && has('card', 'tax', 'change', 'sum', 'amount')))) kinds.add('receipt')
  else if (lines.some((line) => isPriced(line.text))) kinds.add('shelf')
  if (hasDay(lines)) kinds.add('calendar')
  if (words.some((word) => badgeWords.has(word)) || /\bname\b/i.test(lines.map((line) => line.text).join(' ')))
    kinds.add('badge')
  if (isParking(words, has)) kinds.add('parking')
  if (
    lines.length <= 2 &&
    lines.some((line) => findValues(line.text, 'plate', { kinds, prose, labels: [] }).length > 0)
  )
    kinds.add('plate')
  if (
    has('todo', 'agenda', 'roadmap', 'plan', 'launch', 'sprint', 'ideas', 'goals') ||
    lines.filter((line) => /^\s*(?:[-*•]|\d[.)])/.test(line.text)).length > 1
  )
    kinds.add('board')
  return kinds
}

function isPriced(line: string): boolean {
  const fixed = fixDigits(line)
  return /[€$£]|\bEUR\b/.test(fixed) ? /\d/.test(fixed) : /[A-Za-z]{3}.*\s\d{1,3}[.,]\d{2}$/.test(fixed)
}

function hasDay(lines: readonly BlockLine[]): boolean {
  const none = { kinds: new Set<DocumentKind>(), prose: false, labels: [] }
  return lines.some((line) => findValues(line.text, 'date', none).length > 0)
}

function isParking(words: readonly string[], has: (...terms: string[]) => boolean): boolean {
  const marks = ['level', 'row', 'bay', 'zone', 'section', 'space', 'deck', 'lot', 'lvl'].filter((mark) =>
    words.includes(mark),
  ).length
  return has('parking', 'garage', 'carpark') || marks >= 2 || words.some((word) => /^p\d{1,2}$/.test(word))
}
