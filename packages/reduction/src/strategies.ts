import { createRandom } from '@perstream/kit'
import type { CoarserPrecision, PartTable, ReductionStep, ReductionStrategy } from '@perstream/spec'
import { Memories } from './memories'
import { precisions } from './part-table'

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
  yield* lessExactly(table, [0, 1, 2], ['f16', 'i8'])
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
      const at = integer(0, left - 1)
      yield { part: parts[at]!, to: 'gone' }
      parts[at] = parts[left - 1]!
    }
  }
}

/**
 * Keeps signs of embeddings before any words go: grids, then embeddings are kept as f16, i8 and at last by their signs alone, which keeps nearly all of
 * the ranking in a thirtieth of the bytes; then grids go; then what says nearly the same as a warmer memory goes whole; then whole memories, cold ones first,
 * since words without their signs are found far worse than with them.
 */
export const signsFirst: ReductionStrategy = function* (table) {
  const memories = new Memories(table)
  const coldFirst = memories.by(table.heat)
  const repeats = memories.repeats()
  yield* lessExactly(table, [0, 1, 2], ['f16', 'i8', 'b1'])
  for (const granularity of [0, 1]) yield* ofGranularity(table, memories, { order: coldFirst, granularity, to: 'gone' })
  const hasNoGrid = (part: number) => table.granularity[part]! > 1
  for (const step of wholly(memories, [
    ...coldFirst.filter((each) => repeats[each]! > 0),
    ...coldFirst.filter((each) => repeats[each] === 0),
  ]))
    if (hasNoGrid(step.part)) yield step
}

/** All that memories have, one after the other. */
function* wholly({ starts }: Memories, order: Iterable<number>): Generator<ReductionStep, void, void> {
  for (const memory of order)
    for (let part = starts[memory]!; part < starts[memory + 1]!; part++) yield { part, to: 'gone' }
}

/** Keeps parts of granularities less exactly, in steps: cold ones first in each. */
function* lessExactly(
  table: PartTable,
  wanted: readonly number[],
  steps: readonly CoarserPrecision[],
): Generator<ReductionStep, void, void> {
  const memories = new Memories(table)
  const order = memories.by(table.heat)
  for (const granularity of wanted)
    for (const to of steps) {
      const precision = precisions.indexOf(to)
      for (const step of ofGranularity(table, memories, { order, granularity, to }))
        if (table.precision[step.part]! < precision) yield step
    }
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
