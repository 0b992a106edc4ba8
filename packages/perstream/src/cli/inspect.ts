import { Command } from 'commander'
import type { CommandContext } from './context'
import { bytes, clock, count, oneLine, range, shortId, sourceName, wrap } from './format'
import { openMemory } from './open-memory'

export function inspectCommand(context: CommandContext): Command {
  return new Command('inspect')
    .description('show what is in a memory: counts, categories, newest memories, sizes')
    .argument('<dir>', 'folder of the memory')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  perstream inspect memory')
    .action(async (directory: string, { json }: { json?: true }) => {
      const summary = await summarize(directory, context)
      context.out(json ? JSON.stringify(summary) : show(summary, context))
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

function show(summary: Summary, { columns }: CommandContext): string {
  const { directory, memories, forgotten, entities, relations, categories, diskBytes, newest, sources } = summary
  const total = [
    count(memories, 'memory', 'memories'),
    count(entities, 'entity', 'entities'),
    count(relations, 'relation'),
    ...(forgotten > 0 ? [`${forgotten} forgotten`] : []),
    `${bytes(summary.bytes)} live`,
    `${bytes(diskBytes)} on disk`,
    ...(summary.space === undefined ? [] : [`embeddings of ${summary.space}`]),
  ]
  const perCategory = Object.entries(categories).map(([name, number]) => `  ${String(number).padStart(5)}  ${name}`)
  const perSource = sources.map(({ source, seconds }) => `  ${sourceName(source)} to ${clock(seconds)}`)
  const lines = newest.map(({ id, text, evidence: [first] }) =>
    wrap(`  ${shortId(id)}  ${(first ? range(first) : '').padEnd(16)}  ${oneLine(text)}`, { columns, indent: 30 }),
  )
  const section = (title: string, rows: readonly string[]) => (rows.length > 0 ? ['', title, ...rows] : [])
  return [
    wrap(`${directory}: ${total.join(', ')}`, { columns, indent: 2 }),
    ...section('by category', perCategory),
    ...section('watched', perSource),
    ...section('newest', lines),
  ].join('\n')
}
