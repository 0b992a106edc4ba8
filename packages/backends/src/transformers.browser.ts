import type { CallOptions, Captioner, DriverStatus, SpeechRecognizer, VisionEncoder } from '@perstream/spec'
import { browserPlatform } from './transformers/browser-platform'
import { openCaptioner, type TransformersCaptionerOptions } from './transformers/captioner'
import { probeHearing } from './transformers/probe-hearing'
import { openSpeechRecognizer, type SpeechRecognizerOptions } from './transformers/speech-recognizer'
import { openVisionEncoder, type TransformersVisionEncoderOptions } from './transformers/vision-encoder'

/** What `@perstream/backends/transformers` is in browsers, where models and the detector are given by their URLs; src/transformers.ts describes it. */
export function createSpeechRecognizer(options: SpeechRecognizerOptions): Promise<SpeechRecognizer & AsyncDisposable> {
  return openSpeechRecognizer(browserPlatform, options)
}

/** See src/transformers.ts. */
export function createTransformersVisionEncoder(
  options: TransformersVisionEncoderOptions,
): Promise<VisionEncoder & AsyncDisposable> {
  return openVisionEncoder(browserPlatform, options)
}

/** See src/transformers.ts. */
export function createTransformersCaptioner(
  options: TransformersCaptionerOptions,
): Promise<Captioner & AsyncDisposable> {
  return openCaptioner(browserPlatform, options)
}

/** Says that speech needs a detector from somewhere: a browser has no packages. */
export function probeSpeech(options: CallOptions = {}): Promise<DriverStatus> {
  return probeHearing(browserPlatform, options)
}
