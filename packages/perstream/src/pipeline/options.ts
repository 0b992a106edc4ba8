import type { CallOptions, Keyframe } from '@perstream/spec'
import type { MemoryBudget } from './budget'
import type { PipelineConfigOptions } from './config'
import type { PerStreamParts } from './parts'
import type { ScheduledQuestion } from './questions'

/** The parts of a pipeline and how it runs. */
export interface PerStreamOptions extends PerStreamParts, PipelineConfigOptions, CallOptions {
  /** The id that evidence and progress name. Default: the source's location, without password. */
  readonly sourceId?: string | undefined
  /** When the recording began, where the source does not know or is wrong. */
  readonly recordedAt?: Date | undefined
  /**
   * Keeps the memory below so many bytes while the stream is watched: what goes, goes in the batch of the write that needs the room. A
   * memory that is larger is reduced first. It must be a `Reducible`, as graphs of `createMemoryGraph` are; one stream governs it at a time.
   */
  readonly budget?: MemoryBudget | undefined
  /**
   * First second whose sound is listened to, where no later one was heard before. Default: the first one the source was
   * opened for. It may lie before what the frames go on from: how far a source was heard is stored by itself.
   */
  readonly hearFrom?: number | undefined
  /** Asked as the stream passes their second, or at its end. */
  readonly questions?: readonly ScheduledQuestion[] | undefined
  /** Sees each keyframe while its pixels can be had. */
  readonly onKeyframe?: ((keyframe: Keyframe) => void | Promise<void>) | undefined
  /** The clock, in milliseconds since 1970 UTC. Default: `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** How a question is asked by hand. */
export interface AskOptions extends CallOptions {
  /** Answers from what the source had shown until this second, inclusive. Default: all that is stored. */
  readonly atSeconds?: number | undefined
}
