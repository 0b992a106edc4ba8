import { createRandom, dot } from '@perstream/kit'
import { stemmer } from 'stemmer'
import { bestOf, type Corpus, knownAt, type Question, type Ranker, type RankerTools } from './ranker'

type Scores = (question: Question, indices: readonly number[]) => Promise<Float64Array>

/** The methods that need no graph, as they are usually written. */
export function createBaselines({ encoder }: RankerTools): Ranker[] {
  const vector = async ({ texts }: Corpus): Promise<Scores> => {
    const known = await encoder.encode(texts)
    return async ({ text }, indices) => {
      const [asked] = await encoder.encode([text])
      return Float64Array.from(indices, (i) => dot(asked!, known[i]!))
    }
  }
  return [
    byScores('random', async () => {
      const random = createRandom(3)
      return async (_, indices) => Float64Array.from(indices, () => random.next())
    }),
    byScores('BM25', bm25),
    byScores('vector', vector),
    byScores('rank fusion, k=10', async (corpus) => fused(await bm25(corpus), await vector(corpus))),
    createFixedMix(encoder, 0.3),
  ]
}

/** Cosine plus a share of BM25 over the question's best. */
export function createFixedMix(encoder: RankerTools['encoder'], weight: number): Ranker {
  return byScores(`cosine + ${weight} BM25/max`, async (corpus) => {
    const words = await bm25(corpus)
    const known = await encoder.encode(corpus.texts)
    return async (question, indices) => {
      const lexical = await words(question, indices)
      const most = Math.max(...lexical) || 1
      const [asked] = await encoder.encode([question.text])
      return lexical.map((score, i) => dot(asked!, known[indices[i]!]!) + (weight * score) / most)
    }
  })
}

function byScores(name: string, prepare: (corpus: Corpus) => Promise<Scores>): Ranker {
  return {
    name,
    async open(corpus) {
      const scoresOf = await prepare(corpus)
      return async (question) => {
        const indices = knownAt(corpus, question)
        const scores = await scoresOf(question, indices)
        const order = bestOf(
          indices.map((_, i) => i),
          (i) => scores[i]!,
        )
        return { ranked: order.map((i) => indices[i]!), confidence: scores[order[0]!] ?? 0 }
      }
    },
  }
}

/** One over (k + rank), summed over both orders. */
function fused(...parts: readonly Scores[]): Scores {
  const k = 10
  return async (question, indices) => {
    const sum = new Float64Array(indices.length)
    for (const part of parts) {
      const scores = await part(question, indices)
      const order = bestOf(
        indices.map((_, i) => i),
        (i) => scores[i]!,
        indices.length,
      )
      order.forEach((i, rank) => {
        if (scores[i]! > 0) sum[i]! += 1 / (k + rank + 1)
      })
    }
    return sum
  }
}

/** BM25 (k1 1.2, b 0.75) over Porter stems without stop words; statistics of all texts. */
async function bm25({ texts }: Corpus): Promise<Scores> {
  const documents = texts.map((text) => count(stems(text)))
  const lengths = documents.map((document) => [...document.values()].reduce((sum, times) => sum + times, 0))
  const averageLength = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
  const holding = new Map<string, number>()
  for (const document of documents) for (const stem of document.keys()) holding.set(stem, (holding.get(stem) ?? 0) + 1)
  return async ({ text }, indices) => {
    const asked = [...new Set(stems(text))]
    return Float64Array.from(indices, (i) => {
      let score = 0
      for (const stem of asked) {
        const times = documents[i]!.get(stem) ?? 0
        const of = holding.get(stem) ?? 0
        const rarity = Math.log(1 + (texts.length - of + 0.5) / (of + 0.5))
        score += (rarity * times * 2.2) / (times + 1.2 * (0.25 + (0.75 * lengths[i]!) / averageLength))
      }
      return score
    })
  }
}

function count(stems: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const stem of stems) counts.set(stem, (counts.get(stem) ?? 0) + 1)
  return counts
}

/** Porter stems of the words that are no stop words, in order. */
export function stems(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’]\p{L}+)?/gu) ?? []
  return words
    .map((word) => word.replace(/['’].*$/u, ''))
    .filter((word) => word && !stopWords.has(word))
    .map(stemmer)
}

const stopWords = new Set(
  (
    'a about after again all also am an and any are as at be because been before being but by can could did do does doing ' +
    'down for from had has have having he her here him his how i if in into is it its just me more most my no nor not now ' +
    'of off on once only or other our out over own same she should so some such than that the their them then there these ' +
    'they this those through to too under until up very was we were what when where which while who whom why will with ' +
    'would you your'
  ).split(' '),
)
