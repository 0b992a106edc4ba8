import { collectAnswer, createExtractiveAnswerer } from '@perstream/responder'
import type { Answer } from '@perstream/spec'
import { Command } from 'commander'
import { liteTopK } from '../presets/lite'
import { parseQuestion } from './arguments'
import type { CommandContext } from './context'
import { oneLine, range, shortId, sourceName, wrap } from './format'
import { modelsOption } from './models-folder'
import { openMemoryForAsking } from './open-memory'
import { publishedReranker } from './published-models'
import { type RerankerFlags, rerankerOption } from './reranker'
import { type TextFlags, textOption } from './text-encoder'

export function askCommand(context: CommandContext): Command {
  return new Command('ask')
    .description('answer a question from a memory')
    .argument('<dir>', 'folder of the memory')
    .argument('<question>', 'what to ask', parseQuestion)
    .addOption(textOption('what the vectors of the memory were made by'))
    .addOption(rerankerOption())
    .addOption(modelsOption())
    .option('--json', 'print the answer as one JSON object')
    .addHelpText('after', examples)
    .action(async (directory: string, question: string, { json, ...flags }: AskFlags & { json?: true }) => {
      const answer = await askMemory(context, directory, { question, flags })
      context.out(
        json ? JSON.stringify({ type: 'answered', question, seconds: null, ...answer }) : showAnswer(answer, context),
      )
    })
}

type AskFlags = TextFlags & RerankerFlags

const examples = `
Examples:
  perstream ask memory "When is my dentist appointment?"
  perstream ask memory "Where did I park?" --reranker ${publishedReranker}`

interface Asked {
  readonly question: string
  readonly flags: AskFlags
}

async function askMemory(context: CommandContext, directory: string, { question, flags }: Asked): Promise<Answer> {
  await using memory = await openMemoryForAsking(directory, flags, context)
  const memories = await memory.graph.retrieve({ text: question, limit: liteTopK }, { signal: context.signal })
  const request = { question, memories, moment: { now: Date.now() } }
  return collectAnswer(createExtractiveAnswerer().answer(request, { signal: context.signal }))
}

/** An answer as a person reads it: the words, then what carries them. */
export function showAnswer({ text, citations }: Answer, { columns }: Pick<CommandContext, 'columns'>): string {
  const evidence = citations.flatMap(({ memoryId, text: words, evidence: seen }) => [
    wrap(`  [${shortId(memoryId)}] ${oneLine(words)}`, { columns, indent: 13 }),
    ...seen.map((item) => [' '.repeat(12), range(item), 'in', sourceName(item.source)].filter(Boolean).join(' ')),
  ])
  return [wrap(`  ${oneLine(text)}`, { columns, indent: 2 }), ...evidence].join('\n')
}
