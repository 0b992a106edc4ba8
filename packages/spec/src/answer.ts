import type { MemoryRetriever, RetrievedMemory } from './memory'
import type { CallOptions } from './options'
import type { PatchGrid } from './tensor'
import type { Caption, Evidence, Moment } from './vision'

/** Where and when the person is as they ask. */
export interface AskMoment {
  /** Milliseconds since 1970 UTC, for "yesterday" and the like. */
  readonly now: number
  /** The source that is being watched and the second in it, when one is. */
  readonly source?: string | undefined
  readonly seconds?: number | undefined
  /** The newest patch grids, oldest first: the short-term memory of an answerer that can look. */
  readonly shortTerm?: readonly PatchGrid[] | undefined
}

/** What an answerer works from. */
export interface AnswerRequest {
  readonly question: string
  /** Best first. */
  readonly memories: readonly RetrievedMemory[]
  readonly moment: AskMoment
  /** Reads what a memory looked like, for an answerer that can look. */
  readonly grid?: MemoryRetriever['grid'] | undefined
}

/** A memory that carries an answer. */
export interface Citation {
  readonly memoryId: string
  /** The memory's words, quoted. */
  readonly text: string
  readonly evidence: readonly Evidence[]
}

/** A piece of an answer, in order. An answer that cites nothing is 'not-seen'. */
export type AnswerPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'citation'; readonly citation: Citation }
  | { readonly kind: 'not-seen'; readonly text: string }

/** A whole answer. */
export interface Answer {
  readonly text: string
  /** False when no memory carries an answer. */
  readonly answerable: boolean
  readonly citations: readonly Citation[]
}

/** Answers a question from memories alone. */
export interface Answerer {
  answer(request: AnswerRequest, options?: CallOptions): AsyncIterable<AnswerPart>
}

/** What a speak policy looks at. */
export interface SpeakRequest {
  readonly moment: Moment
  readonly captions: readonly Caption[]
  /** What the memory holds that bears on the moment, the moment's own memories left out. */
  readonly memories: readonly RetrievedMemory[]
  /** Seconds in the source. */
  readonly seconds: number
  /** Milliseconds since 1970 UTC. */
  readonly now: number
}

/** Speaking up, or not. Silence is a value, never a text. */
export type Speech =
  | { readonly kind: 'silent'; readonly reason: string; readonly probability?: number | undefined }
  | {
      readonly kind: 'spoke'
      readonly text: string
      readonly citations: readonly Citation[]
      readonly probability?: number | undefined
    }

/** Decides whether to speak up by itself. One policy object serves one stream: it may remember when it last spoke. */
export interface SpeakPolicy {
  consider(request: SpeakRequest, options?: CallOptions): Promise<Speech>
}

/** What a judge compares. */
export interface JudgeRequest {
  readonly question: string
  /** What is right. */
  readonly truth: string
  readonly answer: string
}

/** What a judge says of an answer. */
export interface Verdict {
  readonly correct: boolean
  /** 0..1. */
  readonly score: number
  readonly reason: string
}

/** Compares an answer with the truth. */
export interface Judge {
  judge(request: JudgeRequest, options?: CallOptions): Promise<Verdict>
}
