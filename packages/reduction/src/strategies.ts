import { createRandom } from '@perstream/kit'
import type { PartTable, ReductionStep, ReductionStrategy } from '@perstream/spec'

/**
 * Node by node, granularity by granularity: the coldest memory loses all it has, from fine to coarse, before the next loses anything
 * (the prototype's "NSBG", BEHAVIOUR 7.1).
 */
export const nsbg: ReductionStrategy = function* (table) {
  for (const [start, end] of coldFirst(table)) for (let part = start; part < end; part++) yield { part, to: 'gone' }
}

/** Granularity by granularity, node by node: all memories lose what is finest, cold ones first, before any loses what is coarser ("GSBN"). */
export const gsbn: ReductionStrategy = function* (table) {
  const memories = coldFirst(table)
  for (let granularity = 0; granularity < 4; granularity++) yield* ofGranularity(table, memories, granularity, 'gone')
}

/** The memory that was not visited for longest loses all it has first (least recently used). */
export const lru: ReductionStrategy = function* (table) {
  for (const [start, end] of ordered(table, table.visitedAt))
    for (let part = start; part < end; part++) yield { part, to: 'gone' }
}

/** Keeps grids, then embeddings, less exactly (f16, then i8) before anything goes; then as {@link gsbn}. Cold memories first, in each step. */
export const demotionFirst: ReductionStrategy = function* (table) {
  const memories = coldFirst(table)
  /** How what is shared is kept by now. */
  const kept = new Map<number, number>()
  for (const granularity of [0, 1, 2])
    for (const [precision, to] of [
      [1, 'f16'],
      [2, 'i8'],
    ] as const)
      for (const step of ofGranularity(table, memories, granularity, to)) {
        const shared = table.shared[step.part]!
        if ((kept.get(shared) ?? table.precision[step.part]!) >= precision) continue
        kept.set(shared, precision)
        yield step
      }
  yield* gsbn(table)
}

/**
 * Of memories that say nearly the same, all but the warmest lose all they have, from fine to coarse, before any that says something of its own
 * loses anything; then as {@link gsbn}.
 */
export const redundancyFirst: ReductionStrategy = function* (table) {
  const repeated = repeatedColdFirst(table)
  const gone = new Uint8Array(table.length)
  for (let granularity = 0; granularity < 4; granularity++)
    for (const step of ofGranularity(table, repeated, granularity, 'gone')) {
      gone[step.part] = 1
      yield step
    }
  for (const step of gsbn(table)) if (!gone[step.part]) yield step
}

/** Parts by lot, the same for the same seed: what others are compared with. */
export function random(seed: number): ReductionStrategy {
  return function* ({ length }) {
    const { integer } = createRandom(seed)
    const parts = Uint32Array.from({ length }, (_, part) => part)
    for (let left = length; left > 0; left--) {
      const at = integer(0, left)
      yield { part: parts[at]!, to: 'gone' }
      parts[at] = parts[left - 1]!
    }
  }
}

/** The parts of one memory: `end` exclusive. */
type Memory = readonly [start: number, end: number]

function coldFirst(table: PartTable): Memory[] {
  return ordered(table, table.heat)
}

/** The memories of a table by a column, the lowest first; of equals, in the order of the table. */
function ordered(table: PartTable, column: Float64Array): Memory[] {
  const memories: Memory[] = []
  for (let start = 0; start < table.length; ) {
    let end = start + 1
    while (end < table.length && table.owner[end] === table.owner[start]) end++
    memories.push([start, end])
    start = end
  }
  return memories.sort(([a], [b]) => column[a]! - column[b]!)
}

/** The memories that say nearly what a warmer one says. */
function repeatedColdFirst(table: PartTable): Memory[] {
  const warmest = new Map<number, Memory>()
  const memories = coldFirst(table)
  for (const memory of memories) warmest.set(table.alike[memory[0]]!, memory)
  return memories.filter((memory) => warmest.get(table.alike[memory[0]]!) !== memory)
}

function* ofGranularity(
  { granularity }: PartTable,
  memories: readonly Memory[],
  wanted: number,
  to: ReductionStep['to'],
): Generator<ReductionStep, void, void> {
  for (const [start, end] of memories)
    for (let part = start; part < end; part++) if (granularity[part] === wanted) yield { part, to }
}
