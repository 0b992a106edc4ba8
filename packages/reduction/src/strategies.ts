import { createRandom, precisions } from '@perstream/kit'
import type { PartTable, ReductionStep, ReductionStrategy } from '@perstream/spec'
import { Memories } from './memories'
import { groupsOf } from './part-table'

/**
 * Node by node, granularity by granularity: the coldest memory loses all it has, from fine to coarse, before the next loses anything
 * (the prototype's "NSBG", BEHAVIOUR 7.1).
 */
export const nsbg: ReductionStrategy = (table) => {
  const memories = new Memories(table)
  return wholly(memories, memories.by(table.heat))
}

/** Granularity by granularity, node by node: all memories lose what is finest, cold ones first, before any loses what is coarser ("GSBN"). */
export const gsbn: ReductionStrategy = function* (table) {
  const memories = new Memories(table)
  const coldFirst = memories.by(table.heat)
  for (let granularity = 0; granularity < 4; granularity++)
    yield* ofGranularity(table, memories, { order: coldFirst, granularity, to: 'gone' })
}

/** The memory that was not visited for longest loses all it has first (least recently used). */
export const lru: ReductionStrategy = (table) => {
  const memories = new Memories(table)
  return wholly(memories, memories.by(table.visitedAt))
}

/** Keeps grids, then embeddings, less exactly (f16, then i8) before anything goes; then as {@link gsbn}. Cold memories first, in each step. */
export const demotionFirst: ReductionStrategy = function* (table) {
  const memories = new Memories(table)
  const order = memories.by(table.heat)
  /** How what is shared is kept by now, by its number. */
  const kept = precisionsOf(table)
  for (const granularity of [0, 1, 2])
    for (const to of ['f16', 'i8'] as const) {
      const precision = precisions.indexOf(to)
      for (const step of ofGranularity(table, memories, { order, granularity, to })) {
        const shared = table.shared[step.part]!
        if (kept[shared]! >= precision) continue
        kept[shared] = precision
        yield step
      }
    }
  yield* gsbn(table)
}

/**
 * Of memories that say nearly the same, all but the warmest lose all they have, from fine to coarse, before any that says something of its own
 * loses anything; then as {@link gsbn}.
 */
export const redundancyFirst: ReductionStrategy = function* (table) {
  const memories = new Memories(table)
  const repeats = memories.repeats()
  const coldFirst = memories.by(table.heat)
  for (const order of [coldFirst.filter((each) => repeats[each]! > 0), coldFirst.filter((each) => repeats[each] === 0)])
    for (let granularity = 0; granularity < 4; granularity++)
      yield* ofGranularity(table, memories, { order, granularity, to: 'gone' })
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

/** All that memories have, one after the other. */
function* wholly({ starts }: Memories, order: Iterable<number>): Generator<ReductionStep, void, void> {
  for (const memory of order)
    for (let part = starts[memory]!; part < starts[memory + 1]!; part++) yield { part, to: 'gone' }
}

interface PartWalk {
  readonly order: Uint32Array
  readonly granularity: number
  readonly to: ReductionStep['to']
}

function* ofGranularity(
  table: PartTable,
  { starts }: Memories,
  { order, granularity, to }: PartWalk,
): Generator<ReductionStep, void, void> {
  for (let i = 0; i < order.length; i++) {
    const memory = order[i]!
    for (let part = starts[memory]!; part < starts[memory + 1]!; part++)
      if (table.granularity[part] === granularity) yield { part, to }
  }
}

function precisionsOf({ shared, precision }: PartTable): Uint8Array {
  const kept = new Uint8Array(groupsOf(shared))
  for (let part = 0; part < shared.length; part++) kept[shared[part]!] = precision[part]!
  return kept
}
