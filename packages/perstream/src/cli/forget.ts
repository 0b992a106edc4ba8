import { PerStreamError } from '@perstream/spec'
import { Command } from 'commander'
import type { CommandContext } from './context'
import { count } from './format'
import { openMemory } from './open-memory'

export function forgetCommand(context: CommandContext): Command {
  return new Command('forget')
    .description('erase memories: their words, evidence and relations leave the files')
    .argument('<dir>', 'folder of the memory')
    .argument('<id...>', 'ids, as "inspect" and "ask" show them')
    .addHelpText('after', '\nExample:\n  perstream forget memory 4f2a81c09d')
    .action(async (directory: string, ids: string[]) => {
      await using memory = await openMemory(directory, 'write', context)
      const unknown = ids.filter((id) => memory.graph.get(id) === undefined)
      if (unknown.length > 0)
        throw new PerStreamError(
          'memory-not-found',
          `${directory} has no memory ${unknown.join(', ')}. Nothing was forgotten.`,
          {
            fields: { ids: unknown },
          },
        )
      const forgotten = await memory.graph.delete(ids, { signal: context.signal })
      context.out(`Forgot ${count(forgotten, 'memory', 'memories')}.`)
    })
}
