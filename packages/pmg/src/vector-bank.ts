import type { PreparedQuery } from './prepared-query'

/** Rows of a segment, the step in which a bank grows. */
export const segmentRows = 256
/** The longest list of rows that a bank works on at a time: a list that is not yet a segment long takes one more. */
export const listLength = 2 * segmentRows

/**
 * Some rows of a vector index in one stretch of memory, with the operations that are hot. A bank does not know which of its
 * rows are in use. `mask`, `rows` and `scores` are what its operations read and write; growing replaces them.
 */
export interface VectorBank {
  /** Rows it has room for; a multiple of {@link segmentRows}. */
  readonly capacity: number
  readonly byteLength: number
  /** Bits of the rows of one segment. */
  readonly mask: Uint32Array
  /** A list of rows, ascending. */
  readonly rows: Uint32Array
  /** Scores of the rows listed. */
  readonly scores: Float32Array
  /** Takes memory for so many rows at once, where it can: growing to them is faster then. */
  reserve(rows: number): void
  /** Adds a segment. @throws RangeError when the machine has no room for it */
  grow(): void
  /** Writes a row: its values, and their codes. Returns the square of the vector's length. */
  write(row: number, vector: Float32Array): number
  /** Writes the values of rows of one segment that follow each other, without their codes. */
  writeValues(row: number, vectors: Float32Array): void
  /** Makes the codes of a row of its values. Returns the square of the vector's length. */
  encode(row: number): number
  /** Fills a row, and its codes, with zeros. */
  clear(row: number): void
  /** A copy of a row. */
  read(row: number): Float32Array
  /** Sets what the operations below compare with. */
  setQuery(query: PreparedQuery): void
  /** Appends the rows of a segment that `mask` names to a list of `listed` rows; returns how many are listed then. */
  listRows(segment: number, listed: number): number
  /**
   * Moves those of the first `count` rows listed that score more than `floor` to the front, with their scores; returns how
   * many. What is listed behind the first `count` stays, if that is a multiple of 4.
   */
  keepAbove(count: number, floor: number): number
  /** As `keepAbove`, but reads only the rows whose codes do not rule them out. */
  keepAboveByCodes(count: number, floor: number): number
}
