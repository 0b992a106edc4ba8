export {
  type CompatGraph,
  type CompatGraphOptions,
  type CompatHit,
  type CompatNodeChanges,
  type CompatRetrieveOptions,
  createCompatGraph,
} from './compat-graph'
export type { CompatEdge, CompatMemory, CompatNode } from './compat-records'
export type { CompatGranularity, CompatMemoryUsage, CompatReduction, CompatReductionMode } from './compat-reduce'
