import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createMemoryGraph, type MemoryGraph } from '@perstream/pmg'
import { openFileStore } from '@perstream/pmg/files'
import { PerStreamError, type TextEncoder } from '@perstream/spec'
import type { CommandContext } from './context'

/** A memory in a folder, opened by a command. */
export interface OpenMemory extends AsyncDisposable {
  readonly graph: MemoryGraph
  /** Bytes of its files. */
  diskBytes(): Promise<number>
}

/**
 * Opens the memory in a folder: to read, to write, or to write and make it when it is not there. A second writer is refused.
 * @throws PerStreamError `store-locked`, `store-corrupt`, `store-version`; `memory-not-found` when there is none and it is not made
 */
export async function openMemory(
  directory: string,
  mode: 'read' | 'write' | 'create',
  { note, signal }: CommandContext,
  text?: TextEncoder,
): Promise<OpenMemory> {
  if (mode !== 'create') await mustExist(directory)
  const onWarning = ({ message }: { message: string }) => note(`perstream: ${message}`)
  const store = await openFileStore(directory, { mode: mode === 'read' ? 'read' : 'write', onWarning, signal })
  try {
    const graph = await createMemoryGraph({ store, text })
    return {
      graph,
      diskBytes: () => folderBytes(directory),
      async [Symbol.asyncDispose]() {
        await graph[Symbol.asyncDispose]()
        await store[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
  }
}

/** Opens a memory to ask it: with the text encoder its vectors were made by, or by words alone, and then says so. */
export async function openMemoryForAsking(directory: string, context: CommandContext): Promise<OpenMemory> {
  await mustExist(directory)
  const encoder = await liteEncoder(context)
  const memory = await openMemory(directory, 'read', context, encoder)
  return {
    ...memory,
    async [Symbol.asyncDispose]() {
      await memory[Symbol.asyncDispose]()
      await encoder?.[Symbol.asyncDispose]()
    },
  }
}

async function liteEncoder({ note, signal }: CommandContext) {
  try {
    const { createUseLiteEncoder } = await import('@perstream/lite')
    return await createUseLiteEncoder({ signal })
  } catch (error) {
    signal.throwIfAborted()
    note(
      `perstream: searching by words only, since the text encoder cannot run: ${(error as Error).message.split('\n')[0]}`,
    )
    return undefined
  }
}

async function mustExist(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined)
  if (!found?.isDirectory())
    throw new PerStreamError(
      'memory-not-found',
      `There is no memory in ${directory}: ${found ? 'it is not a folder' : 'the folder does not exist'}. "perstream run VIDEO --store ${directory}" makes one.`,
      { fields: { directory } },
    )
}

async function folderBytes(directory: string): Promise<number> {
  const names = await readdir(directory)
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(directory, name)).catch(() => undefined))?.size ?? 0),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
