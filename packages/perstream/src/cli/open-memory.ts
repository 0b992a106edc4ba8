import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createMemoryGraph, type MemoryGraph } from '@perstream/pmg'
import { type FileMemoryStore, openFileStore, openTensorFiles } from '@perstream/pmg/files'
import { PerStreamError, type Reranker, type TensorStore, type TextEncoder } from '@perstream/spec'
import type { CommandContext } from './context'
import { openReranker, type RerankerFlags } from './reranker'
import { liteSpace, liteText, openTextEncoder, type TextFlags } from './text-encoder'

/** A memory in a folder, opened by a command. */
export interface OpenMemory extends AsyncDisposable {
  readonly graph: MemoryGraph
  /** Bytes of its files. */
  diskBytes(): Promise<number>
}

/** What a memory is opened with. */
export interface OpenMemoryOptions {
  readonly text?: TextEncoder | undefined
  readonly reranker?: Reranker | undefined
  /** Makes a place for grids where there is none yet. */
  readonly grids?: boolean | undefined
  /** Bytes of journal beyond which it is merged. */
  readonly compactAfterBytes?: number | undefined
  /** Bytes that the files may take with an index; it is written only where it fits. */
  readonly mostDiskBytes?: number | undefined
}

/**
 * Opens the memory in a folder: to read, to write, or to write and make it when it is not there. A second writer is refused. Grids lie
 * in a folder in it: whoever writes opens them too where there are any, as what is forgotten must leave them.
 * @throws PerStreamError `store-locked`, `store-corrupt`, `store-version`; `memory-not-found` when there is none and it is not made
 */
export async function openMemory(
  directory: string,
  mode: 'read' | 'write' | 'create',
  { note, signal }: CommandContext,
  { text, reranker, grids = false, compactAfterBytes, mostDiskBytes }: OpenMemoryOptions = {},
): Promise<OpenMemory> {
  if (mode !== 'create') await mustExist(directory)
  const onWarning = ({ message }: { message: string }) => note(`perstream: ${message}`)
  const access = { mode: mode === 'read' ? 'read' : 'write', onWarning, signal } as const
  const store = await openFileStore(directory, { ...access, compactAfterBytes })
  let tensors: TensorStore | undefined
  try {
    const folder = join(directory, gridFolder)
    if (mode !== 'read' && (grids || (await isFolder(folder))))
      tensors = await openTensorFiles(folder, { ...access, precision: 'f16' })
    const indexed = mostDiskBytes === undefined ? store : withinBytes(store, directory, mostDiskBytes)
    const graph = await createMemoryGraph({ store: indexed, text, reranker, tensors })
    return {
      graph,
      diskBytes: () => folderBytes(directory),
      async [Symbol.asyncDispose]() {
        await graph[Symbol.asyncDispose]()
        await tensors?.[Symbol.asyncDispose]()
        await store[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await tensors?.[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    throw error
  }
}

/** A store that keeps an index only where that leaves its folder below so many bytes: a memory without one opens more slowly, and that is all. */
function withinBytes(store: FileMemoryStore, directory: string, most: number): FileMemoryStore {
  return {
    ...store,
    async writeIndex(sections, options) {
      const needed = Array.from(sections.values(), ({ byteLength }) => byteLength).reduce((a, b) => a + b, 0)
      if (needed + (await folderBytes(directory)) <= most) await store.writeIndex(sections, options)
    },
  }
}

/**
 * Opens a memory to ask it: with the text encoder its vectors were made by, or by words alone, and then says so; and with the reranker
 * that is asked for.
 */
export async function openMemoryForAsking(
  directory: string,
  flags: TextFlags & RerankerFlags,
  context: CommandContext,
): Promise<OpenMemory> {
  await mustExist(directory)
  const models: AsyncDisposable[] = []
  const close = async () => {
    for (const each of models) await each[Symbol.asyncDispose]()
  }
  try {
    const reranker = await openReranker(flags, context)
    if (reranker) models.push(reranker)
    const text = await askingEncoder(flags, context)
    if (text) models.push(text)
    const memory = await explainSpaces(directory, flags, openMemory(directory, 'read', context, { text, reranker }))
    models.unshift(memory)
    return { ...memory, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

async function askingEncoder(flags: TextFlags, context: CommandContext) {
  try {
    return await openTextEncoder(flags, context)
  } catch (error) {
    context.signal.throwIfAborted()
    if (flags.text !== liteText) throw error
    const [reason] = (error as Error).message.split('\n')
    context.note(`perstream: searching by words only, since the text encoder cannot run: ${reason}`)
    return undefined
  }
}

/** Says of another embedding space what the command line does about it. */
async function explainSpaces<Value>(directory: string, { text }: TextFlags, opening: Promise<Value>): Promise<Value> {
  return opening.catch((cause: unknown) => {
    if (!PerStreamError.isInstance(cause) || cause.code !== 'space-mismatch') throw cause
    throw otherSpace(directory, text, cause.fields as { stored: string; given: string })
  })
}

/** The error for a memory whose embeddings are of another space than the encoder's. */
export function otherSpace(
  directory: string,
  text: string,
  spaces: { readonly stored: string; readonly given: string },
): PerStreamError {
  const { stored, given } = spaces
  const needed = stored === liteSpace ? liteText : stored
  return new PerStreamError(
    'space-mismatch',
    `The embeddings in ${directory} are of ${stored}, and --text ${text} makes those of ${given}. Give the encoder they were made with, --text ${needed}, or move the memory to yours: "perstream reembed ${directory} --text ${text}".`,
    { fields: spaces },
  )
}

const gridFolder = 'grids'

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

/** @throws PerStreamError `memory-not-found` when there is no folder */
export async function mustExist(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined)
  if (!found?.isDirectory())
    throw new PerStreamError(
      'memory-not-found',
      `There is no memory in ${directory}: ${found ? 'it is not a folder' : 'the folder does not exist'}. "perstream run VIDEO --store ${directory}" makes one.`,
      { fields: { directory } },
    )
}

/** Bytes of the files in a folder. */
export async function folderBytes(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true })
  const found = await Promise.all(names.map((name) => stat(join(directory, name)).catch(() => undefined)))
  return found.reduce((sum, each) => sum + (each?.isFile() ? each.size : 0), 0)
}
