import { createReadStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { PerStreamError } from '@perstream/spec'
import { Command } from 'commander'
import type { CommandContext } from './context'
import { count } from './format'
import { openMemory } from './open-memory'

export function exportCommand(context: CommandContext): Command {
  return new Command('export')
    .description('write a memory to a JSON Lines file, vectors and all')
    .argument('<dir>', 'folder of the memory')
    .argument('<file>', 'file to write; an existing one is replaced')
    .addHelpText('after', '\nExample:\n  perstream export memory memory.jsonl')
    .action(async (directory: string, path: string) => {
      await using memory = await openMemory(directory, 'read', context)
      const lines = await writeLines(path, memory.graph.export(), context.signal)
      context.out(`Wrote ${count(lines, 'line')} to ${path}.`)
    })
}

export function importCommand(context: CommandContext): Command {
  return new Command('import')
    .description('read a JSON Lines file that "export" wrote into a memory')
    .argument('<dir>', 'folder of the memory; made when it is not there')
    .argument('<file>', 'file to read')
    .addHelpText('after', '\nExample:\n  perstream import memory memory.jsonl')
    .action(async (directory: string, path: string) => {
      const lines = createInterface({ input: await readable(path), crlfDelay: Number.POSITIVE_INFINITY })
      await using memory = await openMemory(directory, 'write', context)
      const { imported, skipped } = await memory.graph.import(lines, { signal: context.signal })
      context.out(`Read ${count(imported, 'memory', 'memories')} from ${path}; ${skipped} known already.`)
    })
}

/** Writes beside the file first, so that a failed export leaves what was there. */
async function writeLines(path: string, lines: AsyncIterable<string>, signal: AbortSignal): Promise<number> {
  const beside = `${path}.${process.pid}.tmp`
  let written = 0
  try {
    const file = await open(beside, 'w')
    try {
      for await (const line of lines) {
        signal.throwIfAborted()
        await file.write(`${line}\n`)
        written++
      }
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (cause) {
    await rm(beside, { force: true })
    throw cause
  }
  return written
}

async function readable(path: string) {
  try {
    const file = await open(path)
    await file.close()
  } catch (cause) {
    throw new PerStreamError('input-invalid', `${path} cannot be read: ${(cause as Error).message}`, {
      fields: { path },
      cause,
    })
  }
  return createReadStream(path)
}
