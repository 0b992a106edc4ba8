import { createRandom } from '@perstream/kit'
import type { MemoryInput } from '@perstream/spec'
import { createSentences } from './sentences'
import { syntheticData } from './vector-data'

/** The width of the vectors. */
export const dimensions = 384
const batch = 1000
const owners = ['ann', 'ben', 'cleo', 'dan']

/** So many made-up memories of four people, a thousand at a time: a sentence, a triplet and a vector of a random direction each. */
export function* batches(size: number): Generator<MemoryInput[], void, void> {
  const random = createRandom(7)
  const sentences = createSentences(random, vocabularyOf(size))
  let inputs: MemoryInput[] = []
  let number = 0
  for (const embedding of syntheticData(dimensions).vectors(size)) {
    const { text, triplet } = sentences.memory()
    const category = random.pick(['place', 'name', 'food'])
    const owner = owners[number % owners.length]!
    inputs.push({
      ...{ text, category, origin: 'told', owner, embedding, space: 's', triplets: [triplet], learnedAt: number },
    })
    if (++number % batch !== 0 && number !== size) continue
    yield inputs
    inputs = []
  }
}

/** Questions in the words of so many memories, with vectors. */
export function questionsOf(size: number, count: number): { readonly text: string; readonly vector: Float32Array }[] {
  const { queries } = syntheticData(dimensions)
  const sentences = createSentences(createRandom(8), vocabularyOf(size))
  return Array.from({ length: count }, (_, i) => ({
    text: sentences.question(),
    vector: queries[i % queries.length]!,
  }))
}

/** Languages grow with what is said in them, by about the square root (Heaps). */
function vocabularyOf(size: number): number {
  return Math.round(30 * Math.sqrt(size))
}
