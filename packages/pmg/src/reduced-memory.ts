import { precisions } from '@perstream/kit'
import type { CoarserPrecision, GridReference, Memory, MemoryOperation } from '@perstream/spec'

/** What a `memory-reduce` does to each memory that it names. */
export type MemoryReduction = Pick<Extract<MemoryOperation, { type: 'memory-reduce' }>, 'part' | 'to' | 'at'>

/**
 * Makes what a memory is after one step of a reduction; the same object when nothing changes. A part that is not there, or is as coarse
 * already, stays as it is. Versions and relations are not in a memory: see {@link losesRecords}.
 */
export function reducedMemory(memory: Memory, { part, to, at }: MemoryReduction): Memory {
  if (part === 'text') return memory.forgottenAt === undefined ? tombstone(memory, at) : memory
  if (part === 'embedding') return reducedEmbedding(memory, to)
  return reducedGrid(memory, part, to)
}

/** Whether a reduction takes what is kept beside a memory as well: with its words go its versions and relations. */
export function losesRecords({ part }: Pick<MemoryReduction, 'part'>): boolean {
  return part === 'text'
}

/** The coarser of how something is kept, absent for 'f32', and how it shall be. */
function coarser(kept: CoarserPrecision | undefined, to: CoarserPrecision): CoarserPrecision {
  return kept && precisions.indexOf(kept) > precisions.indexOf(to) ? kept : to
}

function reducedEmbedding(memory: Memory, to: MemoryReduction['to']): Memory {
  if (memory.space === undefined) return memory
  const { embeddingPrecision: kept, ...rest } = memory
  if (to === 'gone') return { ...rest, space: undefined }
  const embeddingPrecision = coarser(kept, to)
  return embeddingPrecision === kept ? memory : { ...rest, embeddingPrecision }
}

function reducedGrid(memory: Memory, part: 'meanGrid' | 'nearestGrid', to: MemoryReduction['to']): Memory {
  const { [part]: grid, ...rest } = memory
  if (!grid) return memory
  if (to === 'gone') return rest
  const precision = coarser(grid.precision, to)
  const reference: GridReference = { ...grid, precision }
  return precision === grid.precision ? memory : { ...rest, [part]: reference }
}

/** What is left of a memory without its words: what it was about, whose it is and when, and what takes no words. */
function tombstone(memory: Memory, at: number): Memory {
  const { conflicts: _, ...rest } = memory
  return { ...rest, text: '', evidence: [], triplets: [], track: undefined, forgottenAt: at }
}
