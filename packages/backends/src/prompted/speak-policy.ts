import { createSpeechLimits, type SpeechLimitOptions } from '@perstream/kit'
import type { CallOptions, ChoiceScorer, Generator, PromptTurn, SpeakPolicy, Speech } from '@perstream/spec'
import { citationOf, type MemoryContext, memoryContext } from './context'
import { dataBlock, dataRule } from './data-block'
import { rulesTurn, wordsTurn, writeReply } from './write-reply'

/** Options of {@link createChoiceSpeakPolicy}. */
export interface ChoiceSpeakPolicyOptions extends SpeechLimitOptions {
  /** Speaks when the probability of "Yes" is greater, 0..1. Default 0.5; calibrate it on your own streams. */
  readonly threshold?: number | undefined
  /** Characters of memories that the model is shown, 100 or more. Default 1000. */
  readonly contextCharacters?: number | undefined
  /** Tokens of what it says at most. Default 200. */
  readonly maxNewTokens?: number | undefined
}

const rules = `You accompany a person who wears a camera. You speak up by yourself only when a memory matters to what is happening right now and the person would want to know.
${dataRule}`

/**
 * Makes a speak policy of a model that gives the probabilities of choices: asked yes or no whether to speak, and what
 * to say when "Yes" is likelier than the threshold. It cites the memories it was shown. Nothing in view or in memory,
 * and limits that are reached, are silence without asking.
 * @throws TypeError for an option out of range
 */
export function createChoiceSpeakPolicy(
  model: ChoiceScorer & Generator,
  { threshold = 0.5, contextCharacters = 1000, maxNewTokens = 200, ...limitOptions }: ChoiceSpeakPolicyOptions = {},
): SpeakPolicy {
  if (!(threshold >= 0 && threshold <= 1)) throw new TypeError(`threshold is ${threshold}: it must be in 0..1`)
  if (!(contextCharacters >= 100))
    throw new TypeError(`contextCharacters is ${contextCharacters}: it must be 100 or more`)
  const limits = createSpeechLimits(limitOptions)

  return {
    async consider(request, { signal } = {}) {
      signal?.throwIfAborted()
      const context = memoryContext(request.memories, contextCharacters)
      const seen = request.captions.map(({ text }) => text.trim()).filter(Boolean)
      if (seen.length === 0) return silence('nothing is in view')
      if (context.memories.length === 0) return silence('no memory bears on the moment')
      const limit = limits.reached(request.now)
      if (limit) return silence(limit)
      const probability = await askWhether(model, { seen, context, signal })
      if (!(probability > threshold)) return silence('the model would rather be silent', probability)
      const prompt = [
        rulesTurn(rules),
        wordsTurn(`${situation(seen, context)}\n\nSay in one short sentence what the person should know now.`),
      ]
      const text = (await writeReply(model, prompt, { maxNewTokens, signal })).text.trim()
      if (text === '') return silence('the model had no words', probability)
      limits.spoke(request.now)
      return { kind: 'spoke', text, citations: context.memories.map(citationOf), probability }
    },
  }
}

function silence(reason: string, probability?: number): Speech {
  return { kind: 'silent', reason, probability }
}

interface Situation extends CallOptions {
  readonly seen: readonly string[]
  readonly context: MemoryContext
}

async function askWhether(scorer: ChoiceScorer, { seen, context, signal }: Situation): Promise<number> {
  const question = 'Should you speak up now? Answer yes or no.'
  const prompt: PromptTurn[] = [rulesTurn(rules), wordsTurn(`${situation(seen, context)}\n\n${question}`)]
  const [yes] = await scorer.score(prompt, ['Yes', 'No'], { signal })
  return yes!
}

function situation(seen: readonly string[], context: MemoryContext): string {
  return `${dataBlock(context.text.trimEnd())}\n\nIn view now:\n${dataBlock(seen.join('\n'))}`
}
