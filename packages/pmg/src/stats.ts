import type { GraphState } from './graph-state'
import type { GraphStats } from './memory-graph'

/** Counts a graph. Linear in its words. */
export function collectStats(state: GraphState, sequence: number): GraphStats {
  const counts = new Map<string, number>()
  let textBytes = 0
  let superseded = 0
  let conflicting = 0
  for (const { memory } of state.entries.values()) {
    counts.set(memory.category, (counts.get(memory.category) ?? 0) + 1)
    textBytes += utf8Length(memory.text)
    if (memory.supersededBy !== undefined) superseded++
    if (memory.conflicts) conflicting++
  }
  return {
    memories: state.entries.size,
    embedded: state.vectors?.count ?? 0,
    entities: state.entities.size,
    relations: state.relations.size,
    categories: Object.fromEntries([...counts].sort((a, b) => b[1] - a[1])),
    sources: [...state.progress.values()],
    space: state.space,
    dimensions: state.vectors?.dimensions,
    superseded,
    conflicting,
    grids: state.grids.size,
    textBytes,
    vectorBytes: state.vectors?.byteLength ?? 0,
    sequence,
  }
}

function utf8Length(text: string): number {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0)!
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}
