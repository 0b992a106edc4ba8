import type { CallOptions, Device, ModelSource, TensorRuntime, TensorSession } from '@perstream/spec'
import type { SentenceSettings } from './sentence-settings'

/** How models of sentences are opened, wherever their files are. */
export interface OpenBertOptions extends CallOptions {
  readonly runtime: TensorRuntime
  /** Default 'auto'. */
  readonly device?: Device | undefined
  readonly deviceIndex?: number | undefined
  /** Most ids of a text, or of a pair, with those that the tokenizer adds; what is longer is cut. Default: what the folder says. */
  readonly maxTokens?: number | undefined
  /** Threads within one operator, on the CPU. */
  readonly threads?: number | undefined
}

/** A model that is open, with what lies beside its weights. */
export interface OpenedBert {
  readonly settings: SentenceSettings
  readonly session: TensorSession
}

/** Opens a model whose settings are read. */
export async function openBert(
  settings: SentenceSettings,
  source: ModelSource,
  { runtime, device = 'auto', deviceIndex, threads, signal }: OpenBertOptions,
): Promise<OpenedBert> {
  return { settings, session: await runtime.open(source, { device, deviceIndex, threads, signal }) }
}
