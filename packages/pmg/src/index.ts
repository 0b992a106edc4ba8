export {
  createMemoryGraph,
  type GraphStats,
  type ImportResult,
  type ListOptions,
  type MemoryGraph,
  type MemoryGraphOptions,
} from './graph'
export type { MemoryChanges } from './graph-writer'
export { createVolatileStore } from './volatile-store'
