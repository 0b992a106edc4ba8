import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
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
      await mustBeFile(path)
      await using memory = await openMemory(directory, 'create', context)
      const { imported, skipped } = await named(
        { path, directory },
        memory.graph.import(readLines(path), { signal: context.signal }),
      )
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

/** Names the file in what is said against its lines, and the way out where its vectors are of another space. */
async function named<Result>(
  { path, directory }: { readonly path: string; readonly directory: string },
  reading: Promise<Result>,
): Promise<Result> {
  return reading.catch((cause: unknown) => {
    if (!PerStreamError.isInstance(cause)) throw cause
    const { stored } = cause.fields
    const advice =
      cause.code === 'space-mismatch'
        ? `. Import it into a folder of its own, move that to the space of ${directory} (${stored}) with "perstream reembed", and export it again`
        : ''
    const message = `${path}: ${cause.message}${advice}`
    throw new PerStreamError(cause.code, message, { fields: { ...cause.fields, path }, cause })
  })
}

/** Before a memory is made for it. */
async function mustBeFile(path: string): Promise<void> {
  const reason = await stat(path).then(
    (found) => (found.isDirectory() ? 'it is a folder' : undefined),
    (cause: Error) => cause.message,
  )
  if (reason !== undefined)
    throw new PerStreamError('input-invalid', `${path} cannot be read: ${reason}`, { fields: { path } })
}

/** The lines of a file, blank ones left out. (`node:readline` loses lines that come before it is iterated, and errors.) */
async function* readLines(path: string): AsyncGenerator<string, void, void> {
  let rest = ''
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = (rest + chunk).split(/\r?\n/)
    rest = lines.pop()!
    yield* lines.filter((line) => line !== '')
  }
  if (rest !== '') yield rest
}
