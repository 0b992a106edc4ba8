import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type CallOptions, type MemoryStore, PerStreamError, type Warning } from '@perstream/spec'
import { openJournalStore } from './journal-store'
import { acquireLock, isLocked } from './lock-file'
import { createNodeDirectory, errorCode, isMissing } from './node-directory'

export { openTensorFiles, type TensorFilesOptions } from './tensors/open-tensor-files'

/** How a file store is opened. */
export interface FileStoreOptions extends CallOptions {
  /** 'write' makes the folder where it is not there, and takes its lock; any number may 'read' beside a writer. */
  readonly mode: 'write' | 'read'
  /** Receives what went wrong without harm: `journal-tail-cut`, `journal-tail-ignored`, `lock-taken-over`, `compaction-failed`. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
  /** Journal bytes beyond which, and beyond the snapshot's own size, it is compacted. Default 16 MiB. */
  readonly compactAfterBytes?: number | undefined
}

const manifestName = 'perstream-memory.json'
const version = 1

/**
 * Opens a memory store in a folder: journal segments with a checksum a record, a snapshot, and a lock. A batch is on the disk when `commit`
 * resolves; when it deletes memories, the files are rewritten first and hold no byte of them. Dispose it to let go of the lock.
 *
 * @throws PerStreamError `store-locked` when another process writes, `input-invalid` for a folder that is something else,
 * `store-version` for a newer format, `store-read-only` where writing is not allowed, `store-corrupt`
 */
export async function openFileStore(directory: string, options: FileStoreOptions): Promise<MemoryStore> {
  const { mode, signal } = options
  if (mode !== 'write' && mode !== 'read')
    throw new TypeError(`mode is ${JSON.stringify(mode)}: it must be "write" or "read"`)
  signal?.throwIfAborted()
  const folder = resolve(directory)
  try {
    return await (mode === 'write' ? openToWrite(folder, options) : openToRead(folder, options))
  } catch (cause) {
    const reason = refusals[String(errorCode(cause))]
    if (!reason) throw cause
    throw new PerStreamError(...reason(folder), { fields: { directory: folder }, cause })
  }
}

async function openToWrite(folder: string, options: FileStoreOptions): Promise<MemoryStore> {
  const { onWarning } = options
  await mkdir(folder, { recursive: true })
  const isStore = await checkManifest(folder, 'write')
  const lock = await acquireLock(folder, (holder) =>
    onWarning?.({
      code: 'lock-taken-over',
      message: `${folder}: the lock of ${holder}, which is dead, was taken over`,
    }),
  )
  try {
    const files = createNodeDirectory(folder)
    if (!isStore) await files.replace(manifestName, [manifest()])
    return await openJournalStore(files, { ...journalOptions(folder, options), release: () => lock.release() })
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function openToRead(folder: string, options: FileStoreOptions): Promise<MemoryStore> {
  await checkManifest(folder, 'read')
  return openJournalStore(createNodeDirectory(folder), { ...journalOptions(folder, options), release: async () => {} })
}

function journalOptions(folder: string, { mode, onWarning, compactAfterBytes }: FileStoreOptions) {
  return { mode, onWarning, compactAfterBytes, location: folder, isWriting: () => isLocked(folder) }
}

type Refusal = (folder: string) => [code: 'store-read-only' | 'input-invalid', message: string]

const noRight: Refusal = (folder) => [
  'store-read-only',
  `${folder} cannot be written to: give it rights, or open it with mode "read"`,
]
const noFolder: Refusal = (folder) => [
  'input-invalid',
  `${folder} is not a folder: give the folder of a store, or a new one`,
]

const refusals: Readonly<Record<string, Refusal>> = {
  EACCES: noRight,
  EPERM: noRight,
  EROFS: noRight,
  EEXIST: noFolder,
  ENOTDIR: noFolder,
}

function manifest(): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ format: 'perstream-memory', version })}\n`)
}

/** True for a store, false for a folder that may become one. */
async function checkManifest(folder: string, mode: 'write' | 'read'): Promise<boolean> {
  const text = await readManifest(folder)
  if (text === undefined) {
    const others = (await listOrNone(folder)).filter((name) => !/^lock(\.|$)|\.tmp$/.test(name))
    if (mode === 'write' && others.length === 0) return false
    throw notStore(
      folder,
      others.length > 0 ? `it holds other files (${others.slice(0, 3).join(', ')})` : 'there is none',
    )
  }
  const found = parseManifest(folder, text)
  if (found.version > version)
    throw new PerStreamError(
      'store-version',
      `${folder} has format version ${found.version}, this release reads ${version}: use a newer release`,
      { fields: { directory: folder, version: found.version } },
    )
  return true
}

async function readManifest(folder: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, manifestName), 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function listOrNone(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function parseManifest(folder: string, text: string): { version: number } {
  try {
    const found = JSON.parse(text)
    if (found?.format === 'perstream-memory' && Number.isInteger(found.version)) return found
  } catch (cause) {
    throw new PerStreamError('store-corrupt', `${folder}: ${manifestName} cannot be read`, { cause })
  }
  throw notStore(folder, `${manifestName} is of something else`)
}

function notStore(folder: string, reason: string): PerStreamError {
  return new PerStreamError(
    'input-invalid',
    `${folder} is not a memory store: ${reason}. Give the folder of a store, or an empty one to write to`,
    {
      fields: { directory: folder },
    },
  )
}
