export { SlotSet } from './slot-set'
export type { VectorMatch } from './top-slots'
export { VectorIndex, type VectorIndexOptions, type VectorSearchOptions } from './vector-index'
