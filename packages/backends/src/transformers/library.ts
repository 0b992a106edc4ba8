import { importPeer } from '@perstream/kit'
import type { ElementType, Tensor } from '@perstream/spec'

/** A tensor of the library. */
export interface LibraryTensor {
  readonly type: string
  readonly data: Float32Array | BigInt64Array | Uint8Array | Int32Array
  readonly dims: readonly number[]
}

/** Turns text into ids and back. */
export interface LibraryTokenizer {
  encode(text: string, options?: { readonly add_special_tokens?: boolean }): number[]
  apply_chat_template(
    messages: readonly Settings[],
    options: { readonly tokenize: false; readonly add_generation_prompt: true; readonly chat_template?: string },
  ): string
  decode(ids: readonly number[], options?: { readonly skip_special_tokens?: boolean }): string
}

/** An image of the library: rows of pixels, channels last. */
export interface LibraryImage {
  readonly width: number
  readonly height: number
}

type Settings = Readonly<Record<string, unknown>>

/** How a Whisper model listens, in samples. */
export interface WhisperFeatureSettings {
  readonly n_fft: number
  readonly hop_length: number
  readonly n_samples: number
  readonly nb_max_frames: number
  /** Rows of `n_fft / 2 + 1` weights. */
  readonly mel_filters: readonly ArrayLike<number>[]
}

/** Something of the library that is called like a function. */
export type LibraryCall<Input, Output> = (input: Input) => Promise<Output>

/** What we use of @huggingface/transformers: what happens before and after a model. Its own sessions are not used. */
export interface Library {
  readonly env: { readonly version: string }
  readonly PreTrainedTokenizer: new (tokenizer: Settings, config: Settings) => LibraryTokenizer
  /** Knows how a Whisper model listens. What it does with sound is not used: in browsers, that loads code from elsewhere. */
  readonly WhisperFeatureExtractor: new (
    config: Settings,
  ) => { readonly config: WhisperFeatureSettings }
  readonly RawImage: new (data: Uint8Array, width: number, height: number, channels: number) => LibraryImage
  /** Resizes, crops and normalises as its settings say: what the processors of most image models do, and no more. */
  readonly ImageProcessor: new (
    config: Settings,
  ) => LibraryCall<LibraryImage, { readonly pixel_values: LibraryTensor }>
}

/** Loads @huggingface/transformers. @throws PerStreamError `dependency-missing` when it is not installed */
export function loadLibrary(purpose: string): Promise<Library> {
  return importPeer<Library>('@huggingface/transformers', purpose, () => import('@huggingface/transformers'))
}

/** The words of ids, without special tokens; none for none, which the library refuses. */
export function decodeText(tokenizer: LibraryTokenizer, ids: readonly number[]): string {
  return ids.length === 0 ? '' : tokenizer.decode(ids, { skip_special_tokens: true }).trim()
}

/** Wraps a tensor of the library as ours, without a copy. */
export function fromLibrary({ type, data, dims }: LibraryTensor): Tensor {
  return { type: type as ElementType, data, shape: [...dims] }
}
