import type {
  Answerer,
  AnswerPart,
  CallOptions,
  GenerateOptions,
  Generator,
  Memory,
  PromptPart,
  PromptTurn,
} from '@perstream/spec'
import { afterThinking } from '../thinking'
import { CitedText } from './cited-text'
import { citationOf, type MemoryContext, memoryContext } from './context'
import { dataBlock, dataRule } from './data-block'
import { currentViews, viewsOf } from './memory-views'
import { supportingMemories } from './support'
import { rulesTurn } from './write-reply'

/** Options of {@link createGeneratorAnswerer}. */
export interface GeneratorAnswererOptions extends Pick<GenerateOptions, 'temperature' | 'topK' | 'topP' | 'seed'> {
  /** Characters of memories that the model is shown, header included, 100 or more. Default 1000, the prototype's. */
  readonly contextCharacters?: number | undefined
  /** Tokens of an answer at most. Default 200. */
  readonly maxNewTokens?: number | undefined
  /** The space of visual embeddings that the generator reads: grids of memories and of the moment that are of it are shown. Default: none is. */
  readonly space?: string | undefined
  /** Grids of memories shown at most, those of the best memories. Default 10. */
  readonly maxGrids?: number | undefined
  /** What is said when no memory carries an answer. Default "I did not see that." */
  readonly notSeenText?: string | undefined
}

const rules = `You answer questions of a person about what they saw, from their numbered memories alone. Answer in one or two short sentences and cite the memory that you used by its number in brackets, like [1]. If the memories do not tell, reply with NOT SEEN.
${dataRule}`

/**
 * Makes an answerer of a generator. An answer cites memories by their numbers, and streams from its first citation
 * on; one without numbers cites the memories that share its content words, those of the question aside. What then
 * cites nothing is 'not-seen', whatever it claims. Without memories or a question the model is not asked. Greedy
 * unless told otherwise. (BEHAVIOUR 8.2)
 * @throws TypeError for an option out of range
 */
export function createGeneratorAnswerer(generator: Generator, options: GeneratorAnswererOptions = {}): Answerer {
  const { contextCharacters = 1000, maxNewTokens = 200, maxGrids = 10, notSeenText = 'I did not see that.' } = options
  const { space, temperature, topK, topP, seed } = options
  const sampling = { temperature, topK, topP, seed }
  if (!(contextCharacters >= 100)) {
    throw new TypeError(`contextCharacters is ${contextCharacters}: it must be 100 or more`)
  }
  if (!(maxGrids >= 0)) throw new TypeError(`maxGrids is ${maxGrids}: it must be 0 or more`)
  if (notSeenText.trim() === '') throw new TypeError('notSeenText is blank: say in words that there is no answer')
  return {
    async *answer(request, { signal } = {}) {
      signal?.throwIfAborted()
      const context = memoryContext(request.memories, contextCharacters)
      if (context.memories.length === 0 || !/[\p{L}\p{N}]/u.test(request.question)) {
        yield { kind: 'not-seen', text: notSeenText }
        return
      }
      const stored = await viewsOf(context.memories, { read: request.grid, space, limit: maxGrids, signal })
      const views = [...stored, ...currentViews(request.moment.shortTerm ?? [], space)]
      const prompt = toPrompt(request.question, context, views)
      const pieces = generator.generate(prompt, { ...sampling, maxNewTokens, signal })
      yield* toParts(pieces, { question: request.question, memories: context.memories, notSeenText, signal })
    },
  }
}

function toPrompt(question: string, { text }: MemoryContext, views: readonly PromptPart[]): PromptTurn[] {
  const parts: PromptPart[] = [
    { kind: 'text', text: `${dataBlock(text.trimEnd())}\n\n` },
    ...views,
    { kind: 'text', text: `Question: ${question.trim()}` },
  ]
  return [rulesTurn(rules), { role: 'user', parts }]
}

interface ReadOptions extends CallOptions {
  readonly question: string
  readonly memories: readonly Memory[]
  readonly notSeenText: string
}

async function* toParts(
  pieces: AsyncIterable<string>,
  { question, memories, notSeenText, signal }: ReadOptions,
): AsyncGenerator<AnswerPart, void, void> {
  const reader = new CitedText(memories)
  for await (const piece of afterThinking(pieces)) yield* reader.add(piece)
  signal?.throwIfAborted()
  yield* reader.end()
  if (reader.cited) return
  const carrying = reader.notSeen ? [] : supportingMemories(reader.text, { question, memories })
  if (carrying.length === 0) {
    yield { kind: 'not-seen', text: notSeenText }
    return
  }
  yield { kind: 'text', text: reader.text }
  for (const memory of carrying) yield { kind: 'citation', citation: citationOf(memory) }
}
