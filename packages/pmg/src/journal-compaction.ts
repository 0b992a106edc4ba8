import type { MemoryOperation } from '@perstream/spec'
import type { StoreState } from './journal-manifest'

const longestJournal = 1 << 24
/** Less than this is not worth a merge. */
const leastWaste = 1 << 20

/** What a store holds that a merge would take away. */
export interface Waste {
  /** Bytes of the journal. */
  readonly journalSize: number
  /** How often the journal reduces the words or the embedding of a memory: what the parts have of those counts no more. */
  readonly reduced: number
}

/** Counts how often operations reduce the words or the embedding of a memory; what else is reduced lies in other files. */
export function countReductions(operations: readonly MemoryOperation[]): number {
  return operations.reduce((sum, each) => {
    const counts = each.type === 'memory-reduce' && (each.part === 'text' || each.part === 'embedding')
    return counts ? sum + each.ids.length : sum
  }, 0)
}

/**
 * Whether a journal is to be merged into the parts: when it is longer than `limit`, or, without one, than 16 MiB or half of the parts'
 * bytes that still count, where those are more than 1 MiB. What a reduction leaves dead in the parts is taken for as much as a whole
 * memory, and counts with the journal: so what is dead never takes more than half again.
 */
export function isMergeDue(state: StoreState, { journalSize, reduced }: Waste, limit: number | undefined): boolean {
  if (limit !== undefined) return journalSize > limit
  const memories = totals(state, ({ type }) => type === 'memory-put')
  const dead = Math.min(memories.bytes, (reduced * memories.bytes) / Math.max(1, memories.operations))
  const counting = totals(state, () => true).bytes - dead
  return journalSize > longestJournal || journalSize + dead > Math.max(leastWaste, counting / 2)
}

function totals({ parts }: StoreState, counts: (part: StoreState['parts'][number]) => boolean) {
  const some = parts.filter(counts)
  return {
    bytes: some.reduce((sum, { bytes }) => sum + bytes, 0),
    operations: some.reduce((sum, { operations }) => sum + operations, 0),
  }
}
