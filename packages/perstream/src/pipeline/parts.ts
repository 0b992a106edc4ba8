import {
  type Answerer,
  type Captioner,
  type FrameSource,
  type KeyframeSelector,
  type MemoryRetriever,
  type MemoryWriter,
  PerStreamError,
  type Projection,
  type RememberGate,
  type SpeakPolicy,
  type SpeechRecognizer,
  type TextEncoder,
  type TripletExtractor,
  type VisionEncoder,
} from '@perstream/spec'

/** The stages a pipeline is composed of. Whoever opened one closes it. */
export interface PerStreamParts {
  readonly source: FrameSource
  readonly keyframes: KeyframeSelector
  /** Gives patch grids; they are stored with memories, and with a `projection` the gate reads them. */
  readonly vision?: VisionEncoder | undefined
  /** Brings patches into the text encoder's space. Without it the gate reads captions. */
  readonly projection?: Projection | undefined
  readonly caption: Captioner
  /** Puts what is said into sentences, which become memories too. Without it the sound of the source is not listened to. */
  readonly speech?: SpeechRecognizer | undefined
  readonly text: TextEncoder
  readonly gate: RememberGate
  readonly triplets?: TripletExtractor | undefined
  readonly memory: MemoryWriter & MemoryRetriever
  readonly answer: Answerer
  /** Without one the memory never speaks by itself. */
  readonly speak?: SpeakPolicy | undefined
}

/** Checks that the parts fit together. @throws PerStreamError `pipeline-incompatible`, naming both sides */
export function checkParts({ vision, projection, text, gate }: PerStreamParts): void {
  same('gate', gate.space, 'text', text.space)
  if (!projection) return
  if (!vision) throw incompatible('projection is given without vision: it has no patches to project')
  same('projection.from', projection.from, 'vision', vision.space)
  same('projection.to', projection.to, 'text', text.space)
}

function same(aName: string, a: string, bName: string, b: string): void {
  if (a !== b) throw incompatible(`${aName} works in the embedding space "${a}", ${bName} in "${b}": they must be one`)
}

function incompatible(message: string): PerStreamError {
  return new PerStreamError('pipeline-incompatible', `The parts of the pipeline do not fit: ${message}.`)
}
