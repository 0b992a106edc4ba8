import type { CallOptions, Frame, OpenModelOptions, TensorRuntime } from '@perstream/spec'
import type { Library } from '../library'
import type { ModelFolder } from '../model-folder'

/** What was said of one frame. */
export interface Description {
  readonly text: string
  /** 0..1. */
  readonly confidence: number
}

/** A model that puts one frame into words. */
export interface Describer extends AsyncDisposable {
  describe(frame: Frame, options: CallOptions): Promise<Description>
}

/** What a describer is opened with. */
export interface OpenDescriberOptions extends CallOptions {
  readonly folder: ModelFolder
  readonly library: Library
  readonly config: Readonly<Record<string, unknown>>
  readonly runtime: TensorRuntime
  /** Device, dtype, threads. */
  readonly open: OpenModelOptions
  readonly prompt: string | undefined
  readonly maxNewTokens: number
}
