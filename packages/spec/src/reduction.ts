import type { CallOptions } from './options'
import type { CoarserPrecision } from './tensor'

/** What a memory can lose, from fine to coarse: the prototype's v_nearest, v_mean, v_M and M. */
export type Granularity = 'nearestGrid' | 'meanGrid' | 'embedding' | 'text'

/**
 * What can be taken from memories, as columns: entry i of each is part i. The parts of one memory lie one behind the other, from fine to
 * coarse. A grid that several memories share is a part of each of them.
 */
export interface PartTable {
  /** How many parts there are. */
  readonly length: number
  /** The number of the memory that a part belongs to, from 0, rising. */
  readonly owner: Uint32Array
  /** 0 nearestGrid, 1 meanGrid, 2 embedding, 3 text. */
  readonly granularity: Uint8Array
  /** Bytes that it takes; what is shared counts for each that shares it. */
  readonly bytes: Float64Array
  /** Parts with the same number lie on the same bytes, which are free when the last of them goes. */
  readonly shared: Uint32Array
  /** How it is kept: 0 f32, 1 f16, 2 i8, 3 b1; 0 for text. */
  readonly precision: Uint8Array
  /** Numbers in it, and rows that have a scale of 4 bytes each when it is kept as i8 or b1; 0 for text. */
  readonly values: Uint32Array
  readonly rows: Uint32Array
  /** How warm its memory is, by visits and the time since: more than 0, comparable within a table. */
  readonly heat: Float64Array
  /** When its memory was learned, and when it was last visited. Milliseconds since 1970 UTC. */
  readonly learnedAt: Float64Array
  readonly visitedAt: Float64Array
  /** Memories with the same number say nearly the same. */
  readonly alike: Uint32Array
  /** Gives the id of a memory by its number, where memories have ids. To be asked before the next write. */
  readonly idOf?: ((owner: number) => string) | undefined
}

/** Takes a part away, or keeps it less exactly. What is kept less exactly is so for all that share it. */
export interface ReductionStep {
  /** The number of the part in its table. */
  readonly part: number
  readonly to: CoarserPrecision | 'gone'
}

/** Orders the steps that may be taken, the first first: as many are taken as are needed. No part goes twice or becomes more exact. */
export type ReductionStrategy = (table: PartTable) => Iterable<ReductionStep>

/** Chooses what goes. @param excess bytes that must go at least */
export type ReductionPlanner = (table: PartTable, excess: number) => Iterable<ReductionStep>

/** Says what goes when a write would leave too much. */
export interface Governor {
  /** Live bytes that no acknowledged write leaves more of. */
  readonly budget: number
  readonly plan: ReductionPlanner
}

/** What can be reduced. */
export interface Reducible {
  /** Live bytes: all parts, what is shared once, and what cannot be taken away. */
  readonly bytes: number
  /** What can be taken away, as it is now. */
  parts(): PartTable
  /**
   * Takes steps as one batch, so that at most `target` live bytes are left where that can be. They are planned when what was asked
   * before has been done, on the table of that time; nothing is planned when there are no more bytes already.
   * @param target live bytes, 0 or more
   */
  reduce(target: number, plan: ReductionPlanner, options?: CallOptions): Promise<void>
  /**
   * Consults a governor in every write from now on that would leave more than its budget: what it plans is committed in the same batch.
   * Without one, nothing is asked any more.
   * @throws PerStreamError later, `budget-exceeded`: from a write that would be too much even so; nothing is written then
   */
  govern(governor: Governor | undefined): void
}
