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
export { type ImportModelOptions, importModel } from './models/import/import-model'
export type { ImportDtype } from './models/import/weight-plan'
export type { LanguageModelParts } from './models/language-model-parts'
export {
  type ModelPlacement,
  type OpenLanguageModelOptions,
  openLanguageModel,
  type PartPlacement,
} from './models/open-language-model'
export { createSentenceEncoder, type SentenceEncoderOptions } from './models/sentences/sentence-encoder'
export {
  createSpatialProjection,
  type SpatialProjection,
  type SpatialProjectionOptions,
} from './models/spatial-projection'
