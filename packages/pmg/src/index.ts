export { createMemoryGraph, type MemoryGraphOptions } from './create-memory-graph'
export type { MemoryChanges } from './graph-writer'
export type { GraphStats, ImportResult, ListOptions, MemoryGraph } from './memory-graph'
export { createVolatileStore } from './volatile-store'
