import type {
  CallOptions,
  Entity,
  GridReference,
  Memory,
  MemoryInput,
  MemoryQuery,
  MemoryRetriever,
  MemoryVisits,
  MemoryWriter,
  PatchGrid,
  Reducible,
  Relation,
  RetrievedMemory,
  SourceProgress,
} from '@perstream/spec'
import type { ChangesOptions, MemoryChange } from './change-feed'
import type { MemoryChanges } from './graph-writer'
import type { HistoryEntry } from './history'

/** One of many updates. */
export interface MemoryUpdate {
  readonly id: string
  readonly changes: MemoryChanges
}

/** How memories are superseded. */
export interface SupersedeOptions extends CallOptions {
  /** When they ceased to be what is believed. Default: when the new memory, if it is one, was learned, else now. Milliseconds since 1970 UTC. */
  readonly at?: number | undefined
}

/** What is looked for by its vector alone. */
export type EmbeddingQuery = Omit<MemoryQuery, 'text' | 'vector'> & CallOptions

/** Options of an export. */
export interface ExportOptions extends CallOptions {
  /** Writes the grids into the lines, in the precision they are kept in. Default false: memories name them only. */
  readonly grids?: boolean | undefined
}

/** Which memories are listed. */
export interface ListOptions {
  readonly owner?: string | undefined
  readonly categories?: readonly string[] | undefined
  /** Only those with evidence of this source. */
  readonly source?: string | undefined
  /** Those whose words were let go (`forgottenAt`), of all owners, categories and sources, in place of the others. Default false. */
  readonly forgotten?: boolean | undefined
  /** How many at most. Default: all. */
  readonly limit?: number | undefined
}

/** Sizes and counts of a graph. */
export interface GraphStats {
  /** How many have words. */
  readonly memories: number
  /** How many have none any more: what stays of them is their category and times. */
  readonly forgotten: number
  /** How many of them have an embedding. */
  readonly embedded: number
  readonly entities: number
  readonly relations: number
  /** Memories by category, most first. */
  readonly categories: Readonly<Record<string, number>>
  /** How far each source has been remembered. */
  readonly sources: readonly SourceProgress[]
  /** The embedding space, undefined before the first embedding. */
  readonly space: string | undefined
  readonly dimensions: number | undefined
  /** How many have been superseded, and how many are in conflict with others. */
  readonly superseded: number
  readonly conflicting: number
  /** How many grids memories refer to. What they take is `gridUsage()`'s to say. */
  readonly grids: number
  /** Bytes of the words and what goes with them, as `bytes` counts them, and of the vectors as they lie in memory. */
  readonly textBytes: number
  readonly vectorBytes: number
  /** Live bytes: what a budget counts. */
  readonly bytes: number
  /** The sequence of the last batch. */
  readonly sequence: number
}

/** What an import did. */
export interface ImportResult {
  /** Memories that were stored. */
  readonly imported: number
  /** Memories that were known in the same or a newer state. */
  readonly skipped: number
}

/**
 * A personal memory: memories with their evidence, the entities and relations they speak of, and one ranked search over them. What a
 * write promises is durable when it resolves. Calls may overlap; writes take effect in the order they were called. A write that fails
 * changes nothing.
 */
export interface MemoryGraph extends MemoryWriter, MemoryRetriever, Reducible, AsyncDisposable {
  /** Whose memory it is, where an input does not say. */
  readonly owner: string
  /** The embedding space, undefined before the first embedding. */
  readonly space: string | undefined
  /** The memory of an id, or undefined. */
  get(id: string): Memory | undefined
  /** A copy of a memory's embedding (length 1, as near as its precision allows), or undefined when it has none. */
  embedding(id: string): Float32Array | undefined
  /** Memories, last learned first. */
  list(options?: ListOptions): Memory[]
  /**
   * Changes a memory, or several as one batch. New words are embedded again; without an encoder or an embedding they are found by words
   * alone. What it said before stays in its history.
   * @throws PerStreamError `memory-not-found`, `category-unknown`, `space-mismatch`
   */
  update(id: string, changes: MemoryChanges, options?: CallOptions): Promise<Memory>
  update(updates: readonly MemoryUpdate[], options?: CallOptions): Promise<Memory[]>
  /**
   * Puts a memory, new or known, in the place of others. They stay and are found for their time: `supersededBy` and `supersededAt` are
   * set, and what was true with no end ends where the new one begins (`validFrom`, else `learnedAt`).
   * @returns the memory that took their place
   * @throws PerStreamError `memory-not-found`; `input-invalid` when one is the same as or comes after the new one, or has another successor
   */
  supersede(old: string | readonly string[], by: MemoryInput | string, options?: SupersedeOptions): Promise<Memory>
  /**
   * Lets a superseded memory stand again, true until when it was before. One that stands is left as it is.
   * @throws PerStreamError `memory-not-found`
   */
  restore(id: string, options?: CallOptions): Promise<Memory>
  /** Finds memories by a vector of the graph's space, best first, each once. */
  retrieveByEmbedding(vector: Float32Array, options?: EmbeddingQuery): Promise<RetrievedMemory[]>
  /**
   * All that is known of a fact over time, oldest first: what the memory said, and the memories before and after it.
   * @throws PerStreamError `memory-not-found`
   */
  history(id: string): HistoryEntry[]
  /**
   * How often and when a memory was brought up: returned by a retrieval that did not say `touch: false`, or seen again.
   * @throws PerStreamError `memory-not-found`
   */
  visits(id: string): MemoryVisits
  /** What memories speak of. */
  entities(): Entity[]
  /** What memories say of entities. */
  relations(): Relation[]
  /**
   * Makes one entity of two that are the same: the owner's, or else the elder, stays.
   * @throws PerStreamError `entity-not-found`; `input-invalid` unless they are two, of one owner
   */
  merge(entityId: string, otherId: string, options?: CallOptions): Promise<Entity>
  /**
   * Takes a label out of an entity that is more than one: memories that used it speak of the new entity from now on, and the two are not
   * merged again but by hand.
   * @returns the new entity
   * @throws PerStreamError `entity-not-found`
   */
  split(entityId: string, label: string, options?: CallOptions): Promise<Entity>
  /** Reads a grid of a memory, or undefined when it is not kept. */
  grid(reference: GridReference, options?: CallOptions): Promise<PatchGrid | undefined>
  /** How many grids are kept, and the bytes they take where they lie. */
  gridUsage(options?: CallOptions): Promise<{ readonly grids: number; readonly bytes: number }>
  stats(): GraphStats
  /**
   * Follows what changes: first what the store still has after `since`, then what becomes durable. Ends when the graph is closed;
   * throws the signal's reason when it is aborted.
   */
  changes(options?: ChangesOptions): AsyncIterable<MemoryChange>
  /** Writes everything as JSON Lines (docs/format.md), lossless; grids are named, and written too when `grids` says so. Memories deleted meanwhile are left out. */
  export(options?: ExportOptions): AsyncIterable<string>
  /**
   * Stores what `export` wrote, in batches of 256 lines: ids, times and vectors are kept. A memory whose id is known is replaced when the line is newer.
   * @throws PerStreamError `input-invalid` with the line's number, `store-version`, `space-mismatch`; lines before stay stored
   */
  import(lines: AsyncIterable<string> | Iterable<string>, options?: CallOptions): Promise<ImportResult>
  /**
   * Takes in what another process has written since. Readers call it when they want to be up to date.
   * @returns how many batches were new
   */
  refresh(options?: CallOptions): Promise<number>
}
