import type { CallOptions } from './options'
import type { PatchGrid } from './tensor'
import type { CaptionOrigin, Evidence, Triplet } from './vision'

/** Where the words of a memory come from: a caption's origin, or 'told' by the user. */
export type MemoryOrigin = CaptionOrigin | 'told'

/** A memory as it is handed in. */
export interface MemoryInput {
  /** M: the words. */
  readonly text: string
  readonly category: string
  readonly origin: MemoryOrigin
  /** v_M: the unit vector of the words; without it the memory is still found by words and by graph. */
  readonly embedding?: Float32Array | undefined
  /** The space of `embedding`. */
  readonly space?: string | undefined
  readonly evidence?: readonly Evidence[] | undefined
  readonly triplets?: readonly Triplet[] | undefined
  /** Whose memory it is. Default: the graph's owner. */
  readonly owner?: string | undefined
  /** When it was true. Milliseconds since 1970 UTC; absent: unknown or open. */
  readonly validFrom?: number | undefined
  readonly validTo?: number | undefined
  /** When it was learned. Milliseconds since 1970 UTC. Default: now. */
  readonly learnedAt?: number | undefined
  /** A caption's track: the same track updates the same memory. */
  readonly track?: string | undefined
  /** 0..1: how sure the words are. Default 1. */
  readonly confidence?: number | undefined
  /** Grids of the moment: their mean, and the frame nearest to it. Kept by stores that hold grids. */
  readonly meanGrid?: PatchGrid | undefined
  readonly nearestGrid?: PatchGrid | undefined
}

/** A memory as it is stored. */
export interface Memory {
  readonly id: string
  readonly text: string
  readonly category: string
  readonly origin: MemoryOrigin
  readonly owner: string
  readonly confidence: number
  readonly evidence: readonly Evidence[]
  readonly triplets: readonly Triplet[]
  /** The id of the space of its embedding; undefined when it has none. */
  readonly space: string | undefined
  readonly validFrom: number | undefined
  readonly validTo: number | undefined
  readonly learnedAt: number
  readonly updatedAt: number
  readonly track: string | undefined
}

/** What became of one input. */
export interface CreateResult {
  readonly id: string
  /** 'created', or 'extended' when it repeats a memory and lent it its evidence, or 'revised' when its track had one. */
  readonly outcome: 'created' | 'extended' | 'revised'
}

/** How far a source has been remembered: all of it up to and including `seconds` is stored. */
export interface SourceProgress {
  readonly source: string
  readonly seconds: number
}

/** Options of a write. */
export interface WriteOptions extends CallOptions {
  /** Recorded in the same batch, so that a later run goes on from there and doubles nothing. */
  readonly progress?: SourceProgress | undefined
}

/** What can be written to. What was acknowledged survives a crash. */
export interface MemoryWriter {
  /** Stores memories as one batch, one result each, input order. */
  create(inputs: readonly MemoryInput[], options?: WriteOptions): Promise<CreateResult[]>
  /** Erases memories with their evidence, relations and orphaned entities; unknown ids are not counted. Returns how many. */
  delete(ids: readonly string[], options?: CallOptions): Promise<number>
  /** How far a source has been remembered, or undefined if never seen. */
  progress(source: string): SourceProgress | undefined
}

/** What is looked for. At least one of `text` and `vector`. */
export interface MemoryQuery {
  readonly text?: string | undefined
  /** Unit vector; without it a retriever that has an encoder makes one of `text`. */
  readonly vector?: Float32Array | undefined
  /** The space of `vector`. */
  readonly space?: string | undefined
  /** How many memories at most, 1 or more. Default 5, the prototype's `top_k`. */
  readonly limit?: number | undefined
  readonly categories?: readonly string[] | undefined
  readonly owner?: string | undefined
  /** Only memories with evidence of this source. */
  readonly source?: string | undefined
  /**
   * The cosine a memory needs to start the graph walk, 0..1: the prototype's `delta_dfs_threshold`. Words can still find
   * a memory below it. Default: the graph's.
   */
  readonly activation?: number | undefined
  /**
   * Leaves out what a source showed later: a memory counts when any of its evidence is of another source, or starts at or
   * before these seconds (inclusive).
   */
  readonly until?: SourceProgress | undefined
  /** Only what was learned at or before. Milliseconds since 1970 UTC. */
  readonly asOf?: number | undefined
  /** Only what was true then. Milliseconds since 1970 UTC. */
  readonly validAt?: number | undefined
  /** Ids that are left out, such as what the moment itself has just stored. */
  readonly exclude?: readonly string[] | undefined
}

/** What each part gave to a score; they sum to it. */
export interface ScoreParts {
  readonly vector: number
  readonly lexical: number
  readonly graph: number
  readonly time: number
}

/** A memory that was found, and why. */
export interface RetrievedMemory {
  readonly memory: Memory
  /** Higher is better; comparable within one result. */
  readonly score: number
  readonly parts: ScoreParts
  /** Cosine of query and memory, when both have vectors of one space. */
  readonly similarity: number | undefined
}

/** What can be asked for memories. */
export interface MemoryRetriever {
  /** Finds memories, best first, each once. */
  retrieve(query: MemoryQuery, options?: CallOptions): Promise<RetrievedMemory[]>
}

/** A person, thing or place that memories speak of, as it is stored. */
export interface EntityRecord {
  readonly id: string
  /** The words it was first called by. */
  readonly label: string
  /** Other words it is called by. */
  readonly aliases: readonly string[]
  /** In whose memories it occurs: entities of different owners are never one. */
  readonly owner: string
  /** 'owner' is the person whose memory it is ("I"); no walk runs through it. */
  readonly kind: 'owner' | 'thing'
  /** Milliseconds since 1970 UTC. */
  readonly createdAt: number
}

/** An entity with the memories that speak of it. */
export interface Entity extends EntityRecord {
  /** Ids, in the order they came. */
  readonly memories: readonly string[]
}

/** Subject, predicate and object, as it is stored; subject and object are ids of entities. */
export interface RelationRecord {
  readonly id: string
  readonly subject: string
  readonly predicate: string
  readonly object: string
  /** Milliseconds since 1970 UTC. */
  readonly createdAt: number
}

/** A relation with the memories that support it. */
export interface Relation extends RelationRecord {
  /** Ids, in the order they came; never empty. */
  readonly memories: readonly string[]
}

/** One change of a memory store. Every type but `reset` concerns one record. */
export type MemoryOperation =
  | {
      readonly type: 'memory-put'
      readonly memory: Memory
      /** Absent: the stored one stays when `memory.space` names its space, else there is none. */
      readonly embedding?: Float32Array | undefined
      /** Ids of the relations the memory supports. Default: none. */
      readonly relations?: readonly string[] | undefined
    }
  | { readonly type: 'memory-delete'; readonly id: string }
  | { readonly type: 'entity-put'; readonly entity: EntityRecord }
  | { readonly type: 'entity-delete'; readonly id: string }
  | { readonly type: 'relation-put'; readonly relation: RelationRecord }
  | { readonly type: 'relation-delete'; readonly id: string }
  | { readonly type: 'progress'; readonly progress: SourceProgress }
  | { readonly type: 'space'; readonly id: string; readonly dimensions: number }
  /** Only in what `load` yields: forget all that came before, what follows is the whole. */
  | { readonly type: 'reset' }

/** Changes that become durable together or not at all. */
export interface MemoryBatch {
  /** Rises by one with each batch, from 1. */
  readonly sequence: number
  /** Milliseconds since 1970 UTC. */
  readonly at: number
  readonly operations: readonly MemoryOperation[]
}

/** Where batches live: memory, files, a database. */
export interface MemoryStore extends AsyncDisposable {
  /** Makes a batch durable; resolves only then. Batches must come in sequence. */
  commit(batch: MemoryBatch, options?: CallOptions): Promise<void>
  /**
   * Replays what is stored, in sequence, after `sequence` (exclusive; 0 for all). Older batches may come merged: several
   * of one sequence, the first of which begins with a `reset`, since a merged past says nothing of what was erased in it.
   */
  load(sequence?: number, options?: CallOptions): AsyncIterable<MemoryBatch>
}
