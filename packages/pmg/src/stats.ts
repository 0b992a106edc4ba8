import type { GraphState } from './graph-state'
import type { GraphStats } from './memory-graph'

/** Counts a graph. Costs its categories and sources. */
export function collectStats(state: GraphState, sequence: number): GraphStats {
  const { entries, entities, relations, filters, progress, vectors, grids } = state
  return {
    memories: filters.all.count,
    forgotten: filters.forgotten.count,
    embedded: vectors?.count ?? 0,
    entities: entities.size,
    relations: relations.size,
    categories: Object.fromEntries([...filters.categoryCounts()].sort((a, b) => b[1] - a[1])),
    sources: [...progress.values()],
    space: state.space,
    dimensions: vectors?.dimensions,
    superseded: filters.superseded.count,
    conflicting: filters.conflicting.count,
    grids: grids.size,
    textBytes: entries.contentBytes,
    vectorBytes: vectors?.byteLength ?? 0,
    bytes: state.bytes,
    sequence,
  }
}
