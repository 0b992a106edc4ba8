import { stemmer } from 'stemmer'

/**
 * Splits text into search terms: letters and digits of any script, accents folded, English words stemmed, stop words
 * left out. Numbers with inner punctuation ("14:30", "4.20") give the whole and the parts; scripts written without spaces
 * give pairs of characters.
 */
export function searchTerms(text: string): string[] {
  const terms: string[] = []
  for (const [token] of fold(text).matchAll(tokenPattern)) {
    if (unspaced.test(token)) terms.push(...pairs(token))
    else if (compoundNumber.test(token)) terms.push(token, ...token.split(/[^\p{L}\p{N}]+/u))
    else addWord(token, terms)
  }
  return terms
}

/** The words as they are compared for being the same: case, white space and closing punctuation do not matter. */
export function sameWordsKey(text: string): string {
  return text
    .normalize('NFC')
    .toLowerCase()
    .replace(/\s+/gu, ' ')
    .replace(/^["'“”‘’ ]+|["'“”‘’ .!…]+$/gu, '')
}

/**
 * The words as they are compared for saying nearly the same: in order, articles and fillers left out, inflections
 * folded. Digits, signs, names and every other word count, so "Anna" is not "Anne", "never" not "always", and "from
 * Berlin to Paris" not "from Paris to Berlin".
 */
export function nearWordsKey(text: string): string {
  const words = text.normalize('NFC').split(/\s+/u)
  return words.map(nearWord).filter(Boolean).join(' ')
}

function nearWord(word: string, position: number): string {
  const bare = word.replace(/^[("'“‘[]+|[.,;:!"'”’)\]…]+$/gu, '')
  const lower = bare.toLowerCase()
  if (fillers.has(lower)) return ''
  const named = position > 0 && bare !== lower
  return !named && /^[a-z]+$/.test(lower) ? stemmer(lower) : lower
}

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
}

function addWord(token: string, terms: string[]): void {
  const word = token.replace(/['’]s$/u, '').replace(/['’]/gu, '')
  if (!word || stopWords.has(word)) return
  terms.push(/^[a-z]+$/.test(word) ? stemmer(word) : word)
}

function pairs(token: string): string[] {
  const characters = [...token]
  if (characters.length === 1) return characters
  return characters.slice(1).map((character, i) => characters[i]! + character)
}

const tokenPattern = /[\p{N}]+(?:[.,:/-][\p{N}]+)+|[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*/gu
const compoundNumber = /^\p{N}+[.,:/-]/u
const unspaced =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{M}ー]+$/u

const fillers = new Set(['', 'a', 'an', 'the', 'this', 'that', 'these', 'those', 'very', 'really', 'just', 'also'])

const stopWords = new Set(
  (
    'a about above after again all also am an and any are arent as at be because been before being below between both but ' +
    'by can cannot cant could couldnt did didnt do does doesnt doing dont down during each few for from further had hadnt ' +
    'has hasnt have havent having he her here hers herself him himself his how i id if im in into is isnt it its itself ' +
    'ive just me more most my myself no nor not of off on once only or other our ours ourselves out over own same she ' +
    'should shouldnt so some such than that the their theirs them themselves then there these they this those through to ' +
    'too under until up us very was wasnt we were werent what when where which while who whom why will with wont would ' +
    'wouldnt you your yours yourself yourselves'
  ).split(' '),
)
