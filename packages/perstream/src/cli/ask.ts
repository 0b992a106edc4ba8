import { collectAnswer, createExtractiveAnswerer } from '@perstream/responder'
import type { Answer } from '@perstream/spec'
import { Command } from 'commander'
import { liteTopK } from '../presets/lite'
import type { CommandContext } from './context'
import { UsageError } from './exit'
import { oneLine, range } from './format'
import { openMemoryForAsking } from './open-memory'

export function askCommand(context: CommandContext): Command {
  return new Command('ask')
    .description('answer a question from a memory')
    .argument('<dir>', 'folder of the memory')
    .argument('<question>', 'what to ask')
    .option('--json', 'print the answer as one JSON object')
    .addHelpText('after', '\nExample:\n  perstream ask memory "When is my dentist appointment?"')
    .action(async (directory: string, question: string, { json }: { json?: true }) => {
      if (question.trim() === '') throw new UsageError('The question is empty: give the words to ask.')
      const answer = await askMemory(context, directory, question)
      context.out(json ? JSON.stringify({ type: 'answered', question, seconds: null, ...answer }) : showAnswer(answer))
    })
}

async function askMemory(context: CommandContext, directory: string, question: string): Promise<Answer> {
  await using memory = await openMemoryForAsking(directory, context)
  const memories = await memory.graph.retrieve({ text: question, limit: liteTopK }, { signal: context.signal })
  const request = { question, memories, moment: { now: Date.now() } }
  return collectAnswer(createExtractiveAnswerer().answer(request, { signal: context.signal }))
}

/** An answer as a person reads it: the words, then what carries them. */
export function showAnswer({ text, citations }: Answer): string {
  const evidence = citations.flatMap((citation) => [
    `    "${oneLine(citation.text)}"  [${citation.memoryId}]`,
    ...citation.evidence.map((item) => `      seen at ${range(item)} in ${item.source}`),
  ])
  return [`  ${text.replace(/\n/g, '\n  ')}`, ...evidence].join('\n')
}
