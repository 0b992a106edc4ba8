import { createMemoryGraph, createVolatileStore, type MemoryGraphOptions } from '@perstream/pmg'
import { createCompatGraph } from '@perstream/pmg/compat'
import type { Corpus, Ranker, RankerTools } from './ranker'
import { places } from './ranker'

/** The public memory graph, filled as a pipeline fills it: words, vectors by its encoder, triplets by rules, times. */
export function createGraphRanker(
  { encoder, triplets }: RankerTools,
  name = 'ours',
  options: Partial<MemoryGraphOptions> = {},
): Ranker {
  return {
    name,
    async open(corpus) {
      const graph = await createMemoryGraph({
        store: createVolatileStore(),
        text: encoder,
        timeZone: corpus.zone,
        now: () => 0,
        ...options,
      })
      const inputs = await Promise.all(
        corpus.texts.map(async (text, i) => ({
          text,
          category: 'notes',
          origin: 'told' as const,
          triplets: await triplets.extract(text),
          ...(corpus.times && { validFrom: corpus.times[i]!, learnedAt: corpus.times[i]! }),
        })),
      )
      const results = await graph.create(inputs)
      const indexOf = new Map(results.map(({ id }, i) => [id, i]))
      return async ({ text, askedAt }) => {
        const asked = askedAt === undefined ? {} : { now: askedAt, asOf: askedAt - 1 }
        const hits = await graph.retrieve({ text, limit: places, ...asked })
        return { ranked: hits.map(({ memory }) => indexOf.get(memory.id)!), confidence: hits[0]?.confidence ?? 0 }
      }
    },
  }
}

/**
 * The prototype's graph with the settings of its passive evaluation (rho 0.6, delta 0.3, top_k 5), all memories in one
 * category, the question embedded alone. What it finds are nodes: those that carry a memory's words count, once each.
 */
export function createPrototypeRanker({ encoder, triplets }: RankerTools): Ranker {
  const embed = async (text: string) => (await encoder.encode([text]))[0]!
  return {
    name: 'prototype',
    async open(corpus) {
      const graph = createCompatGraph({ embed, threshold: 0.6, categories: ['notes'] })
      for (const text of corpus.texts)
        for (const triplet of await tripletsOf(triplets, text))
          await graph.create(triplet, 'notes', { text, embedding: await embed(text) })
      return async (question) => ranking(corpus, await graph.retrieve(question.text, { topK: 5, delta: 0.3 }), question)
    },
  }
}

type Hits = readonly { readonly node: { readonly text: string | undefined }; readonly similarity: number }[]

function ranking(corpus: Corpus, hits: Hits, { askedAt }: { readonly askedAt?: number | undefined }) {
  const texts = new Set(hits.map(({ node }) => node.text))
  const ranked = Array.from(texts, (text) => corpus.texts.indexOf(text ?? '')).filter(
    (i) => i >= 0 && (askedAt === undefined || !corpus.times || corpus.times[i]! < askedAt),
  )
  return { ranked: ranked.slice(0, places), confidence: hits[0]?.similarity ?? 0 }
}

/** A text of which rules can tell no triplet still has to be stored somehow. */
async function tripletsOf(triplets: RankerTools['triplets'], text: string) {
  const found = await triplets.extract(text)
  return found.length > 0 ? found : [{ subject: 'I', predicate: 'noted', object: text }]
}

/** The memory graph without each of its parts in turn. */
export function ablations(tools: RankerTools): Ranker[] {
  const without = (part: string) =>
    createGraphRanker(tools, `without ${part}`, { weights: { [part]: 0 } as MemoryGraphOptions['weights'] })
  return ['lexical', 'graph', 'time', 'variety'].map(without)
}
