import type { Random } from '@perstream/kit'
import type { Triplet } from '@perstream/spec'

/** A made-up memory: a sentence, and what it says. */
export interface Sentence {
  readonly text: string
  readonly triplet: Triplet
}

/** Makes sentences as people write memories, with words as frequent as in language: the n-th comes a share of 1/n. */
export function createSentences(random: Random, vocabulary: number) {
  const zipf = createZipf(random, vocabulary)
  const word = () => spell(zipf())
  const name = () => {
    const spelled = spell(vocabulary + zipf())
    return spelled[0]!.toUpperCase() + spelled.slice(1)
  }
  return {
    memory(): Sentence {
      const [who, verb, thing, place] = [random.next() < 0.4 ? 'I' : name(), random.pick(verbs), word(), word()]
      const extra = random.pick(extras)(word, name)
      return {
        text: `${who} ${verb} the ${word()} ${thing} ${random.pick(prepositions)} the ${place}${extra}.`,
        triplet: { subject: who, predicate: verb, object: random.next() < 0.5 ? thing : place },
      }
    },
    question(): string {
      return random.pick([
        () => `Where did ${name()} put the ${word()} ${word()}?`,
        () => `What did I see ${random.pick(prepositions)} the ${word()}?`,
        () => `Who ${random.pick(verbs)} the ${word()} for ${name()}?`,
        () => `${word()} ${word()} ${word()}`,
      ])()
    },
  }
}

type Make = () => string
const verbs = ['put', 'left', 'saw', 'bought', 'lent', 'fixed', 'carried', 'found', 'painted', 'hid']
const prepositions = ['on', 'under', 'behind', 'beside', 'in', 'near']
const extras: readonly ((word: Make, name: Make) => string)[] = [
  () => '',
  (word) => `, with a ${word()} ${word()}`,
  (_, name) => ` for ${name()}`,
  (word, name) => `, because ${name()} needed the ${word()} and the ${word()}`,
]

/** Draws 0, 1, 2, ... with chances that fall as 1, 1/2, 1/3, ... */
function createZipf(random: Random, count: number): () => number {
  const sums = new Float64Array(count)
  let sum = 0
  for (let i = 0; i < count; i++) sums[i] = sum += 1 / (i + 1)
  return () => {
    const drawn = random.next() * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! < drawn) low = middle + 1
      else high = middle
    }
    return low
  }
}

const syllables = 'ba co di fu ga he ji ko lu ma ne pi ro sa te vu wi za'.split(' ')

/** A word for a number, the same each time. */
function spell(number: number): string {
  let word = ''
  for (let left = number + syllables.length; left > 0; left = Math.floor(left / syllables.length))
    word += syllables[left % syllables.length]
  return word
}
