import type { CallOptions, Captioner, DriverStatus, SpeechRecognizer, VisionEncoder } from '@perstream/spec'
import { openCaptioner, type TransformersCaptionerOptions } from './transformers/captioner'
import { nodePlatform } from './transformers/node-platform'
import { probeHearing } from './transformers/probe-hearing'
import { openSpeechRecognizer, type SpeechRecognizerOptions } from './transformers/speech-recognizer'
import { openVisionEncoder, type TransformersVisionEncoderOptions } from './transformers/vision-encoder'

export type { TransformersCaptionerOptions } from './transformers/captioner'
export type { SpeechRecognizerOptions, VoiceOptions } from './transformers/speech-recognizer'
export type { TransformersModelOptions, TransformersVisionEncoderOptions } from './transformers/vision-encoder'

/**
 * Opens a recogniser of speech that runs here: a detector finds where somebody speaks, a Whisper or Moonshine model puts it
 * into words, and what it seems to have invented is left out. Confidence is the mean probability of the words of a stretch.
 * Sentences of Moonshine, which tells no times, are placed by their letters within the stretch.
 * @throws PerStreamError `dependency-missing` for @huggingface/transformers, onnxruntime-node or the detector's package;
 * `model-missing`, `model-invalid`, `model-unsupported`, `device-unavailable`
 */
export async function createSpeechRecognizer(
  options: SpeechRecognizerOptions,
): Promise<SpeechRecognizer & AsyncDisposable> {
  return openSpeechRecognizer(nodePlatform, options)
}

/**
 * Opens a vision transformer (SigLIP, CLIP, DINOv2, DINOv3, ViT, DeiT) as encoder of patch grids: the last hidden state of each
 * patch in its place, without class and register tokens. Frames are prepared as the model's own settings say, so that a CLIP
 * model sees the middle square of a wide frame. They are encoded one by one.
 * @throws PerStreamError `dependency-missing`, `model-missing`, `model-invalid`, `model-unsupported` for another type of model,
 * or one whose file has no `last_hidden_state`
 */
export async function createTransformersVisionEncoder(
  options: TransformersVisionEncoderOptions,
): Promise<VisionEncoder & AsyncDisposable> {
  return openVisionEncoder(nodePlatform, options)
}

/**
 * Opens a small vision-language model (SmolVLM, Idefics3, Florence-2) as captioner: it describes the sharpest frame of each
 * moment. Confidence is the mean probability of the words. Decoding is greedy.
 * @throws PerStreamError `dependency-missing`, `model-missing`, `model-invalid`, `model-unsupported` for another type of model
 */
export async function createTransformersCaptioner(
  options: TransformersCaptionerOptions,
): Promise<Captioner & AsyncDisposable> {
  return openCaptioner(nodePlatform, options)
}

/** Says whether speech can be heard here, once there is a model, by loading all but the model. Takes about a second. */
export function probeSpeech(options: CallOptions = {}): Promise<DriverStatus> {
  return probeHearing(nodePlatform, options)
}
