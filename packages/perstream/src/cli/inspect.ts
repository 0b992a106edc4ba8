import { Command } from 'commander'
import type { CommandContext } from './context'
import { bytes, count, oneLine, range } from './format'
import { openMemory } from './open-memory'

export function inspectCommand(context: CommandContext): Command {
  return new Command('inspect')
    .description('show what is in a memory: counts, categories, newest memories, sizes')
    .argument('<dir>', 'folder of the memory')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  perstream inspect memory')
    .action(async (directory: string, { json }: { json?: true }) => {
      const summary = await summarize(directory, context)
      context.out(json ? JSON.stringify(summary) : show(summary))
    })
}

type Summary = Awaited<ReturnType<typeof summarize>>

const newestShown = 10

async function summarize(directory: string, context: CommandContext) {
  await using memory = await openMemory(directory, 'read', context)
  const stats = memory.graph.stats()
  const all = memory.graph.list()
  const newest = [...all].sort((a, b) => b.updatedAt - a.updatedAt).slice(0, newestShown)
  return { directory, ...stats, diskBytes: await memory.diskBytes(), newest }
}

function show({ directory, memories, entities, relations, categories, diskBytes, newest }: Summary): string {
  const total = [
    count(memories, 'memory', 'memories'),
    count(entities, 'entity', 'entities'),
    count(relations, 'relation'),
  ]
  const perCategory = Object.entries(categories)
    .sort(([, a], [, b]) => b - a)
    .map(([category, number]) => `  ${String(number).padStart(5)}  ${category}`)
  const lines = newest.map(({ id, text, evidence }) => {
    const [first] = evidence
    return `  ${id}  ${first ? range(first).padEnd(14) : ''.padEnd(14)}  ${oneLine(text)}`
  })
  return [
    `${directory}: ${total.join(', ')}, ${bytes(diskBytes)} on disk`,
    ...(perCategory.length > 0 ? ['', 'by category', ...perCategory] : []),
    ...(lines.length > 0 ? ['', 'newest', ...lines] : []),
  ].join('\n')
}
