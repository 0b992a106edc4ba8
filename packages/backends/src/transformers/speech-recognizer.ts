import type {
  AudioChunk,
  CallOptions,
  Device,
  ModelDtype,
  ModelSource,
  SpeechRecognizer,
  TensorRuntime,
  Utterance,
} from '@perstream/spec'
import { loadLibrary } from './library'
import { type ModelLocation, openModelFolder } from './model-folder'
import type { TransformersPlatform } from './platform'
import { isInvented, isSpoken } from './speech/invented'
import { openSpeechModel } from './speech/open-speech-model'
import { sentencesOf } from './speech/sentences'
import {
  checkSegmentOptions,
  fixedSegments,
  type SegmentOptions,
  type SpeechSegment,
  speechSegments,
} from './speech/speech-segments'
import type { SpeechModel } from './speech/transcribed'
import { openSilero, type VoiceDetectors } from './speech/voice-detector'

/** How speech is told from silence. */
export interface VoiceOptions extends SegmentOptions {
  /** The Silero detector, version 5 or 6. Default: version 6 of the package @ricky0123/vad-web, which is found in Node only: serve its silero_vad_v6.onnx elsewhere. */
  readonly model?: ModelSource | undefined
}

/** Options of {@link createSpeechRecognizer}. */
export interface SpeechRecognizerOptions extends CallOptions {
  /** The folder of a Whisper or Moonshine model in the layout of transformers.js, or the URL of one. */
  readonly model: ModelLocation
  /** Which files of the folder are taken. Default: the finest that are there. */
  readonly dtype?: ModelDtype | undefined
  readonly device?: Device | undefined
  readonly deviceIndex?: number | undefined
  /** Threads within one operator, on the CPU. */
  readonly threads?: number | undefined
  /** What models run on. Default: ONNX Runtime. */
  readonly runtime?: TensorRuntime | undefined
  /** 'en', 'de' ...: for a Whisper model of many languages. Default: it finds out, for each stretch of speech. */
  readonly language?: string | undefined
  /** How speech is told from silence; false: all sound goes to the model, in stretches of 30 s. */
  readonly vad?: VoiceOptions | false | undefined
}

/** Opens a recogniser on a platform: `createSpeechRecognizer` of the entry point. */
export async function openSpeechRecognizer(
  platform: TransformersPlatform,
  options: SpeechRecognizerOptions,
): Promise<SpeechRecognizer & AsyncDisposable> {
  const {
    model,
    runtime = platform.createRuntime(),
    dtype,
    device,
    deviceIndex,
    threads,
    language,
    vad = {},
    signal,
  } = options
  signal?.throwIfAborted()
  if (vad !== false) checkSegmentOptions(vad)
  const folder = openModelFolder(model, platform)
  const open = { dtype, device, deviceIndex, threads }
  const library = await loadLibrary('Hearing speech')
  const speech = await openSpeechModel({ folder, library, runtime, open, language, signal })
  let voice: VoiceDetectors | undefined
  try {
    voice = vad === false ? undefined : await openSilero(runtime, platform, { model: vad.model, signal })
  } catch (error) {
    await speech[Symbol.asyncDispose]()
    throw error
  }
  const segment = (audio: AsyncIterable<AudioChunk>, callOptions: CallOptions) =>
    voice ? speechSegments(audio, voice.start(), { ...vad, ...callOptions }) : fixedSegments(audio)
  return {
    transcribe: (audio, callOptions = {}) => transcribe(segment(audio, callOptions), speech, callOptions),
    async [Symbol.asyncDispose]() {
      await Promise.all([speech[Symbol.asyncDispose](), voice?.[Symbol.asyncDispose]()])
    },
  }
}

async function* transcribe(
  segments: AsyncIterable<SpeechSegment>,
  model: SpeechModel,
  options: CallOptions,
): AsyncGenerator<Utterance, void, void> {
  options.signal?.throwIfAborted()
  for await (const segment of segments) {
    const written = await model.transcribe(segment.samples, options)
    options.signal?.throwIfAborted()
    if (await isInvented(written)) continue
    const confidence = Math.min(1, Math.exp(written.meanLogProbability))
    for (const sentence of sentencesOf(written.parts)) {
      if (!isSpoken(sentence.text)) continue
      const startSeconds = within(segment, sentence.startSeconds)
      const endSeconds = Math.max(startSeconds, within(segment, sentence.endSeconds))
      yield { text: sentence.text, startSeconds, endSeconds, confidence }
    }
  }
}

/** A time of the stretch as a time of the source; nothing is said before speech begins, or after it ends. */
function within({ startSeconds, speechFrom, speechTo }: SpeechSegment, seconds: number): number {
  return Math.min(speechTo, Math.max(speechFrom, startSeconds + seconds))
}
