import type { CallOptions } from './options'

/** A stretch of mono sound. Chunks follow each other without gaps: silence in the source is zeros. */
export interface AudioChunk {
  /** -1 to 1. */
  readonly samples: Float32Array
  /** Samples a second. */
  readonly sampleRate: number
  /** Where in the source its first sample lies. */
  readonly startSeconds: number
}

/** How sound is wanted. */
export interface AudioOptions extends CallOptions {
  /** Samples a second. Default 16000, what speech models take. */
  readonly sampleRate?: number | undefined
  /** First second wanted, inclusive. Default: the first one the source was opened for. */
  readonly start?: number | undefined
  /** Last second wanted, exclusive. Default: the last one the source was opened for. */
  readonly end?: number | undefined
}

/** A sentence that was said. Seconds are those of the sound it was heard in. */
export interface Utterance {
  readonly text: string
  readonly startSeconds: number
  /** Exclusive. */
  readonly endSeconds: number
  /** 0..1: how sure it is that these words were said. */
  readonly confidence: number
}

/** Puts speech into sentences, in order of time. Noise and silence give none. */
export interface SpeechRecognizer {
  transcribe(audio: AsyncIterable<AudioChunk>, options?: CallOptions): AsyncIterable<Utterance>
}
