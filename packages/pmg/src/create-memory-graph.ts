import {
  type CallOptions,
  type MemoryCategory,
  type MemoryStore,
  PerStreamError,
  type Reranker,
  type TensorStore,
  type TextEncoder,
} from '@perstream/spec'
import type { MemoryGraph } from './memory-graph'
import { defaultWeights, type RetrievalWeights } from './retrieval'
import { StoredGraph } from './stored-graph'
import { createZoneClock } from './zone-clock'

/** How a memory graph is made. */
export interface MemoryGraphOptions extends CallOptions {
  /** Where the memories live: `createVolatileStore()`, or `openFileStore()` from `@perstream/pmg/files`. Whoever opened it closes it. */
  readonly store: MemoryStore
  /** Embeds questions, and memories that come without an embedding. Without it both are found by words and by graph alone. */
  readonly text?: TextEncoder | undefined
  /**
   * Reads each question with the best memories, and moves those up that answer it. Default: none. What it costs is its own runs, for 20
   * memories a question, or as many as are asked for up to 100.
   */
  readonly reranker?: Reranker | undefined
  /** Whose memory it is, where an input does not say. Default 'me'. */
  readonly owner?: string | undefined
  /** The categories that are accepted. Default: any. */
  readonly categories?: readonly (string | MemoryCategory)[] | undefined
  /** Where grids of memories are kept. Whoever opened it closes it. Default: they are not kept. */
  readonly tensors?: TensorStore | undefined
  /** The clock: milliseconds since 1970 UTC. Default `Date.now`. */
  readonly now?: (() => number) | undefined
  /** The IANA time zone that times in questions ("yesterday") are read in. Default: the machine's. */
  readonly timeZone?: string | undefined
  /** How much each part of a score counts; 0 leaves the part out. Default: what suits most. */
  readonly weights?: Partial<RetrievalWeights> | undefined
}

/**
 * Opens a memory graph over a store. One graph writes to a store at a time. Dispose it before its stores: visits that wait are written then.
 *
 * @throws PerStreamError `space-mismatch` when the stored embeddings are of another space than the encoder's; whatever the store throws
 * @example
 * const graph = await createMemoryGraph({ store: createVolatileStore() })
 */
export async function createMemoryGraph(options: MemoryGraphOptions): Promise<MemoryGraph> {
  const {
    store,
    text,
    reranker,
    owner = 'me',
    categories,
    tensors,
    now = Date.now,
    timeZone,
    weights,
    signal,
  } = options
  if (typeof store?.commit !== 'function' || typeof store.load !== 'function')
    throw new TypeError('store is missing: give createVolatileStore() or the result of openFileStore()')
  if (typeof owner !== 'string' || owner === '')
    throw new TypeError(`owner is ${JSON.stringify(owner)}: it must be a name`)
  const keys = categories?.map((category) => (typeof category === 'string' ? category : category.key))
  const clock = createZoneClock(timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone)
  const graph = new StoredGraph({
    store,
    text,
    reranker,
    owner,
    categories: keys && new Set(keys),
    tensors,
    now,
    clock,
    weights: { ...defaultWeights, ...weights },
  })
  await graph.open({ signal })
  if (text && graph.space !== undefined && graph.space !== text.space)
    throw new PerStreamError(
      'space-mismatch',
      `the stored memories have embeddings of "${graph.space}", the encoder makes "${text.space}": open the graph with the encoder it was written with`,
      { fields: { stored: graph.space, given: text.space } },
    )
  return graph
}
