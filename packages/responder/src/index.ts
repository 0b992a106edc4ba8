export { collectAnswer } from './collect-answer'
export { createExtractiveAnswerer, type ExtractiveAnswererOptions } from './extractive-answerer'
export { neverSpeak } from './never-speak'
export { createQuietPolicy, type QuietPolicy, type QuietPolicyOptions } from './quiet-policy'
