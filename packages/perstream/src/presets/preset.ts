import type {
  Answerer,
  Captioner,
  KeyframeSelector,
  RememberGate,
  SpeakPolicy,
  TextEncoder,
  TripletExtractor,
  VisionEncoder,
} from '@perstream/spec'

/** A set of parts that fit together: all of a pipeline but its source and its memory. Whoever made it disposes it. */
export interface PipelinePreset extends AsyncDisposable {
  readonly name: string
  readonly keyframes: KeyframeSelector
  /** Makes patch grids of keyframes, for memories to keep; undefined where none are wanted, or none can be made. */
  readonly vision?: VisionEncoder | undefined
  readonly caption: Captioner
  readonly text: TextEncoder
  readonly gate: RememberGate
  readonly triplets: TripletExtractor
  readonly answer: Answerer
  /** How many memories its answerer wants to choose from. */
  readonly topK: number
  readonly speak: SpeakPolicy
  /** What it had to leave out here, and why; empty when it is whole. */
  readonly missing: readonly string[]
}
