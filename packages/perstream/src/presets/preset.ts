import type { CallOptions, Device, Progress, SpeakPolicy, TensorRuntime, TextEncoder } from '@perstream/spec'
import type { PerStreamParts } from '../pipeline/parts'

/** A set of parts that fit together: all of a pipeline but its source and its memory. Whoever made it disposes it. */
export interface PipelinePreset extends Omit<PerStreamParts, 'source' | 'memory'>, AsyncDisposable {
  readonly name: string
  /** How many memories its answerer wants to choose from. */
  readonly topK: number
  readonly speak: SpeakPolicy
  /** What it had to leave out here, and why; empty when it is whole. */
  readonly missing: readonly string[]
}

/** What presets of models that lie in folders take. */
export interface ModelPresetOptions extends CallOptions {
  /**
   * Folder of a sentence encoder of sentence-transformers, such as all-MiniLM-L6-v2, whose name becomes the id of the embedding space; or an
   * encoder, which whoever made it closes.
   */
  readonly text: string | TextEncoder
  /** Folder of a Whisper or Moonshine model, to remember what is said too. */
  readonly speech?: string | undefined
  /** The prototype's gamma: makes the gate score in its `relative` mode with this threshold, 0..1. */
  readonly gammaThreshold?: number | undefined
  /** What models run on. Default: ONNX Runtime, each device in a thread of its own. */
  readonly runtime?: TensorRuntime | undefined
  /** Where they run. Default 'auto'. */
  readonly device?: Device | undefined
  /** Threads of the models, on the CPU. Default: theirs. */
  readonly threads?: number | undefined
  /** Is told how far the conversion of a model is, which takes place once. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
}
