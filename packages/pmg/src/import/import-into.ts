import type { CallOptions, CreateResult, Evidence, Memory, MemoryInput, Progress } from '@perstream/spec'
import type { MemoryGraph } from '../memory-graph'
import { sameWordsKey } from '../words'
import type { ImportItem, SkippedItem } from './import-item'

/** Options of {@link importInto}. */
export interface ImportIntoOptions extends CallOptions {
  /** Memories written at once, 1 or more: each batch is durable before the next begins. Default 256. */
  readonly batchSize?: number | undefined
  /** Called after each batch; `done` counts what was read so far. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** What became of what was imported. */
export interface ImportIntoResult {
  readonly created: number
  /** Said what a memory said already, and lent it its evidence. */
  readonly extended: number
  /** Known by its track, with other words: changed. */
  readonly revised: number
  /** In the graph already, just so: nothing was written. */
  readonly unchanged: number
  readonly skipped: readonly SkippedItem[]
}

/**
 * Stores what an importer found, in batches. Doing it again, or after it was cut off, doubles nothing: what is there is left as it is.
 *
 * @throws what `graph.create` throws, such as PerStreamError `category-unknown`; batches before it stay stored
 * @example
 * await importInto(graph, importMem0(json))
 */
export async function importInto(
  graph: Pick<MemoryGraph, 'create' | 'list' | 'owner'>,
  items: Iterable<ImportItem> | AsyncIterable<ImportItem>,
  options: ImportIntoOptions = {},
): Promise<ImportIntoResult> {
  const { batchSize = 256, onProgress, signal } = options
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new TypeError(`batchSize is ${batchSize}: it must be a whole number, 1 or more`)
  const known = knownIn(graph)
  const counts = { created: 0, extended: 0, revised: 0, unchanged: 0 }
  const skipped: SkippedItem[] = []
  let batch: MemoryInput[] = []
  let done = 0
  const store = async () => {
    const results: CreateResult[] = batch.length > 0 ? await graph.create(batch, { signal }) : []
    for (const { outcome } of results) counts[outcome]++
    batch = []
    onProgress?.({ stage: 'importing', done })
  }
  for await (const item of items) {
    signal?.throwIfAborted()
    done++
    if (item.type === 'skipped') skipped.push(item.skipped)
    else if (known(item.input)) counts.unchanged++
    else batch.push(item.input)
    if (batch.length === batchSize) await store()
  }
  await store()
  return { ...counts, skipped }
}

/** Tells whether the graph held a memory, just so, when its source was first asked for. */
function knownIn(graph: Pick<MemoryGraph, 'list' | 'owner'>): (input: MemoryInput) => boolean {
  const sources = new Map<string, Map<string, Memory>>()
  return (input) => {
    const evidence = input.evidence?.[0]
    if (!evidence) return false
    const { source } = evidence
    const memories =
      sources.get(source) ?? new Map(graph.list({ source }).map((memory) => [keyOf(memory, memory.owner), memory]))
    sources.set(source, memories)
    const memory = memories.get(keyOf(input, input.owner ?? graph.owner))
    return memory !== undefined && saysAll(memory, input, evidence)
  }
}

function keyOf({ track, text }: { readonly track?: string | undefined; readonly text: string }, owner: string): string {
  return JSON.stringify(track === undefined ? [owner, sameWordsKey(text)] : [owner, track, text])
}

function saysAll(memory: Memory, input: MemoryInput, evidence: Evidence): boolean {
  const seen = memory.evidence.some(
    ({ source, startSeconds, endSeconds }) =>
      source === evidence.source && startSeconds <= evidence.startSeconds && endSeconds >= evidence.endSeconds,
  )
  return (
    seen &&
    memory.category === input.category &&
    memory.validTo === input.validTo &&
    (input.triplets ?? []).every((triplet) => memory.triplets.some((each) => sameTriplet(each, triplet)))
  )
}

function sameTriplet(a: Triplet, b: Triplet): boolean {
  return a.subject === b.subject && a.predicate === b.predicate && a.object === b.object
}

type Triplet = Memory['triplets'][number]
