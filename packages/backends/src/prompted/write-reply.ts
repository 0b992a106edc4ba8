import type { GenerateOptions, Generator, PromptTurn } from '@perstream/spec'
import { afterThinking } from '../thinking'

/** A whole reply. */
export interface Reply {
  readonly text: string
  /** Mean probability of its tokens; undefined when the generator does not know them. */
  readonly confidence: number | undefined
}

/** Gathers a whole reply of a generator, without what it thought before. */
export async function writeReply(
  generator: Generator,
  prompt: readonly PromptTurn[],
  options: GenerateOptions,
): Promise<Reply> {
  let text = ''
  let sum = 0
  let tokens = 0
  const onToken: NonNullable<GenerateOptions['onToken']> = ({ probability }) => {
    sum += probability
    tokens++
  }
  for await (const piece of afterThinking(generator.generate(prompt, { ...options, onToken }))) text += piece
  options.signal?.throwIfAborted()
  return { text, confidence: tokens === 0 ? undefined : sum / tokens }
}

/** One user turn of words. */
export function wordsTurn(text: string): PromptTurn {
  return { role: 'user', parts: [{ kind: 'text', text }] }
}

/** One system turn of words. */
export function rulesTurn(text: string): PromptTurn {
  return { role: 'system', parts: [{ kind: 'text', text }] }
}
