import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as zlib from 'node:zlib'
import type { Deflation } from './deflation'
import type { JournalDirectory, JournalFile } from './journal-directory'

/** Makes a folder of the file system, which must be there, a journal directory. */
export function createNodeDirectory(path: string): JournalDirectory {
  return {
    async list() {
      const entries = await readdir(path, { withFileTypes: true })
      return entries.map((entry) => entry.name)
    },
    async open(name) {
      try {
        return nodeFile(await openForAll(join(path, name)))
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    write: (name, parts) => writeWhole(join(path, name), parts),
    async replace(name, parts) {
      const temporary = join(path, `${name}.tmp`)
      await writeWhole(temporary, parts)
      await rename(temporary, join(path, name))
      await syncFolder(path)
    },
    remove: (name) => rm(join(path, name), { force: true }),
    sync: () => syncFolder(path),
    // Node 20.19 and 22.2 or newer have it.
    crc32: typeof zlib.crc32 === 'function' ? (bytes) => zlib.crc32(bytes) : undefined,
    deflation,
  }
}

const deflation: Deflation = {
  deflate: (bytes) => zlib.deflateRawSync(bytes, { level: 1 }),
  inflate(bytes, most) {
    try {
      // One piece is enough, and no more is made than is allowed.
      const room = { maxOutputLength: Math.max(1, most), chunkSize: Math.max(64, most + 1) }
      const inflated = zlib.inflateRawSync(bytes, room)
      return inflated.length > most ? undefined : inflated
    } catch (error) {
      if (isZlibRefusal(errorCode(error))) return undefined
      throw error
    }
  },
}

function isZlibRefusal(code: unknown): boolean {
  return code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR' || code === 'ERR_BUFFER_TOO_LARGE'
}

/** Says whether an error of the file system means that the file is not there. */
export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT'
}

/** The code of an error of the file system. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** A reader may have no right to write. */
async function openForAll(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+')
  } catch (error) {
    if (errorCode(error) === 'EACCES' || errorCode(error) === 'EROFS' || errorCode(error) === 'EPERM')
      return open(path, 'r')
    throw error
  }
}

async function writeWhole(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const handle = await open(path, 'w')
  try {
    for (const part of parts) await handle.writeFile(part)
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

/** Makes names durable. Windows cannot sync a folder, and needs it not. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function nodeFile(handle: FileHandle): JournalFile {
  const size = async () => (await handle.stat()).size
  const room = async (offset: number, length: number) =>
    new Uint8Array(Math.min(length, Math.max(0, (await size()) - offset)))
  return {
    size,
    async read(offset, length, into) {
      const fits = into !== undefined && into.length >= length
      const bytes = fits ? into.subarray(0, length) : await room(offset, length)
      let filled = 0
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return bytes.subarray(0, filled)
    },
    async append(bytes) {
      let written = 0
      let position = await size()
      while (written < bytes.length) {
        const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position)
        written += bytesWritten
        position += bytesWritten
      }
    },
    sync: () => handle.datasync(),
    async truncate(length) {
      await handle.truncate(length)
      await handle.datasync()
    },
    close: () => handle.close(),
  }
}
