import type {
  CallOptions,
  Entity,
  Memory,
  MemoryRetriever,
  MemoryWriter,
  Relation,
  SourceProgress,
} from '@perstream/spec'
import type { MemoryChanges } from './graph-writer'

/** Which memories are listed. */
export interface ListOptions {
  readonly owner?: string | undefined
  readonly categories?: readonly string[] | undefined
  /** Only those with evidence of this source. */
  readonly source?: string | undefined
  /** How many at most. Default: all. */
  readonly limit?: number | undefined
}

/** Sizes and counts of a graph. */
export interface GraphStats {
  readonly memories: number
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
  /** Bytes of the words, in UTF-8, and of the vectors as they lie in memory. */
  readonly textBytes: number
  readonly vectorBytes: number
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
 * write promises is durable when it resolves. Calls may overlap; writes take effect in the order they were called.
 */
export interface MemoryGraph extends MemoryWriter, MemoryRetriever, AsyncDisposable {
  /** Whose memory it is, where an input does not say. */
  readonly owner: string
  /** The embedding space, undefined before the first embedding. */
  readonly space: string | undefined
  /** The memory of an id, or undefined. */
  get(id: string): Memory | undefined
  /** A copy of a memory's embedding (length 1), or undefined when it has none. */
  embedding(id: string): Float32Array | undefined
  /** Memories, last learned first. */
  list(options?: ListOptions): Memory[]
  /**
   * Changes a memory. New words are embedded again; without an encoder or an embedding they are found by words alone.
   * @throws PerStreamError `memory-not-found`, `category-unknown`, `space-mismatch`
   */
  update(id: string, changes: MemoryChanges, options?: CallOptions): Promise<Memory>
  /** What memories speak of, in the order it came. */
  entities(): Entity[]
  /** What memories say of entities, in the order it came. */
  relations(): Relation[]
  stats(): GraphStats
  /** Writes everything as JSON Lines (docs/format.md), lossless. Memories deleted meanwhile are left out. */
  export(options?: CallOptions): AsyncIterable<string>
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
