import type { MemoryGraph } from '@perstream/pmg'
import { type ReductionReport, reduceTo } from '@perstream/reduction'
import { Command } from 'commander'
import { planWithin } from '../pipeline/budget'
import { parseSize } from './arguments'
import type { CommandContext } from './context'
import { folderBytes, openMemory } from './open-memory'
import { type Reduced, showDone, showPlan } from './reduce-table'
import { defaultStrategyName, type StrategyName, strategyOf, strategyOption } from './strategies'

interface ReduceFlags {
  readonly to: number
  readonly strategy?: StrategyName
  readonly dryRun?: true
  readonly json?: true
}

export function reduceCommand(context: CommandContext): Command {
  return new Command('reduce')
    .description('make a memory smaller: show what would go, then let it go')
    .argument('<dir>', 'folder of the memory')
    .requiredOption('--to <size>', 'live bytes that may be left: 100MB, 1.5GB, 300MiB or plain bytes', parseSize)
    .addOption(strategyOption())
    .option('--dry-run', 'show what would go, and change nothing')
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples)
    .action((directory: string, flags: ReduceFlags) => reduce(directory, flags, context))
}

const examples = `
Examples:
  perstream reduce memory --to 100MB --dry-run            what would go
  perstream reduce memory --to 100MB                      that goes
  perstream reduce memory --to 20MB --strategy nsbg       whole memories go, the coldest first

Vectors and pictures go before words where the strategy says so. What goes cannot be brought back.`

async function reduce(directory: string, flags: ReduceFlags, context: CommandContext): Promise<void> {
  const planned = await change(directory, flags, context)
  const hasGone = !planned.dryRun && planned.report.memories > 0
  // Closed by now: the journal is merged, and what went is in no file.
  const done = hasGone ? { ...planned, diskAfter: await folderBytes(directory) } : planned
  if (flags.json) context.out(JSON.stringify(done))
  else context.out(showDone(done))
}

/** What goes leaves the files at once, and no index takes the room again: the next run writes it. */
const smallest = { compactAfterBytes: 0, mostDiskBytes: 0 }

/** Shows what goes, then lets it go. */
async function change(directory: string, flags: ReduceFlags, context: CommandContext): Promise<Reduced> {
  const { to, strategy: name = defaultStrategyName, dryRun = false, json } = flags
  const { signal } = context
  const strategy = strategyOf(name)
  await using memory = await openMemory(directory, dryRun ? 'read' : 'write', context, smallest)
  const { graph } = memory
  const report = await planWithin(graph, to, { strategy, signal })
  const examples = examplesOf(graph, report)
  const diskBefore = await memory.diskBytes()
  const planned: Reduced = { directory, budget: to, strategy: name, dryRun, report, examples, diskBefore }
  if (!json) context.out(showPlan(planned, context))
  if (dryRun || report.memories === 0) return planned
  const done = await reduceTo(graph, to, { strategy, signal })
  return { ...planned, report: { ...done, bytesAfter: graph.bytes } }
}

/** How many of the memories that lose their words are shown. */
const shown = 5

function examplesOf(graph: MemoryGraph, { forgotten }: ReductionReport): Reduced['examples'] {
  return forgotten.slice(0, shown).map((id) => {
    const { text, category, learnedAt, validFrom } = graph.get(id)!
    return { id, text, category, learnedAt, validFrom }
  })
}
