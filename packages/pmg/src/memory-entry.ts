import type { Memory, MemoryVersion } from '@perstream/spec'

/** A memory in its slot, with what it is found by. */
export interface MemoryEntry {
  readonly memory: Memory
  readonly slot: number
  /** Ids of the relations it supports. */
  readonly relations: readonly string[]
  /** What it said before, oldest first. */
  readonly versions: readonly MemoryVersion[]
}
