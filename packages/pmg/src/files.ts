import { mkdir, readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type CallOptions, PerStreamError, type Warning } from '@perstream/spec'
import { isStoreFile, manifestName } from './journal-manifest'
import { isAside, notStore } from './journal-opening'
import { type ReembedOptions, type ReembedReport, reembedJournal } from './journal-reembed'
import { type RepairReport, repairJournal } from './journal-repair'
import { type JournalStore, openJournalStore } from './journal-store'
import { type StoreReport, verifyJournal } from './journal-verify'
import type { IndexedStore } from './kept-index'
import { acquireLock, isLocked } from './lock-file'
import { createNodeDirectory, errorCode, isMissing } from './node-directory'

export type { EmbeddingSpace, ReembedOptions, ReembedReport } from './journal-reembed'
export type { RepairReport } from './journal-repair'
export type { StoreDamage, StoreFileReport, StoreReport } from './journal-verify'
export { openTensorFiles, type TensorFilesOptions } from './tensors/open-tensor-files'
export { createNodeDirectory }

/** How a file store is opened. */
export interface FileStoreOptions extends CallOptions {
  /** 'write' makes the folder where it is not there, and takes its lock; any number may 'read' beside a writer. */
  readonly mode: 'write' | 'read'
  /**
   * Receives what went wrong without harm: `journal-tail-cut`, `journal-tail-ignored`, `lock-taken-over`, `compaction-failed`,
   * `index-ignored`, `index-not-kept`.
   */
  readonly onWarning?: ((warning: Warning) => void) | undefined
  /**
   * Bytes of journal beyond which it is merged into the parts. Default: 16 MiB, or half of the bytes of the parts where that is less (but
   * 1 MiB at least); what was reduced and still lies in the parts counts with the journal.
   */
  readonly compactAfterBytes?: number | undefined
}

/** A memory store in a folder. */
export interface FileMemoryStore extends IndexedStore {
  /**
   * Copies the store as it is now into a new or empty folder, while it goes on being written to, and checks the copy.
   * @throws PerStreamError `input-invalid` when the folder is not empty, `store-corrupt` when something in the store is damaged,
   * `store-full`, `store-read-only`
   */
  backup(directory: string, options?: CallOptions): Promise<StoreReport>
}

/** How a repair is done. */
export interface RepairStoreOptions extends CallOptions {
  /** Receives `lock-taken-over`. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
}

/**
 * Opens a memory store in a folder: a journal with a checksum a record, parts that hold what the journal held before, and a lock. A
 * batch is on the disk when `commit` resolves; when it deletes memories, no file holds a byte of them by then. Dispose it to let go of
 * the lock.
 *
 * @throws PerStreamError `store-locked` when another process writes, `input-invalid` for a folder that is something else,
 * `store-version` for another format, `store-read-only` where writing is not allowed, `store-full`, `store-corrupt`
 */
export async function openFileStore(directory: string, options: FileStoreOptions): Promise<FileMemoryStore> {
  const { mode, signal } = options
  if (mode !== 'write' && mode !== 'read')
    throw new TypeError(`mode is ${JSON.stringify(mode)}: it must be "write" or "read"`)
  signal?.throwIfAborted()
  const folder = resolve(directory)
  const store = await explained(folder, () => (mode === 'write' ? openToWrite : openToRead)(folder, options))
  return {
    commit: (batch, callOptions) => explained(folder, () => store.commit(batch, callOptions)),
    load: (sequence, callOptions) => store.load(sequence, callOptions),
    readIndex: (callOptions) => explained(folder, () => store.readIndex(callOptions)),
    writeIndex: (sections, callOptions) => explained(folder, () => store.writeIndex(sections, callOptions)),
    async backup(target, callOptions) {
      const path = resolve(target)
      return explained(path, async () => {
        await mkdir(path, { recursive: true })
        return store.backup(createNodeDirectory(path), callOptions)
      })
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

/**
 * Reads every byte of a store and reports what is damaged, while others may read and write it. Does not throw on damage.
 * @throws PerStreamError `input-invalid` when the folder is no store, `store-version` for another format
 */
export async function verifyStore(directory: string, options: CallOptions = {}): Promise<StoreReport> {
  const folder = resolve(directory)
  return explained(folder, async () => {
    await checkFolder(folder)
    return verifyJournal(createNodeDirectory(folder), { ...options, location: folder })
  })
}

/**
 * Makes a damaged store one that opens: every record that can be read is kept, what is lost is reported, and the damaged files are kept
 * beside it under names that end in `.damaged`. A store without damage is left as it is.
 * @throws PerStreamError `store-locked` while a process writes, `input-invalid`, `store-version`, `store-read-only`
 */
export async function repairStore(directory: string, options: RepairStoreOptions = {}): Promise<RepairReport> {
  const folder = resolve(directory)
  return explained(folder, async () => {
    await checkFolder(folder)
    const lock = await takeLock(folder, options.onWarning)
    try {
      return await repairJournal(createNodeDirectory(folder), { signal: options.signal, location: folder })
    } finally {
      await lock.release()
    }
  })
}

/**
 * Brings the memories of a store to the embedding space of another text encoder: their words are encoded anew, all else stays as it is,
 * ids, evidence, versions, visits, relations, how exactly each embedding is kept, and which memories have none. Whatever happens on the
 * way, a crash, an abort, a full disk, the folder holds the old memory or the new one, whole; begin again after it. Meanwhile the store
 * takes its room once more. It can be read all the time; whoever reads takes in the new one with the next refresh.
 *
 * @throws PerStreamError `store-locked` while a process writes, `input-invalid` when the folder is no store, `store-version`,
 * `store-read-only`, `store-full`, `store-corrupt`; whatever the encoder throws
 */
export async function reembedStore(directory: string, options: ReembedOptions): Promise<ReembedReport> {
  const folder = resolve(directory)
  return explained(folder, async () => {
    await checkFolder(folder)
    const lock = await takeLock(folder, options.onWarning)
    try {
      return await reembedJournal(createNodeDirectory(folder), { ...options, location: folder })
    } finally {
      await lock.release()
    }
  })
}

async function openToWrite(folder: string, options: FileStoreOptions): Promise<JournalStore> {
  await mkdir(folder, { recursive: true })
  await refuseOthers(folder)
  const lock = await takeLock(folder, options.onWarning)
  try {
    return await openJournalStore(createNodeDirectory(folder), {
      ...journalOptions(folder, options),
      release: () => lock.release(),
    })
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function openToRead(folder: string, options: FileStoreOptions): Promise<JournalStore> {
  await refuseOthers(folder)
  return openJournalStore(createNodeDirectory(folder), journalOptions(folder, options))
}

function journalOptions(folder: string, { mode, onWarning, compactAfterBytes }: FileStoreOptions) {
  return { mode, onWarning, compactAfterBytes, location: folder, isWriting: () => isLocked(folder) }
}

function takeLock(folder: string, onWarning: FileStoreOptions['onWarning']) {
  return acquireLock(folder, (holder) =>
    onWarning?.({
      code: 'lock-taken-over',
      message: `${folder}: the lock of ${holder}, which is dead, was taken over`,
    }),
  )
}

/** A folder of something else gets no lock. */
async function refuseOthers(folder: string): Promise<void> {
  const others = (await namesIn(folder)).filter((name) => !isAside(name) && !isStoreFile(name))
  if (others.length > 0 && !others.includes(manifestName))
    throw notStore(folder, `it holds other files (${others.slice(0, 3).join(', ')})`)
}

async function checkFolder(folder: string): Promise<void> {
  const names = await namesIn(folder)
  if (!names.some((name) => name === manifestName || isStoreFile(name))) throw notStore(folder, 'there is none')
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** Says what the system's errors mean for a store. */
async function explained<Value>(folder: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (cause) {
    const reason = refusals[String(errorCode(cause))]
    if (!reason || PerStreamError.isInstance(cause)) throw cause
    throw new PerStreamError(...reason(folder), { fields: { directory: folder }, cause })
  }
}

type Refusal = (folder: string) => [code: 'store-read-only' | 'store-full' | 'input-invalid', message: string]

const noRight: Refusal = (folder) => [
  'store-read-only',
  `${folder} cannot be written to: give it rights, or open it with mode "read"`,
]
const noFolder: Refusal = (folder) => [
  'input-invalid',
  `${folder} is not a folder: give the folder of a store, or a new one`,
]

const noRoom: Refusal = (folder) => [
  'store-full',
  `there is no room to write to ${folder}: free some, then write again; nothing was changed`,
]

const refusals: Readonly<Record<string, Refusal>> = {
  EACCES: noRight,
  EPERM: noRight,
  EROFS: noRight,
  ENOSPC: noRoom,
  EDQUOT: noRoom,
  EFBIG: noRoom,
  EEXIST: noFolder,
  ENOTDIR: noFolder,
}
