import type { RgbImage } from './frame'
import type { CallOptions } from './options'
import type { PatchGrid } from './tensor'

/** A piece of a prompt: words, an image, or visual embeddings in place of an image. */
export type PromptPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly image: RgbImage }
  | { readonly kind: 'embedding'; readonly grid: PatchGrid }

/** One turn of a conversation. */
export interface PromptTurn {
  readonly role: 'system' | 'user' | 'assistant'
  readonly parts: readonly PromptPart[]
}

/** How text is generated. */
export interface GenerateOptions extends CallOptions {
  /** 1 or more. Default 200. */
  readonly maxNewTokens?: number | undefined
  /** 0 is greedy, the default. */
  readonly temperature?: number | undefined
  /** Only the k likeliest tokens are drawn from, 1 or more. Default: all. */
  readonly topK?: number | undefined
  /** Only the likeliest tokens that together have this probability are drawn from, above 0 to 1. Default 1. */
  readonly topP?: number | undefined
  readonly stop?: readonly string[] | undefined
  readonly seed?: number | undefined
  /** Receives every token as it is chosen. A generator that does not know its tokens never calls it. */
  readonly onToken?: ((token: GeneratedToken) => void) | undefined
}

/** A token that was chosen. */
export interface GeneratedToken {
  readonly id: number
  /** 0..1, by the model's own distribution, before temperature and limits. */
  readonly probability: number
}

/** Writes text after a prompt. */
export interface Generator {
  generate(prompt: readonly PromptTurn[], options?: GenerateOptions): AsyncIterable<string>
}

/** Gives the probabilities of given continuations; many hosted models cannot. */
export interface ChoiceScorer {
  /** One probability a choice, summing to 1. */
  score(prompt: readonly PromptTurn[], choices: readonly string[], options?: CallOptions): Promise<number[]>
}
