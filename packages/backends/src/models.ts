export type {
  Activation,
  BertConfig,
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
export type { LanguageModelParts } from './models/language-model-parts'
