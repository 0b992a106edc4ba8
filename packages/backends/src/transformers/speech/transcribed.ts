import type { CallOptions, OpenModelOptions, TensorRuntime } from '@perstream/spec'

/** What a model wrote for a stretch of sound. */
export interface Transcribed {
  /** Texts with their times, in seconds from the start of the stretch; one without times spans all of it. */
  readonly parts: readonly { readonly text: string; readonly from: number; readonly to: number }[]
  /** Mean of the logarithms of the probabilities of the tokens, with the end. */
  readonly meanLogProbability: number
  /** 0..1: how likely nobody speaks, where the model tells. */
  readonly noSpeechProbability: number | undefined
  readonly tokens: readonly number[]
}

/** A model that puts a stretch of up to 30 seconds of speech into words. */
export interface SpeechModel extends AsyncDisposable {
  /** Samples at 16 kHz. */
  transcribe(samples: Float32Array, options?: CallOptions): Promise<Transcribed>
}

/** What models are opened with. */
export interface OpenParts extends CallOptions {
  readonly runtime: TensorRuntime
  /** Device, dtype, threads. */
  readonly open: OpenModelOptions
}
