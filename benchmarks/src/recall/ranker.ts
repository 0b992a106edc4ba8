import type { TextEncoder, TripletExtractor } from '@perstream/spec'

/** Memory texts, no two alike; with `times` (milliseconds since 1970 UTC) a question sees those before it alone. */
export interface Corpus {
  readonly texts: readonly string[]
  readonly times?: readonly number[] | undefined
  /** The IANA zone of the person. */
  readonly zone?: string | undefined
}

export interface Question {
  readonly text: string
  /** Milliseconds since 1970 UTC. */
  readonly askedAt?: number | undefined
}

/** What a method makes of a question. */
export interface Ranking {
  /** Indices of texts, best first. */
  readonly ranked: readonly number[]
  /** How sure it is that the first answers the question: higher is surer, comparable between questions. */
  readonly confidence: number
}

/** A way to rank memories. */
export interface Ranker {
  readonly name: string
  open(corpus: Corpus): Promise<(question: Question) => Promise<Ranking>>
}

/** What rankers are made with. */
export interface RankerTools {
  /** Remembers what it encoded. */
  readonly encoder: TextEncoder
  readonly triplets: TripletExtractor
}

/** How many places every method fills. */
export const places = 10

/** The indices of the texts that were known when the question was asked. */
export function knownAt({ texts, times }: Corpus, { askedAt }: Question): number[] {
  const all = Array.from(texts, (_, i) => i)
  return times && askedAt !== undefined ? all.filter((i) => times[i]! < askedAt) : all
}

/** The indices with the highest scores, best first; of equals, the lower index. */
export function bestOf(indices: readonly number[], score: (index: number) => number, count = places): number[] {
  return [...indices].sort((a, b) => score(b) - score(a) || a - b).slice(0, count)
}
