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
export type { ChoiceTokens } from './models/generation/choices'
export type { KeptPrefix } from './models/generation/kept-prefix'
export { createLanguageModel, type LanguageModel, type PromptOptions } from './models/generation/language-model'
export type { LanguageModelOptions } from './models/generation/model-context'
export { createQwenVisionEncoder, type QwenVisionEncoderOptions } from './models/generation/qwen-vision-encoder'
export type { VisionOptions } from './models/generation/vision-tower'
export { type ImportModelOptions, importModel } from './models/import/import-model'
export type { ImportDtype } from './models/import/weight-plan'
export type { LanguageModelParts } from './models/language-model-parts'
export {
  type ModelPlacement,
  type OpenLanguageModelOptions,
  openLanguageModel,
  type PartPlacement,
} from './models/open-language-model'
export { type OpenServedModelOptions, openServedModel } from './models/open-served-model'
export { type CrossEncoderOptions, createCrossEncoder } from './models/sentences/cross-encoder'
export type { OpenSentenceOptions } from './models/sentences/open-sentence-options'
export { createSentenceEncoder, type SentenceEncoderOptions } from './models/sentences/sentence-encoder'
export { createServedCrossEncoder, type ServedCrossEncoderOptions } from './models/sentences/served-cross-encoder'
export {
  createServedSentenceEncoder,
  type ServedSentenceEncoderOptions,
} from './models/sentences/served-sentence-encoder'
export {
  createSpatialProjection,
  type SpatialProjection,
  type SpatialProjectionOptions,
} from './models/spatial-projection'
