import { createRandom, gone, outcomes, StepList } from '@perstream/kit'
import type { CoarserPrecision, PartTable, ReductionStrategy } from '@perstream/spec'
import { Memories } from './memories'
import { groupsOf } from './part-table'

/** The number of the granularity that is words. */
const texts = 3

/**
 * Node by node, granularity by granularity: the coldest memory loses all it has, from fine to coarse, before the next loses anything
 * (the prototype's "NSBG", BEHAVIOUR 7.1).
 */
export const nsbg: ReductionStrategy = (table) => {
  const memories = new Memories(table)
  return wholly(memories, memories.by(table.heat))
}

/** Granularity by granularity, node by node: all memories lose what is finest, cold ones first, before any loses what is coarser ("GSBN"). */
export const gsbn: ReductionStrategy = (table) => {
  const steps = new StepList(table.length)
  for (const parts of coldPartsFirst(table)) addGone(steps, parts)
  return steps
}

/** The memory that was not visited for longest loses all it has first (least recently used). */
export const lru: ReductionStrategy = (table) => {
  const memories = new Memories(table)
  return wholly(memories, memories.by(table.visitedAt))
}

/** Keeps grids, then embeddings, less exactly (f16, then i8) before anything goes; then as {@link gsbn}. Cold memories first, in each step. */
export const demotionFirst: ReductionStrategy = (table) => {
  const steps = new StepList(3 * table.length)
  const order = coldPartsFirst(table)
  for (const parts of order.slice(0, texts))
    for (const to of ['f16', 'i8'] as const) addLessExact(steps, table, { parts, to })
  for (const parts of order) addGone(steps, parts)
  return steps
}

/**
 * Keeps only what tells memories apart: grids go first, all embeddings become bytes, then signs, then go, and words go last. Cold memories
 * first, in each step. As {@link gsbn}, but for what lies between an embedding and none.
 */
export const signsFirst: ReductionStrategy = (table) => {
  const steps = new StepList(3 * table.length)
  const [nearest, mean, embeddings, words] = coldPartsFirst(table)
  for (const grids of [nearest, mean]) addGone(steps, grids)
  for (const to of ['i8', 'b1'] as const) addLessExact(steps, table, { parts: embeddings, to })
  for (const parts of [embeddings, words]) addGone(steps, parts)
  return steps
}

/**
 * Of memories that say nearly the same, all but the warmest lose all they have, from fine to coarse, before any that says something of its own
 * loses anything; then as {@link gsbn}.
 */
export const redundancyFirst: ReductionStrategy = (table) => {
  const steps = new StepList(table.length)
  const memories = new Memories(table)
  const repeats = memories.repeats()
  const coldFirst = memories.by(table.heat)
  for (const order of [coldFirst.filter((each) => repeats[each]! > 0), coldFirst.filter((each) => repeats[each] === 0)])
    for (const parts of partsInOrder(table, memories, order)) addGone(steps, parts)
  return steps
}

/** Parts by lot, the same for the same seed: what others are compared with. */
export function random(seed: number): ReductionStrategy {
  return ({ length }) => {
    const steps = new StepList(length)
    const { integer } = createRandom(seed)
    const parts = Uint32Array.from({ length }, (_, part) => part)
    for (let left = length; left > 0; left--) {
      const at = integer(0, left)
      steps.push(parts[at]!, gone)
      parts[at] = parts[left - 1]!
    }
    return steps
  }
}

/** All that memories have, one after the other. */
function wholly({ starts, count }: Memories, order: Uint32Array): StepList {
  const steps = new StepList(starts[count])
  for (let i = 0; i < order.length; i++) {
    const memory = order[i]!
    for (let part = starts[memory]!; part < starts[memory + 1]!; part++) steps.push(part, gone)
  }
  return steps
}

/** The parts of each granularity, from fine to coarse. */
type PartsByGranularity = readonly [
  nearest: Uint32Array,
  mean: Uint32Array,
  embeddings: Uint32Array,
  texts: Uint32Array,
]

/** The parts of each granularity, those of cold memories first. */
function coldPartsFirst(table: PartTable): PartsByGranularity {
  const memories = new Memories(table)
  return partsInOrder(table, memories, memories.by(table.heat))
}

/** The parts of each granularity, in an order of their memories. */
function partsInOrder({ granularity }: PartTable, { starts }: Memories, order: Uint32Array): PartsByGranularity {
  const counts = new Uint32Array(4)
  const lists = Array.from(counts, () => new Uint32Array(order.length)) as unknown as PartsByGranularity
  for (let i = 0; i < order.length; i++) {
    const memory = order[i]!
    for (let part = starts[memory]!; part < starts[memory + 1]!; part++) {
      const kind = granularity[part]!
      lists[kind]![counts[kind]!++] = part
    }
  }
  return lists.map((list, kind) => list.subarray(0, counts[kind])) as unknown as PartsByGranularity
}

function addGone(steps: StepList, parts: Uint32Array): void {
  for (let i = 0; i < parts.length; i++) steps.push(parts[i]!, gone)
}

/** Keeps parts less exactly, bytes that several lie on once. Parts that are kept so already are passed over. */
function addLessExact(
  steps: StepList,
  { shared, precision }: PartTable,
  { parts, to }: { readonly parts: Uint32Array; readonly to: CoarserPrecision },
): void {
  const outcome = outcomes.indexOf(to)
  const isDone = new Uint8Array(groupsOf(shared))
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!
    if (precision[part]! >= outcome || isDone[shared[part]!]) continue
    isDone[shared[part]!] = 1
    steps.push(part, outcome)
  }
}
