import type { PartTable, ReductionStep, ReductionStrategy } from '@perstream/spec'

/** A question by the owners of a table: each list holds the owners that carry one of the memories it wants. */
export type Wanted = readonly number[]

/**
 * Knows the questions: what answers none goes first, then, one after the other, what costs the fewest answers by byte; embeddings of what stays go
 * down to signs before any of its words. Greedy, the other way round: it picks what is kept, at each turn the words that answer most by byte of what is not
 * answered yet. An upper bound for others to be seen against, not the best there is.
 */
export function oracle(questions: readonly Wanted[]): ReductionStrategy {
  return (table) => {
    const memories = partsByOwner(table)
    const last = keptLast(table, memories, questions)
    const wanted = new Set(last)
    const isGrid = (part: number) => table.granularity[part]! < 2
    const grids = (parts: readonly number[]) => parts.filter(isGrid)
    const rest = memories.flatMap((parts, owner) => (wanted.has(owner) ? [] : [parts]))
    return [
      ...rest.flat().map(gone),
      ...last.flatMap((owner) => grids(memories[owner]!)).map(gone),
      ...last.flatMap((owner) => lessExactly(table, memories[owner]!)),
      ...[...last].reverse().flatMap((owner) => memories[owner]!.filter((part) => !isGrid(part)).map(gone)),
    ]
  }
}

/** Owners that answer something, the most worthwhile first. */
function keptLast(table: PartTable, memories: readonly number[][], questions: readonly Wanted[]): number[] {
  const open = new Set(questions)
  const left = new Set(questions.flat())
  const kept: number[] = []
  const bytesOf = (owner: number) => memories[owner]!.reduce((sum, part) => sum + table.bytes[part]!, 0)
  while (left.size > 0) {
    const worth = (owner: number) => {
      const answered = [...open].filter((wanted) => wanted.includes(owner)).length
      return (answered + 1e-3) / bytesOf(owner)
    }
    const best = [...left].reduce((a, b) => (worth(b) > worth(a) ? b : a))
    for (const wanted of open) if (wanted.includes(best)) open.delete(wanted)
    left.delete(best)
    kept.push(best)
  }
  return kept
}

function partsByOwner(table: PartTable): number[][] {
  const memories: number[][] = []
  for (let part = 0; part < table.length; part++) {
    const owner = table.owner[part]!
    memories[owner] ??= []
    memories[owner]!.push(part)
  }
  return memories
}

/** Embeddings become signs. */
function lessExactly({ granularity }: PartTable, parts: readonly number[]): ReductionStep[] {
  return parts.flatMap((part) => (granularity[part]! === 2 ? [{ part, to: 'b1' as const }] : []))
}

function gone(part: number): ReductionStep {
  return { part, to: 'gone' }
}
