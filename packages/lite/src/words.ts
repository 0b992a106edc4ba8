import type { TextLine } from '@perstream/spec'
import type { ReadCharacter } from './ctc'

/** One word, with the mean probability of its characters. */
type Word = TextLine['words'][number]

/**
 * Makes words of characters: parted at blanks, and where the recogniser is known to glue ("ASPIRIN500mg",
 * "Total:12.50", "DentistMonday"). Units and codes stay whole: "500mg", "B12", "30th", "10:30". A zero or one between
 * small letters is the letter that looks like it ("Ro0m").
 */
export function toWords(characters: readonly ReadCharacter[]): Word[] {
  const words: Word[] = []
  let from = 0
  const text = characters.map(({ character }) => character).join('')
  for (const to of [...breaks(text), text.length]) {
    const part = characters.slice(from, to).filter(({ character }) => character !== ' ')
    if (part.length > 0)
      words.push({
        text: lettersForDigits(part.map(({ character }) => character).join('')),
        confidence: part.reduce((sum, { confidence }) => sum + confidence, 0) / part.length,
      })
    from = to
  }
  return words
}

/** Where a glued text is parted: a long enough word on the left of a place where its kind changes. */
const seams = [
  / /,
  /(?<=[A-Za-z]{4})(?=\d)/, // SPEEDLIMIT|30
  /(?<=\b(?:MON|TUE|WED|THU|FRI|SAT|SUN|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC))(?=\d)/, // FRI|15
  /(?<=[A-Z]?[a-z]{2})(?=\d)(?![01][a-z])/, // May|12
  /(?<=\d{2})(?=[012]\d:[0-5]\d(?!\d))/, // 11|13:10
  /(?<=\d)(?!(?:mg|ml|kg|km|cm|mm)[a-z])(?=[A-Za-z]{4})/, // 12|March
  /(?<=\d(?:mg|ml|kg|km|cm|mm))(?=[a-z]{3})/, // 500mg|tablets
  /(?<=[a-z]{2})(?=[A-Z][a-z])/, // Dentist|Monday
  /(?<=[A-Za-z]{2}[,:;!?])(?=[A-Za-z\d£€$])/, // Total:|12.50
  /(?<=[a-z]{3}\.)(?=[A-Z])/, // Room.|Please
  /(?<=[A-Za-z]{2})(?=[£€$]\d)/, // Total|£12
]

function breaks(text: string): number[] {
  const places = new Set<number>()
  for (const seam of seams)
    for (const match of text.matchAll(new RegExp(seam, 'g'))) if (match.index > 0) places.add(match.index)
  return [...places].sort((a, b) => a - b)
}

function lettersForDigits(word: string): string {
  return word.replace(/(?<=[a-z])[01](?=[a-z])/g, (digit) => (digit === '0' ? 'o' : 'l'))
}
