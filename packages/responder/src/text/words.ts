import { isKnownWord, relatedWords } from './lexicon'

/** How well a text supports a word of the question: 1 is the word itself, 0 nothing like it. */
export type MatchQuality = number

/**
 * Splits text into lower-case words. Accents are dropped; words that reading glued together come apart where the case or
 * a number shows it ("DrWeber", "15:30Dentist").
 */
export function wordsOf(text: string): string[] {
  return plain(text)
    .replace(/w[il1|]-\s?f[il1|]|\bw[il1|]\s?f[il1|]\b/gi, ' wifi ')
    .replace(/\be-mail/gi, 'email')
    .replace(/([a-z]{2,})([A-Z][a-z])/g, '$1 $2')
    .replace(/\b(Dr|Mr|Ms|Mrs|Prof)\.?([A-Z][a-z])/g, '$1 $2')
    .replace(/(\d{2,})([A-Za-z]{3,})/g, '$1 $2')
    .replace(/([A-Za-z]{3,})(\d{2,}|\d[.,:]\d)/g, '$1 $2')
    .toLowerCase()
    .replace(/['’]s\b/g, '')
    .split(/[^a-z0-9|]+/)
    .filter((word) => word !== '' && word !== '|')
}

/** Drops accents and unusual forms of letters. */
export function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/ß/g, 'ss')
}

/** Says how well one of `words` supports `term`, all in lower case. */
export function matchTerm(term: string, words: readonly string[]): MatchQuality {
  let best = matchWordForm(term, words)
  if (best === 1) return 1
  for (const related of relatedWords(term)) best = Math.max(best, 0.9 * matchWordForm(related, words))
  return best
}

function matchWordForm(term: string, words: readonly string[]): MatchQuality {
  let best = 0
  words.forEach((word, index) => {
    best = Math.max(best, compareWords(term, word))
    const next = words[index + 1]
    if (next && best < 0.85 && term.length >= 5 && word.length + next.length >= term.length - 1)
      if (foldLetters(word + next) === foldLetters(term)) best = 0.85
  })
  return best
}

function compareWords(term: string, word: string): MatchQuality {
  if (term === word || sharesForm(term, word)) return 1
  if (/^\d+$/.test(term)) return 0
  const folded = foldLetters(term)
  const other = foldLetters(word)
  if (term.length >= 3 && folded === other && !isKnownWord(word)) return 0.95
  if (term.length >= 4 && isGlued(folded, other) && !isKnownWord(word)) return 0.85
  return isMisreading(term, word) ? 0.8 : 0
}

const inflectionDenied = new Set([
  'train',
  'build',
  'meet',
  'draw',
  'rest',
  'board',
  'book',
  'open',
  'feed',
  'land',
  'even',
])

/** The base forms a word may have. Light: plurals, -ing and -ed; nouns that only look inflected stay. */
export function formsOf(word: string): string[] {
  const forms = [word]
  if (/[^aeiou]ies$/.test(word) && word.length > 4) forms.push(`${word.slice(0, -3)}y`)
  else if (/(ch|sh|ss|x|z)es$/.test(word)) forms.push(word.slice(0, -2))
  else if (/[^suai]s$/.test(word) && word.length > 3) forms.push(word.slice(0, -1))
  if (word.endsWith('ologist')) forms.push(`${word.slice(0, -3)}y`)
  const stem = /^(.{3,}?)(?:ing|ed)$/.exec(word)?.[1]
  if (stem && !inflectionDenied.has(stem)) {
    forms.push(stem, `${stem}e`)
    if (/([^aeiousl])\1$/.test(stem)) forms.push(stem.slice(0, -1))
  }
  return forms
}

function sharesForm(a: string, b: string): boolean {
  if (a[0] !== b[0]) return false
  const forms = formsOf(b)
  return formsOf(a).some((form) => forms.includes(form))
}

/** Maps letters and digits that reading confuses to one of them. */
export function foldLetters(word: string): string {
  return word
    .replace(/rn/g, 'm')
    .replace(/vv/g, 'w')
    .replace(/[0]/g, 'o')
    .replace(/[1i|]/g, 'l')
    .replace(/5/g, 's')
    .replace(/8/g, 'b')
    .replace(/[69]/g, 'g')
    .replace(/2/g, 'z')
}

function isGlued(term: string, word: string): boolean {
  if (word.length < term.length + 3 || !word.includes(term)) return false
  const rest = word.replace(term, '')
  if (term.length === 4 && !isKnownWord(rest)) return false
  return !/^(lng|mg|ed|er|ers|lngs|s|al|ly|shlp|less|ful|ness)$/.test(rest)
}

const lookAlike = new Set(
  'yv vy ec ce oc co ao oa nh hn tf ft tl lt ti it uv vu gq qg hb bh nr rn sz zs un nu mn nm ij ji ea ae kx xk'.split(
    ' ',
  ),
)

/** True when a word of the memory is likely the term, misread. Short words must differ in look-alike letters only. */
export function isMisreading(term: string, word: string): boolean {
  if (term.length < 4 || Math.abs(term.length - word.length) > 2 || isKnownWord(word)) return false
  const allowed = term.length <= 5 ? 0.5 : term.length <= 7 ? 1 : 1.5
  const a = foldLetters(term)
  const b = foldLetters(word)
  return (a[0] === b[0] || lookAlike.has(`${a[0]}${b[0]}`)) && weightedDistance(a, b) <= allowed
}

/** Edit distance in which a look-alike letter costs 0.5 and every other change 1. */
export function weightedDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const swap = same ? 0 : lookAlike.has(`${a[i - 1]}${b[j - 1]}`) ? 0.5 : 1
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + swap))
    }
    previous = row
  }
  return previous[b.length]!
}
