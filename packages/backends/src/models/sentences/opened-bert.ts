import type { CallOptions, Device, ModelSource, TensorRuntime, TensorSession } from '@perstream/spec'
import { checkGives, chooseMaxTokens, type SentenceSettings } from './sentence-settings'

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
  readonly maxTokens: number
}

/** What is opened. */
interface Opening {
  /** The folder or URL, for messages. */
  readonly place: string
  readonly settings: SentenceSettings
  readonly wanted: SentenceSettings['gives']
  locate(): Promise<ModelSource>
}

/** Opens a model whose settings are read, when they are as wanted. */
export async function openBert(
  { place, settings, wanted, locate }: Opening,
  options: OpenBertOptions,
): Promise<OpenedBert> {
  const { runtime, device = 'auto', deviceIndex, threads, signal } = options
  checkGives(place, settings, wanted)
  const maxTokens = chooseMaxTokens(options.maxTokens, settings)
  const session = await runtime.open(await locate(), { device, deviceIndex, threads, signal })
  return { settings, session, maxTokens }
}
