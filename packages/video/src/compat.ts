export { type CompatFlow, type CompatFlowOptions, compatFlow, type FloatImage } from './compat-flow'
export { type ClipImage, clipPreprocess, compatGray, compatSize } from './compat-preprocess'
export {
  type CompatFrameIds,
  type CompatFrameIdsOptions,
  type CompatSampler,
  type CompatSamplerOptions,
  compatFrameIds,
  createCompatSampler,
} from './compat-sampler'
