export type {
  Activation,
  BertConfig,
  DecoderBiases,
  DecoderConfig,
  LanguageModelConfig,
  ModelConfig,
  RopeConfig,
  RopeScaling,
  RopeSections,
  SentenceModelConfig,
  TextModelConfig,
  VisionLanguageConfig,
  VisionTokens,
  VisionTowerConfig,
  VisionWindow,
} from './models/config/model-config'
export { readModelConfig } from './models/config/read-model-config'
export type { LanguageModelParts } from './models/language-model-parts'
export {
  createSpatialProjection,
  type SpatialProjection,
  type SpatialProjectionOptions,
} from './models/spatial-projection'
