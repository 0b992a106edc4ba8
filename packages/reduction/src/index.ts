export { granularities, precisions } from '@perstream/kit'
export { bytesAs, createPartTable, type Part, type PartOwner } from './part-table'
export {
  estimateGrowth,
  type GrowthWidths,
  type PeriodOptions,
  type PeriodReport,
  type PeriodRoom,
  type Periods,
  type PeriodTrigger,
  periodTrigger,
  planPeriods,
  splitPeriods,
} from './periods'
export { planReduction, type ReductionPlan } from './plan-reduction'
export {
  type BudgetOptions,
  type CountByGranularity,
  free,
  keepBelow,
  type ReduceOptions,
  type ReductionReport,
  reduceTo,
} from './reduce'
export { demotionFirst, gsbn, lru, nsbg, random, redundancyFirst, signsFirst } from './strategies'
export { valuePerByte } from './value-per-byte'
