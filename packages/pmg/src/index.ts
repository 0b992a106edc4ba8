export type { ChangesOptions, MemoryChange } from './change-feed'
export { createMemoryGraph, type MemoryGraphOptions } from './create-memory-graph'
export type { MemoryChanges } from './graph-writer'
export type { HistoryEntry } from './history'
export type {
  EmbeddingQuery,
  ExportOptions,
  GraphStats,
  ImportResult,
  ListOptions,
  MemoryGraph,
  MemoryUpdate,
  SupersedeOptions,
} from './memory-graph'
export type { RetrievalWeights } from './retrieval'
export { createVolatileTensors } from './tensors/volatile-tensors'
export { heat } from './visits'
export { createVolatileStore } from './volatile-store'
