import { PerStreamError } from '@perstream/spec'
import { Command } from 'commander'
import type { CommandContext } from './context'
import { count } from './format'
import { openMemory } from './open-memory'

export function forgetCommand(context: CommandContext): Command {
  return new Command('forget')
    .description('erase memories: their words, evidence and relations leave the files')
    .argument('<dir>', 'folder of the memory')
    .argument('<id...>', 'ids, or how they begin, as "inspect" and "ask" show them')
    .addHelpText('after', '\nExample:\n  perstream forget memory 4f2a81c09d')
    .action(async (directory: string, ids: string[]) => {
      await using memory = await openMemory(directory, 'write', context)
      const known = memory.graph.list().map(({ id }) => id)
      const whole = ids.map((id) => resolveId(id, known, directory))
      const forgotten = await memory.graph.delete(whole, { signal: context.signal })
      context.out(`Forgot ${count(forgotten, 'memory', 'memories')}.`)
    })
}

/** The one id that begins so. @throws PerStreamError `memory-not-found` when there is none, or more than one */
function resolveId(beginning: string, known: readonly string[], directory: string): string {
  const [found, ...others] = known.filter((id) => id.startsWith(beginning))
  if (found !== undefined && others.length === 0) return found
  const reason = found === undefined ? `has no memory ${beginning}` : `has ${others.length + 1} memories ${beginning}…`
  throw new PerStreamError('memory-not-found', `${directory} ${reason}. Nothing was forgotten.`, {
    fields: { id: beginning },
  })
}
