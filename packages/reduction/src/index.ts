export { bytesAs, createPartTable, granularities, type Part, type PartOwner, precisions } from './part-table'
export { planReduction, type ReductionPlan } from './plan-reduction'
export { demotionFirst, gsbn, lru, nsbg, random, redundancyFirst } from './strategies'
