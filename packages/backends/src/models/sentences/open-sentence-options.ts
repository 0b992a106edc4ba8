import type { CallOptions, Device, TensorRuntime } from '@perstream/spec'

/** How sentence encoders are opened, wherever their files are. */
export interface OpenSentenceOptions extends CallOptions {
  readonly runtime: TensorRuntime
  /** Default 'auto'. */
  readonly device?: Device | undefined
  readonly deviceIndex?: number | undefined
  /** Most ids of a text, with the two at its ends; what is longer is cut. Default: what the folder says. */
  readonly maxTokens?: number | undefined
  /** The id of the embedding space. Default: the name of the folder. */
  readonly space?: string | undefined
  /** Threads within one operator, on the CPU. */
  readonly threads?: number | undefined
}
