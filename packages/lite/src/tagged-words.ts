import model from 'wink-eng-lite-web-model'
import winkNlp, { type ItemSentence, type ItemToken, type PartOfSpeech } from 'wink-nlp'

/** A word of a sentence and its part of speech (Universal Dependencies' tags). */
export interface TaggedWord {
  readonly text: string
  readonly pos: PartOfSpeech
}

/** The camera wearer's name in captions of first-person data sets, which taggers take for a noun. */
const WEARER = 'C'
const STAND_IN = 'Clara'

/**
 * Custom entities are not used. The model's own loader of them serialises what it serialised before, so that the string doubles
 * with each tagger until it is too long for memory.
 */
const noCustomEntities = () => ({ machines: '', transformers: [] })

/** Creates a tagger of English: sentences of words. Loading its model takes about 0.1 s. */
export function createTagger(): (text: string) => TaggedWord[][] {
  const nlp = winkNlp({ ...model, metaCER: noCustomEntities }, ['sbd', 'pos'])
  return (text) => {
    const sentences: TaggedWord[][] = []
    const plain = text.replace(/#[A-Z] /g, '').replace(/\bC\b(?!\.)/g, STAND_IN)
    nlp
      .readDoc(plain)
      .sentences()
      .each((sentence: ItemSentence) => {
        const words: TaggedWord[] = []
        sentence.tokens().each((token: ItemToken) => {
          words.push({ text: token.out(), pos: token.out(nlp.its.pos) as PartOfSpeech })
        })
        sentences.push(repair(joinParts(words)).map(restore))
      })
    return sentences
  }
}

function restore(word: TaggedWord): TaggedWord {
  return { ...word, text: word.text.replace(STAND_IN, WEARER) }
}

/** Writes "Anna" "'s" and "could" "n't" as the one word each was. */
function joinParts(words: readonly TaggedWord[]): TaggedWord[] {
  const joined: TaggedWord[] = []
  for (const word of words) {
    const last = joined.at(-1)
    if (last && word.pos === 'PART' && /^(n't|n’t)$/.test(word.text))
      joined[joined.length - 1] = { ...last, text: last.text + word.text }
    else if (last && word.pos === 'PART' && /^['’]s?$/.test(word.text))
      joined[joined.length - 1] = { text: last.text + word.text, pos: 'DET' }
    else joined.push(word)
  }
  return joined
}

const opensNoun = new Set<PartOfSpeech>(['DET', 'NUM'])
const followsVerb = new Set<PartOfSpeech>(['DET', 'PRON', 'ADP', 'NUM', 'PROPN', 'ADV'])
const needsVerb = /^(don't|doesn't|didn't|won't|can't|couldn't|wouldn't|shouldn't|will|would|could|should|must)$/i
const possessive = /^(my|your|his|her|its|our|their)$/i

/**
 * Repairs what the tagger is known to get wrong: verbs in the third person after a subject ("Anna folds the shirt") and
 * after "and" that it takes for nouns, and nouns after an article that it takes for verbs ("the empty can").
 */
function repair(words: readonly TaggedWord[]): TaggedWord[] {
  const fixed = [...words]
  let hasVerb = false
  for (let i = 0; i < fixed.length; i++) {
    const [before, word, after] = [fixed[i - 1], fixed[i]!, fixed[i + 1]]
    if (word.pos === 'CCONJ' || word.text === ',') {
      if (fixed[i + 1] && !startsVerb(fixed, i + 1, hasVerb)) continue
      if (fixed[i + 1]) fixed[i + 1] = { ...fixed[i + 1]!, pos: 'VERB' }
    } else if (before && word.pos === 'NOUN' && needsVerb.test(before.text)) {
      fixed[i] = { ...word, pos: 'VERB' }
    } else if (
      isAfterArticle(fixed, i) &&
      (word.pos === 'AUX' || word.pos === 'VERB') &&
      !/(ing|ed)$/.test(word.text)
    ) {
      fixed[i] = { ...word, pos: 'NOUN' }
    } else if (!hasVerb && before && isThirdPerson(word, after) && isSubject(fixed, i) && !verbFollows(fixed, i)) {
      fixed[i] = { ...word, pos: 'VERB' }
    }
    hasVerb ||= fixed[i]!.pos === 'VERB' || fixed[i]!.pos === 'AUX'
  }
  return fixed
}

/** After "and": a word in -s with an object; with a place only where the sentence lists nothing. */
function startsVerb(words: readonly TaggedWord[], at: number, hasVerb: boolean): boolean {
  const after = words[at + 1]
  if (!hasVerb || words[at - 1]!.pos !== 'CCONJ' || !isThirdPerson(words[at]!, after)) return false
  return after?.pos !== 'ADP' || !words.slice(0, at).some(({ text }) => text === ',')
}

/** A word in -s, taken for a noun, where an object, a place or the end follows. */
function isThirdPerson(word: TaggedWord, after: TaggedWord | undefined): boolean {
  return (
    /^[a-z]+s$/.test(word.text) &&
    (word.pos === 'NOUN' || word.pos === 'ADJ') &&
    after !== undefined &&
    (followsVerb.has(after.pos) || (after.pos === 'ADJ' && !/s$/.test(after.text)))
  )
}

/** Whether what stands before can be a whole subject in the singular: a name, a pronoun, or an article with a noun. */
function isSubject(words: readonly TaggedWord[], at: number): boolean {
  const last = words[at - 1]!
  if (last.pos === 'PROPN') return true
  if (last.pos === 'PRON') return /^(he|she|it|who|someone|everyone)$/i.test(last.text)
  return (
    last.pos === 'NOUN' &&
    !/s$/.test(last.text) &&
    words.slice(0, at - 1).some((word) => opensNoun.has(word.pos) || possessive.test(word.text))
  )
}

/** Whether a surer verb follows in the same clause. */
function verbFollows(words: readonly TaggedWord[], at: number): boolean {
  for (const { pos, text } of words.slice(at + 1)) {
    if (pos === 'CCONJ' || pos === 'PUNCT' || pos === 'SCONJ' || text === 'to') return false
    if (pos === 'AUX') return true
    if (pos === 'VERB') return !/ing$/.test(text)
  }
  return false
}

function isAfterArticle(words: readonly TaggedWord[], at: number): boolean {
  let i = at - 1
  while (words[i]?.pos === 'ADJ') i--
  const opener = words[i]
  return (
    opener !== undefined &&
    (opener.pos === 'DET' ? !/^(this|that|these|those|all|both)$/i.test(opener.text) : possessive.test(opener.text))
  )
}
