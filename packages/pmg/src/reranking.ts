import type { CallOptions, Reranker } from '@perstream/spec'
import type { GraphState } from './graph-state'
import { type ReadyQuery, shortlist } from './retrieval'

/** How many memories are read for a question: as many as are asked for, between these. */
const [leastRead, mostRead] = [20, 100]

/**
 * Has a reranker read the question with the best memories. Rerankers have scales of their own, so what counts is how many deviations
 * a score is above the mean of those that were read.
 * @returns deviations by memory id; undefined where there is nothing to tell apart
 * @throws TypeError when the reranker gives another number of scores, or one that is not finite
 */
export async function rerank(
  state: GraphState,
  query: ReadyQuery,
  { reranker, signal }: CallOptions & { readonly reranker: Reranker | undefined },
): Promise<ReadonlyMap<string, number> | undefined> {
  if (!reranker || !query.reading || query.weights.reranker === 0) return undefined
  const read = shortlist(state, query, Math.min(Math.max(leastRead, query.limit), mostRead))
  if (read.length < 2) return undefined
  const texts = read.map(({ text }) => text)
  const scores = await reranker.score(query.reading.words, texts, { signal })
  signal?.throwIfAborted()
  const strange = scores.find((score) => !Number.isFinite(score))
  if (scores.length !== read.length || strange !== undefined)
    throw new TypeError(
      `the reranker gave ${strange === undefined ? `${scores.length} scores` : `the score ${strange}`} for ${read.length} texts: it must give one finite number each`,
    )
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length)
  return deviation > 0 ? new Map(read.map(({ id }, i) => [id, (scores[i]! - mean) / deviation])) : undefined
}
