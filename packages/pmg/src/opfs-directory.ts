import type { JournalDirectory, JournalFile } from './journal-directory'

/** What is used of a `FileSystemDirectoryHandle`. */
export interface OpfsDirectoryHandle {
  keys(): AsyncIterable<string>
  getFileHandle(name: string, options?: { create?: boolean }): Promise<OpfsFileHandle>
  removeEntry(name: string): Promise<void>
}

/** What is used of a `FileSystemFileHandle`. */
export interface OpfsFileHandle {
  getFile(): Promise<OpfsBlob & { readonly size: number }>
  createWritable(options?: { keepExistingData?: boolean }): Promise<OpfsWritable>
  /** Only in dedicated workers. */
  createSyncAccessHandle?(): Promise<OpfsSyncHandle>
}

interface OpfsBlob {
  slice(start: number, end: number): OpfsBlob
  arrayBuffer(): Promise<ArrayBuffer>
}

interface OpfsWritable {
  write(data: { type: 'write'; position: number; data: Uint8Array }): Promise<void>
  truncate(size: number): Promise<void>
  close(): Promise<void>
  abort(): Promise<void>
}

interface OpfsSyncHandle {
  getSize(): number
  write(bytes: Uint8Array, options: { at: number }): number
  truncate(size: number): void
  flush(): void
  close(): void
}

/** A file that is written to while it is read gives an error: then it is read again, so often at most. */
const attempts = 10

/**
 * Makes a folder of a browser's private file system a journal directory. In a dedicated worker a journal is written in place; elsewhere
 * each write copies the whole journal, which keeps it whole but is slower the longer it is. What a removed file held is gone at once for
 * those who had it open.
 */
export function createOpfsDirectory(handle: OpfsDirectoryHandle): JournalDirectory {
  return {
    async list() {
      const names: string[] = []
      for await (const name of handle.keys()) names.push(name)
      return names
    },
    async open(name) {
      const file = await orMissing(handle.getFileHandle(name))
      return file && new OpfsFile(file)
    },
    async write(name, parts) {
      const file = await handle.getFileHandle(name, { create: true })
      if (!file.createSyncAccessHandle) return writeAtomically(file, parts)
      const access = await file.createSyncAccessHandle()
      try {
        access.truncate(0)
        for (const part of parts) writeAll(access, part, access.getSize())
        access.flush()
      } finally {
        access.close()
      }
    },
    async replace(name, parts) {
      await writeAtomically(await handle.getFileHandle(name, { create: true }), parts)
    },
    async remove(name) {
      await orMissing(handle.removeEntry(name))
    },
    // Names are kept by the browser; there is nothing to sync them with.
    async sync() {},
  }
}

class OpfsFile implements JournalFile {
  readonly #file: OpfsFileHandle
  /** There from the first write on: nobody else can write then. */
  #access: OpfsSyncHandle | undefined

  constructor(file: OpfsFileHandle) {
    this.#file = file
  }

  async size(): Promise<number> {
    return this.#access ? this.#access.getSize() : (await this.#file.getFile()).size
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    for (let attempt = 1; ; attempt++)
      try {
        const file = await this.#file.getFile()
        return new Uint8Array(await file.slice(offset, Math.min(file.size, offset + length)).arrayBuffer())
      } catch (error) {
        if (!isNamed(error, 'NotReadableError') || attempt === attempts) throw error
      }
  }

  async append(bytes: Uint8Array): Promise<void> {
    const access = await this.#writable()
    if (access) writeAll(access, bytes, access.getSize())
    else {
      const position = await this.size()
      await edit(this.#file, (writable) => writable.write({ type: 'write', position, data: bytes }))
    }
  }

  async sync(): Promise<void> {
    this.#access?.flush()
  }

  async truncate(size: number): Promise<void> {
    const access = await this.#writable()
    access?.truncate(size)
    access?.flush()
    if (!access) await edit(this.#file, (writable) => writable.truncate(size))
  }

  async close(): Promise<void> {
    this.#access?.close()
    this.#access = undefined
  }

  async #writable(): Promise<OpfsSyncHandle | undefined> {
    this.#access ??= await this.#file.createSyncAccessHandle?.()
    return this.#access
  }
}

/** The browser writes aside and puts the whole in place when it is closed. */
async function writeAtomically(file: OpfsFileHandle, parts: Iterable<Uint8Array>): Promise<void> {
  await edit(
    file,
    async (writable) => {
      let position = 0
      for (const data of parts) {
        await writable.write({ type: 'write', position, data })
        position += data.length
      }
    },
    false,
  )
}

async function edit(
  file: OpfsFileHandle,
  change: (writable: OpfsWritable) => Promise<void>,
  keepExistingData = true,
): Promise<void> {
  const writable = await file.createWritable({ keepExistingData })
  try {
    await change(writable)
  } catch (error) {
    await writable.abort()
    throw error
  }
  await writable.close()
}

function writeAll(access: OpfsSyncHandle, bytes: Uint8Array, position: number): void {
  const written = access.write(bytes, { at: position })
  if (written < bytes.length)
    throw Object.assign(new Error(`only ${written} of ${bytes.length} bytes could be written`), {
      name: 'QuotaExceededError',
    })
}

async function orMissing<Value>(value: Promise<Value>): Promise<Value | undefined> {
  try {
    return await value
  } catch (error) {
    if (isNamed(error, 'NotFoundError')) return undefined
    throw error
  }
}

/** Says whether an error is the browser's of that name. */
export function isNamed(error: unknown, name: string): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === name
}
