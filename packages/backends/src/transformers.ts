export {
  createSpeechRecognizer,
  type SpeechRecognizerOptions,
  type VoiceOptions,
} from './transformers/speech-recognizer'
