import { type CallOptions, PerStreamError, type Warning } from '@perstream/spec'
import { type JournalStore, openJournalStore } from './journal-store'
import { createOpfsDirectory, isNamed, type OpfsDirectoryHandle } from './opfs-directory'

export type { OpfsDirectoryHandle, OpfsFileHandle } from './opfs-directory'
export { createOpfsDirectory }

/** How a store in a browser's private file system is opened. */
export interface OpfsStoreOptions extends CallOptions {
  /** 'write' makes the folder where it is not there; only one page or worker may; any number may 'read' beside it. */
  readonly mode: 'write' | 'read'
  /**
   * Receives what went wrong without harm: `journal-tail-cut`, `journal-tail-ignored`, `compaction-failed`, `index-ignored`,
   * `index-not-kept`.
   */
  readonly onWarning?: ((warning: Warning) => void) | undefined
  /**
   * Bytes of journal beyond which it is merged into the parts. Default: 1 MiB; in a dedicated worker half of the bytes of the parts, 16 MiB
   * at most, where that is more.
   */
  readonly compactAfterBytes?: number | undefined
}

interface Locks {
  request<Value>(
    name: string,
    options: { ifAvailable: true },
    work: (lock: object | null) => Promise<Value>,
  ): Promise<Value>
  query(): Promise<{ readonly held?: readonly { readonly name?: string }[] }>
}

interface BrowserNavigator {
  readonly locks: Locks
  readonly storage: {
    getDirectory(): Promise<{
      getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<OpfsDirectoryHandle>
    }>
  }
}

/**
 * Opens a memory store in a folder of the browser's private file system (OPFS), in the format of `openFileStore`. In place of a lock
 * file it takes a Web Lock, which the browser lets go of when the page is gone. What was acknowledged survives the page and the
 * browser; whether it survives a power cut is the browser's to say. Best in a dedicated worker.
 *
 * @param name the folder, in the root of the origin's file system
 * @throws PerStreamError `store-locked` when another page writes, `input-invalid` for a folder that is something else, or is not there
 * to be read, `store-version`, `store-corrupt`, `store-full`
 */
export async function openOpfsStore(name: string, options: OpfsStoreOptions): Promise<JournalStore> {
  const { mode, onWarning, signal } = options
  if (mode !== 'write' && mode !== 'read')
    throw new TypeError(`mode is ${JSON.stringify(mode)}: it must be "write" or "read"`)
  signal?.throwIfAborted()
  const { locks, storage } = (globalThis as unknown as { navigator: BrowserNavigator }).navigator
  const lockName = `perstream-memory/${name}`
  const release = mode === 'write' ? await takeLock(locks, lockName, name) : undefined
  try {
    const directory = await folderOf(storage, name, mode)
    const { compactAfterBytes = inWorker() ? undefined : 1 << 20 } = options
    const isWriting = async () => (await locks.query()).held?.some((lock) => lock.name === lockName) ?? false
    const store = await openJournalStore(createOpfsDirectory(directory), {
      ...{ mode, onWarning, compactAfterBytes, location: name, isWriting, release },
    })
    return {
      commit: (batch, callOptions) => explained(name, store.commit(batch, callOptions)),
      load: (sequence, callOptions) => store.load(sequence, callOptions),
      readIndex: (callOptions) => store.readIndex(callOptions),
      writeIndex: (sections, callOptions) => store.writeIndex(sections, callOptions),
      backup: (target, callOptions) => explained(name, store.backup(target, callOptions)),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    }
  } catch (error) {
    await release?.()
    throw error
  }
}

/** Resolves when the lock is held; what it resolves to lets go of it. */
async function takeLock(locks: Locks, lockName: string, name: string): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const held = locks.request(lockName, { ifAvailable: true }, async (lock) => {
      if (!lock)
        throw new PerStreamError(
          'store-locked',
          `${name} is being written by another page or worker: close it, or open with mode "read"`,
          { fields: { directory: name } },
        )
      await new Promise<void>((letGo) => {
        resolve(async () => {
          letGo()
          await held
        })
      })
    })
    held.catch(reject)
  })
}

async function folderOf(
  storage: BrowserNavigator['storage'],
  name: string,
  mode: 'write' | 'read',
): Promise<OpfsDirectoryHandle> {
  const root = await storage.getDirectory()
  try {
    return await root.getDirectoryHandle(name, { create: mode === 'write' })
  } catch (cause) {
    if (!isNamed(cause, 'NotFoundError')) throw cause
    throw new PerStreamError('input-invalid', `there is no store "${name}" to read: open it with mode "write" first`, {
      fields: { directory: name },
      cause,
    })
  }
}

/** Only there can files be written in place. */
function inWorker(): boolean {
  return 'WorkerGlobalScope' in globalThis
}

async function explained<Value>(name: string, work: Promise<Value>): Promise<Value> {
  try {
    return await work
  } catch (cause) {
    if (!isNamed(cause, 'QuotaExceededError')) throw cause
    throw new PerStreamError(
      'store-full',
      `there is no room to write to ${name}: free some, then write again; nothing was changed`,
      { fields: { directory: name }, cause },
    )
  }
}
