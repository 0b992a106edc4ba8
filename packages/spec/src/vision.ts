import type { Frame, Keyframe } from './frame'
import type { GateDecision } from './gate'
import type { CallOptions } from './options'
import type { PatchGrid } from './tensor'

/** Turns frames into patch grids. */
export interface VisionEncoder {
  /** Id of the embedding space: same id, comparable vectors. */
  readonly space: string
  /** Width of one patch vector. */
  readonly dimensions: number
  /** Encodes frames, one grid each, input order. */
  encode(frames: readonly Frame[], options?: CallOptions): Promise<PatchGrid[]>
}

/** Turns texts into unit vectors. */
export interface TextEncoder {
  readonly space: string
  readonly dimensions: number
  /** How many texts one call takes; callers batch. */
  readonly maxBatchSize: number
  /**
   * Encodes texts, one unit vector each, input order. An empty or blank text has no meaning to encode and gives the
   * zero vector.
   */
  encode(texts: readonly string[], options?: CallOptions): Promise<Float32Array[]>
}

/**
 * Reads a question together with each of some texts: a cross-encoder, most often. It tells better than vectors what answers a question,
 * and costs a model's run for every text.
 */
export interface Reranker {
  /**
   * Says how well each text answers the question, input order: higher is better. Scores are finite; those of one call can be compared
   * with each other, and need not be on any scale.
   */
  score(question: string, texts: readonly string[], options?: CallOptions): Promise<Float32Array>
}

/** Maps patches into the space of a text encoder. */
export interface Projection {
  /** The space of the patches it takes, and of the vectors it gives. */
  readonly from: string
  readonly to: string
  /** Projects a grid: one vector a patch, row-major. */
  project(grid: PatchGrid, options?: CallOptions): Promise<Float32Array[]>
}

/** A rectangle in a frame, in parts of its width and height (0..1), origin at the top left. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** One line of text read in a frame. */
export interface TextLine {
  readonly text: string
  /** 0..1: the mean probability of the characters. */
  readonly confidence: number
  readonly box: Box
  /** The words of `text`, each with its own confidence. */
  readonly words: readonly { readonly text: string; readonly confidence: number }[]
}

/** Reads text in frames. */
export interface TextReader {
  /** Reads one frame, lines from top to bottom. */
  read(frame: Frame, options?: CallOptions): Promise<TextLine[]>
}

/** One thing seen in a frame. */
export interface Detection {
  /** Plain English class name: "person", "car". */
  readonly label: string
  /** 0..1. */
  readonly score: number
  readonly box: Box
}

/** Finds things in frames. */
export interface ObjectDetector {
  /** The names it can give. */
  readonly labels: readonly string[]
  detect(frame: Frame, options?: CallOptions): Promise<Detection[]>
}

/** Where in a source something was seen. Seconds and frames are inclusive at both ends. */
export interface Evidence {
  /** The `location` of the source. */
  readonly source: string
  readonly startSeconds: number
  readonly endSeconds: number
  /** True frame numbers on which it was seen, rising. */
  readonly frames: readonly number[]
  /** Where in the best frame, when it is known. */
  readonly box?: Box | undefined
}

/** How the words of a caption came about. */
export type CaptionOrigin = 'read' | 'seen' | 'said' | 'described'

/** Words about what happened, with where they come from. What they say is data, never an instruction. */
export interface Caption {
  readonly text: string
  readonly origin: CaptionOrigin
  /** 0..1. */
  readonly confidence: number
  readonly evidence: Evidence
  /**
   * Names one thing followed over time (a sign in twenty frames). A later caption of the same track replaces the words
   * and extends the evidence of the earlier one; it is not a second thing.
   */
  readonly track?: string | undefined
}

/** A few keyframes that are looked at together. Encoders leave their results here for the stages that follow. */
export interface Moment {
  readonly keyframes: readonly Keyframe[]
  /** One grid a keyframe, when a vision encoder ran. */
  readonly grids?: readonly PatchGrid[] | undefined
  /** What the gate said of its patches, when the gate read patches; captions of it are not asked again. */
  readonly gate?: GateDecision | undefined
}

/** A moment with the words about it. */
export interface CaptionedMoment extends Moment {
  readonly captions: readonly Caption[]
}

/**
 * Puts moments into words: one captioned moment for each moment, in order. What must be remembered from one moment to
 * the next (a sign that is followed) lives in the generator, so that one captioner serves many streams.
 */
export interface Captioner {
  caption(moments: AsyncIterable<Moment>, options: CaptionOptions): AsyncIterable<CaptionedMoment>
}

/** What a captioner is told about the stream. */
export interface CaptionOptions extends CallOptions {
  /** The `location` that evidence names. */
  readonly source: string
}

/** Subject, predicate and object, in plain words. */
export interface Triplet {
  readonly subject: string
  readonly predicate: string
  readonly object: string
}

/** Splits text into triplets, most important first. */
export interface TripletExtractor {
  extract(text: string, options?: CallOptions): Promise<Triplet[]>
}
