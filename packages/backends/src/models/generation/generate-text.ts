import { createRandom } from '@perstream/kit'
import type { GenerateOptions, PromptTurn } from '@perstream/spec'
import type { BorrowedCache } from './borrow-cache'
import { type GenerationPlan, planGeneration } from './check-options'
import { disposeCache } from './key-value-cache'
import { checkLength, type ModelContext } from './model-context'
import type { ReadablePrompt } from './prompt-reader'
import { chooseToken, logProbability } from './sampling'
import { createTextStream } from './text-stream'

/** What {@link generateText} writes after. */
export interface GenerateRequest {
  readonly prompt: readonly PromptTurn[]
  readonly options: GenerateOptions
  borrow(prompt: ReadablePrompt): BorrowedCache
}

/** Writes text after a prompt, piece by piece as it becomes certain. */
export async function* generateText(
  context: ModelContext,
  { prompt, options, borrow }: GenerateRequest,
): AsyncGenerator<string, void, void> {
  const plan = planGeneration(options)
  const encoded = context.encode(prompt, { open: true })
  checkLength(encoded, context, plan.maxNewTokens)
  const text = createTextStream(plan.stop)
  for await (const id of generateTokens(context, { encoded, plan, options, borrow })) {
    const certain = text.push(context.tokenizer.bytes(id) ?? new Uint8Array(0))
    if (certain !== '') yield certain
    if (text.stopped) return
  }
  const rest = text.end()
  if (rest !== '') yield rest
}

interface TokenRequest {
  readonly encoded: ReadablePrompt
  readonly plan: GenerationPlan
  readonly options: GenerateOptions
  readonly borrow: GenerateRequest['borrow']
}

/** Ids of the tokens after a prompt, up to the end token, which is left out. Leaving the loop frees the caches. */
async function* generateTokens(
  { reader, endTokens }: ModelContext,
  { encoded, plan, options: { signal, onToken }, borrow }: TokenRequest,
): AsyncGenerator<number, void, void> {
  const random = createRandom(plan.seed)
  const borrowed = borrow(encoded)
  let { cache } = borrowed
  try {
    let output = await reader.read(encoded, { cache, end: encoded.ids.length, signal })
    cache = output.cache
    for (let count = 1; ; count++) {
      const logits = output.logits[0]!
      const id = chooseToken(logits, plan, random)
      if (endTokens.has(id)) return
      onToken?.({ id, probability: Math.exp(logProbability(logits, id)) })
      yield id
      if (count === plan.maxNewTokens) return
      output = await reader.append([id], { prompt: encoded, cache, signal })
      disposeCache(cache)
      cache = output.cache
    }
  } finally {
    if (cache !== borrowed.cache) disposeCache(cache)
    borrowed.release()
  }
}
