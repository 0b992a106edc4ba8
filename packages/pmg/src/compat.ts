export {
  type CompatEdge,
  type CompatGraph,
  type CompatGraphOptions,
  type CompatHit,
  type CompatMemory,
  type CompatNode,
  type CompatNodeChanges,
  type CompatRetrieveOptions,
  createCompatGraph,
} from './compat-graph'
