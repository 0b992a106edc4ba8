import type { LexicalIndex } from './lexical-index'

const alike = 12
const most = 3
/** What a word that only resembles the one asked for counts. */
const weight = 0.6

/**
 * Known words to look for in place of one that no memory has: what a reader of signs or a typist got wrong by a letter (none in words
 * of four, two in long ones), and words that begin with it or that it begins with. Words with digits must be exact.
 */
export function nearTerms(lexical: LexicalIndex, term: string): { readonly term: string; readonly weight: number }[] {
  const allowed = term.length < 5 ? 0 : term.length < 9 ? 1 : 2
  return lexical
    .lookAlikes(term, alike)
    .filter((known) => isBeginning(term, known) || isWithin(term, known, allowed))
    .slice(0, most)
    .map((known) => ({ term: known, weight }))
}

const shortestBeginning = 5

function isBeginning(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= shortestBeginning && (a.startsWith(b) || b.startsWith(a))
}

/** Whether so many edits make one word of the other: a letter more, less or other, or two that changed places. */
export function isWithin(a: string, b: string, edits: number): boolean {
  if (Math.abs(a.length - b.length) > edits) return false
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) next[j] = Math.min(next[j]!, before[j - 2]! + 1)
    }
    before = row
    row = next
  }
  return row[b.length]! <= edits
}
