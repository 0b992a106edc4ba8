export { createTransformersCaptioner, type TransformersCaptionerOptions } from './transformers/captioner'
export {
  createSpeechRecognizer,
  type SpeechRecognizerOptions,
  type VoiceOptions,
} from './transformers/speech-recognizer'
export {
  createTransformersVisionEncoder,
  type TransformersModelOptions,
  type TransformersVisionEncoderOptions,
} from './transformers/vision-encoder'
