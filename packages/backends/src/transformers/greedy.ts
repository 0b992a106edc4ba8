import { argmax, logSumExp } from './merged-decoder'

/** How text is written. */
export interface GreedyOptions {
  /** Tokens that end it. */
  readonly ends: readonly number[]
  /** Tokens at most. */
  readonly limit: number
  /** A token that comes first, whatever the model says. */
  readonly first?: number | undefined
  /** No run of so many tokens comes twice; 0: any may. */
  readonly noRepeat?: number | undefined
}

/** What was written, without the end. */
export interface Written {
  readonly tokens: readonly number[]
  /** Mean of the logarithms of the probabilities of the tokens, with the end. */
  readonly meanLogProbability: number
}

/** Writes the likeliest token after each other. @param next gives the logits after a token */
export async function writeGreedily(
  logits: Float32Array,
  next: (token: number) => Promise<Float32Array>,
  { ends, limit, first, noRepeat = 0 }: GreedyOptions,
): Promise<Written> {
  const tokens: number[] = []
  let sum = 0
  for (let step = 1; ; step++) {
    const allowed = Float32Array.from(logits)
    for (const token of repeating(tokens, noRepeat)) allowed[token] = Number.NEGATIVE_INFINITY
    const token = step === 1 && first !== undefined ? first : argmax(allowed)
    sum += allowed[token]! - logSumExp(allowed)
    if (ends.includes(token)) return { tokens, meanLogProbability: sum / step }
    tokens.push(token)
    if (step === limit) return { tokens, meanLogProbability: sum / step }
    logits = await next(token)
  }
}

/** Tokens that would make the last run of so many come a second time. */
function repeating(tokens: readonly number[], length: number): number[] {
  if (length === 0 || tokens.length < length) return []
  const head = tokens.slice(tokens.length - length + 1)
  const found: number[] = []
  for (let at = 0; at + length <= tokens.length; at++)
    if (head.every((token, i) => tokens[at + i] === token)) found.push(tokens[at + length - 1]!)
  return found
}
