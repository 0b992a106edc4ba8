import type { CallOptions } from './options'
import type { Granularity } from './reduction'
import type { CoarserPrecision, PatchGrid, TensorPrecision } from './tensor'
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
  /** The memory that took its place, and when; absent while it stands. What is superseded stays, and is found for its time. */
  readonly supersededBy?: string | undefined
  readonly supersededAt?: number | undefined
  /** Ids of memories that say otherwise of the same thing at the same time. Both are kept. */
  readonly conflicts?: readonly string[] | undefined
  /** Its grids, where the graph keeps them. */
  readonly meanGrid?: GridReference | undefined
  readonly nearestGrid?: GridReference | undefined
  /** How its embedding is kept. Absent: 'f32'. */
  readonly embeddingPrecision?: CoarserPrecision | undefined
  /**
   * When its words were let go to save room: then `text` is empty, and evidence, triplets, versions and conflicts are gone. What it was
   * about (`category`) and its times stay. Milliseconds since 1970 UTC.
   */
  readonly forgottenAt?: number | undefined
}

/** Names a grid that lies in a `TensorStore`; memories of one moment share it. */
export interface GridReference {
  readonly id: string
  readonly rows: number
  readonly columns: number
  readonly dimensions: number
  readonly space: string
  /** How it is kept. Absent: 'f32'. */
  readonly precision?: CoarserPrecision | undefined
}

/** What a memory said before it was changed. */
export interface MemoryVersion {
  readonly text: string
  readonly category: string
  readonly confidence: number
  readonly validFrom: number | undefined
  readonly validTo: number | undefined
  /** When it began and ceased to be what the memory says. Milliseconds since 1970 UTC. */
  readonly since: number
  readonly until: number
  /** 'updated' by hand, 'revised' by a better reading of the same track, or 'superseded', which ended the time it was true in. */
  readonly change: 'updated' | 'revised' | 'superseded'
}

/** How often and when a memory was last brought up by retrieval or by being seen again: what reduction keeps is what is warm. */
export interface MemoryVisits {
  readonly visits: number
  /** Milliseconds since 1970 UTC; of the creation while there was none. */
  readonly lastVisitedAt: number
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
  /** Only memories of these categories: one or more. */
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
  /**
   * Only what was learned at or before, told as it was then: words, category, confidence and validity. What ranks it and what other filters
   * look at are those of the present. Milliseconds since 1970 UTC.
   */
  readonly asOf?: number | undefined
  /** Only what was true then. Milliseconds since 1970 UTC. */
  readonly validAt?: number | undefined
  /** Ids that are left out, such as what the moment itself has just stored. */
  readonly exclude?: readonly string[] | undefined
  /** Only memories that speak of all of these: labels or aliases of entities, one or more. */
  readonly participants?: readonly string[] | undefined
  /** Only what was true at some time in this range: from inclusive, to exclusive and later. Milliseconds since 1970 UTC. */
  readonly during?: { readonly from?: number | undefined; readonly to?: number | undefined } | undefined
  /**
   * What to do with memories that others have superseded: 'include' ranks them behind what took their place, unless the
   * question asks for the past; 'exclude' leaves them out. Default 'include'.
   */
  readonly superseded?: 'include' | 'exclude' | undefined
  /** When the question is asked: times in its words ("yesterday") are read against it. Default: the graph's clock. */
  readonly now?: number | undefined
  /** The IANA time zone that times in its words are read in. Default: the graph's. */
  readonly timeZone?: string | undefined
  /** Bytes (UTF-8) of text that the result may take together. The best memory is always given. */
  readonly maxBytes?: number | undefined
  /** Whether what is found counts as visited. Default true. */
  readonly touch?: boolean | undefined
}

/** What each part gave to a score; they sum to it. */
export interface ScoreParts {
  readonly vector: number
  readonly lexical: number
  readonly graph: number
  readonly time: number
  /** Absent where no reranker read the question. */
  readonly reranker?: number | undefined
}

/** A memory that was found, and why. */
export interface RetrievedMemory {
  readonly memory: Memory
  /** Higher is better; comparable within one result. */
  readonly score: number
  readonly parts: ScoreParts
  /** Cosine of query and memory, when both have vectors of one space. */
  readonly similarity: number | undefined
  /**
   * 0..1: how much speaks for this memory answering the question at all, rather than being the least unlike: comparable between
   * questions, so that a low one of the first means that it was never seen. Absent where the retriever cannot tell.
   */
  readonly confidence?: number | undefined
  /** The words of the query that it has, as they are indexed; which entities led to it. */
  readonly terms?: readonly string[] | undefined
  readonly entities?: readonly string[] | undefined
}

/** What can be asked for memories. */
export interface MemoryRetriever {
  /** Finds memories, best first, each once. */
  retrieve(query: MemoryQuery, options?: CallOptions): Promise<RetrievedMemory[]>
  /** Reads a grid of a memory, or undefined when it is not kept. Absent: no grids are kept. */
  grid?(reference: GridReference, options?: CallOptions): Promise<PatchGrid | undefined>
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
  /** Why its words are taken for one: without these links they would fall apart into several entities. */
  readonly merges?: readonly EntityMerge[] | undefined
  /** Words, normalised, that were found to mean something else: they are not merged into it again. */
  readonly apart?: readonly string[] | undefined
}

/** Why two words are taken for the same person, thing or place. */
export interface EntityMerge {
  readonly label: string
  /** The words it was found to mean the same as. */
  readonly with: string
  /** 'introduced' by the words of memories, the one 'first-name' of a known full name, or 'by-hand'. */
  readonly reason: 'introduced' | 'first-name' | 'by-hand'
  /** Ids of the memories whose words say so; when all are deleted, the merge is undone. Empty for other reasons. */
  readonly memories: readonly string[]
  /** Milliseconds since 1970 UTC. */
  readonly at: number
}

/** An entity with the memories that speak of it. */
export interface Entity extends EntityRecord {
  /** Ids. */
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
  /** Ids; never empty. */
  readonly memories: readonly string[]
}

/**
 * Why a memory was written: 'disputed' when its conflicts changed, 'relinked' when only its relations did, 'restored' when it is no
 * longer superseded.
 */
export type MemoryPutChange =
  | 'created'
  | 'extended'
  | 'revised'
  | 'updated'
  | 'superseded'
  | 'restored'
  | 'disputed'
  | 'relinked'

/** One change of a memory store. Every type but `reset` concerns one record. */
export type MemoryOperation =
  | {
      readonly type: 'memory-put'
      readonly memory: Memory
      /** Absent: the stored one stays when `memory.space` names its space, else there is none. */
      readonly embedding?: Float32Array | undefined
      /** Ids of the relations the memory supports. Default: none. */
      readonly relations?: readonly string[] | undefined
      /** What it said before, oldest first, all of it. Absent: what is stored stays. */
      readonly versions?: readonly MemoryVersion[] | undefined
      /** Why it was written. State does not depend on it. */
      readonly change?: MemoryPutChange | undefined
    }
  | { readonly type: 'visit-put'; readonly id: string; readonly visits: MemoryVisits }
  | { readonly type: 'memory-delete'; readonly id: string }
  | {
      /**
       * One part of each of these memories is kept less exactly from now on, or is gone; ids of memories that are not there, or have no
       * such part, are passed over. 'text' can only be gone: that leaves what {@link Memory.forgottenAt} says.
       */
      readonly type: 'memory-reduce'
      readonly ids: readonly string[]
      readonly part: Granularity
      readonly to: CoarserPrecision | 'gone'
      /** Milliseconds since 1970 UTC. */
      readonly at: number
    }
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

/** Where grids live, each under an id. Who refers to them is the graph's to know. */
export interface TensorStore extends AsyncDisposable {
  /** How grids are kept where `put` does not say. */
  readonly precision: TensorPrecision
  /** Keeps a grid durably. An id that is there is replaced. */
  put(
    id: string,
    grid: PatchGrid,
    options?: CallOptions & { readonly precision?: TensorPrecision | undefined },
  ): Promise<void>
  /** Reads a grid back, or undefined when there is none. */
  get(id: string, options?: CallOptions): Promise<PatchGrid | undefined>
  /** Erases grids; unknown ids are passed over. */
  delete(ids: readonly string[], options?: CallOptions): Promise<void>
  /** What is there, with the bytes that each takes. */
  list(
    options?: CallOptions,
  ): Promise<readonly { readonly id: string; readonly bytes: number; readonly precision: TensorPrecision }[]>
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
