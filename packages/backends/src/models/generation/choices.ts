import type { CallOptions, PromptTurn } from '@perstream/spec'
import type { BorrowedCache } from './borrow-cache'
import { disposeCache, type KeyValueCache } from './key-value-cache'
import { checkLength, type ModelContext } from './model-context'
import type { ReadablePrompt } from './prompt-reader'
import { logProbability } from './sampling'

/** A continuation, token by token. */
export interface ChoiceTokens {
  readonly choice: string
  readonly ids: readonly number[]
  /** The natural logarithm of each token's probability after the prompt and the tokens before it. */
  readonly logProbabilities: readonly number[]
}

/** What {@link readChoices} compares. */
export interface ChoicesRequest extends CallOptions {
  readonly prompt: readonly PromptTurn[]
  readonly choices: readonly string[]
  borrow(prompt: ReadablePrompt): BorrowedCache
}

/**
 * Reads a prompt once, and after it each continuation from the same cache. The first token of each comes with the prompt.
 * @throws TypeError for no choices, and for an empty one
 */
export async function readChoices(
  context: ModelContext,
  { prompt, choices, borrow, signal }: ChoicesRequest,
): Promise<ChoiceTokens[]> {
  if (choices.length === 0) throw new TypeError('choices is empty: give at least one')
  if (choices.includes('')) throw new TypeError('choices has an empty string: every choice needs a character')
  const encoded = context.encode(prompt, { open: true })
  const ids = choices.map((choice) => context.tokenizer.encodePlain(choice))
  checkLength(encoded, context, Math.max(...ids.map(({ length }) => length)))
  const borrowed = borrow(encoded)
  try {
    const { logits, cache } = await context.reader.read(encoded, {
      cache: borrowed.cache,
      end: encoded.ids.length,
      signal,
    })
    try {
      const scored: ChoiceTokens[] = []
      for (const [i, choice] of choices.entries()) {
        const rest = await readRest(context, { encoded, cache, ids: ids[i]!, signal })
        const logProbabilities = [...logits, ...rest].map((row, k) => logProbability(row, ids[i]![k]!))
        scored.push({ choice, ids: ids[i]!, logProbabilities })
      }
      return scored
    } finally {
      disposeCache(cache)
    }
  } finally {
    borrowed.release()
  }
}

/** Rows of logits after each token of a continuation but the last. */
async function readRest(
  { reader }: ModelContext,
  {
    encoded,
    cache,
    ids,
    signal,
  }: CallOptions & { encoded: ReadablePrompt; cache: KeyValueCache; ids: readonly number[] },
): Promise<readonly Float32Array[]> {
  if (ids.length < 2) return []
  const output = await reader.append(ids.slice(0, -1), { prompt: encoded, cache, signal })
  disposeCache(output.cache)
  return output.logits
}

/** Probabilities of choices: softmax over the mean or the sum of their log probabilities. */
export function compareChoices(choices: readonly ChoiceTokens[], measure: 'mean' | 'sum'): number[] {
  const values = choices.map(({ logProbabilities }) => {
    const sum = logProbabilities.reduce((total, value) => total + value, 0)
    return measure === 'mean' ? sum / logProbabilities.length : sum
  })
  const top = Math.max(...values)
  const weights = values.map((value) => Math.exp(value - top))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
