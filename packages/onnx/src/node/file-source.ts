import { type FileHandle, open } from 'node:fs/promises'
import { PerStreamError } from '@perstream/spec'
import type { ByteSource } from '../byte-source'

/** A file that is read in pieces. Whoever opened it closes it. */
export interface FileSource extends ByteSource, AsyncDisposable {}

/** Node reads at most 2^31 - 1 bytes in one call. */
const longestRead = 2 ** 30

/**
 * Opens a file for reading in pieces; reads may overlap.
 * @throws PerStreamError `model-missing` when it cannot be opened; from `read`, `model-invalid` when it ends early
 */
export async function fileSource(path: string): Promise<FileSource> {
  const missing = (reason: string, cause?: unknown) =>
    new PerStreamError('model-missing', `The file ${path} could not be read: ${reason}`, {
      fields: { file: path },
      cause,
    })
  const handle = await open(path).catch((cause: unknown) => {
    throw missing(cause instanceof Error ? cause.message : String(cause), cause)
  })
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw missing('it is no file')
    return sourceOf(handle, path, found.size)
  } catch (error) {
    await handle.close()
    throw error
  }
}

function sourceOf(handle: FileHandle, path: string, size: number): FileSource {
  let closing: Promise<void> | undefined
  return {
    name: path,
    size,
    async read(offset, length, { signal } = {}) {
      const bytes = Buffer.allocUnsafeSlow(length)
      for (let done = 0; done < length; ) {
        signal?.throwIfAborted()
        const part = Math.min(length - done, longestRead)
        const { bytesRead } = await handle.read(bytes, done, part, offset + done)
        if (bytesRead === 0) throw cutOff(path, offset + done)
        done += bytesRead
      }
      signal?.throwIfAborted()
      return new Uint8Array(bytes.buffer, bytes.byteOffset, length)
    },
    [Symbol.asyncDispose]() {
      closing ??= handle.close()
      return closing
    },
  }
}

function cutOff(path: string, at: number): PerStreamError {
  return new PerStreamError('model-invalid', `The file ${path} ends at byte ${at}, before what it should hold`, {
    fields: { file: path },
  })
}
