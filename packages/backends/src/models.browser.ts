/** What of `@perstream/backends/models` needs no files: src/models.ts has the rest. */
export { readModelConfig } from './models/config/read-model-config'
export { createLanguageModel } from './models/generation/language-model'
export { createQwenVisionEncoder } from './models/generation/qwen-vision-encoder'
export { openServedModel } from './models/open-served-model'
export { createServedCrossEncoder } from './models/sentences/served-cross-encoder'
export { createServedSentenceEncoder } from './models/sentences/served-sentence-encoder'
