import type { Progress } from './progress'

/** What a run stands on. */
export interface BenchContext {
  /** The folder of shared material, which may not be there. */
  readonly shared: string
  readonly progress: Progress
  readonly signal?: AbortSignal | undefined
}
