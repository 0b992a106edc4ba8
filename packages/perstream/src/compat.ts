export {
  type CompatLoopInput,
  type CompatLoopSteps,
  type CompatQuery,
  type CompatRecord,
  runCompatLoop,
} from './compat/main-loop'
export { type CompatNearest, compatNearest } from './compat/nearest'
export { poolQwenFeatures, type QwenImageGrid, qwenImageGrid } from './compat/qwen-image'
