import type { ChoiceScorer, GenerateOptions, Generator, PromptTurn } from '@perstream/spec'

/** A generator whose replies are given, in pieces of three characters; it keeps what it was asked. */
export interface ScriptedGenerator extends Generator, ChoiceScorer {
  readonly prompts: (readonly PromptTurn[])[]
  readonly options: GenerateOptions[]
}

/** Makes a generator that gives these replies one after the other, the last one again and again. */
export function scriptedGenerator(
  replies: readonly string[],
  { probability, yes = 0.5 }: { readonly probability?: number; readonly yes?: number } = {},
): ScriptedGenerator {
  const prompts: (readonly PromptTurn[])[] = []
  const asked: GenerateOptions[] = []
  return {
    prompts,
    options: asked,
    async *generate(prompt, options = {}) {
      options.signal?.throwIfAborted()
      const reply = replies[Math.min(prompts.length, replies.length - 1)]!
      prompts.push(prompt)
      asked.push(options)
      for (let i = 0; i < reply.length; i += 3) {
        if (probability !== undefined) options.onToken?.({ id: i, probability })
        yield reply.slice(i, i + 3)
      }
    },
    async score(prompt, choices, { signal } = {}) {
      signal?.throwIfAborted()
      prompts.push(prompt)
      return choices.map((choice) => (choice === 'Yes' ? yes : 1 - yes))
    },
  }
}

/** All words of a prompt. */
export function wordsOf(prompt: readonly PromptTurn[]): string {
  return prompt
    .flatMap(({ parts }) => parts.map((part) => (part.kind === 'text' ? part.text : `[${part.kind}]`)))
    .join('\n')
}
