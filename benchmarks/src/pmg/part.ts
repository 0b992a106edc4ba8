import type { Figure } from '../harness'

/** What the parts of bench:pmg are called with. */
export interface PartOptions {
  readonly rounds: number
  /** Memories in the graph. */
  readonly sizes: readonly number[]
  /** The project's data, memories that people wrote: a file that need not be there. */
  readonly data: string
}

/** What a part of bench:pmg found. */
export interface PartReport {
  readonly figures: readonly Figure[]
  readonly notes: readonly string[]
}
