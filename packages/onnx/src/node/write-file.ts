import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { PerStreamError } from '@perstream/spec'
import {
  type ByteSink,
  type SafetensorsInput,
  type WriteSafetensorsOptions,
  writeSafetensors,
} from '../safetensors-writer'

/**
 * Writes a file so that it is there whole or not at all: under a name of its own beside it, flushed, then renamed. What was
 * there before is replaced.
 * @throws PerStreamError `store-full` when the disk is
 */
export async function writeWholeFile(path: string, write: (sink: ByteSink) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomUUID()}.part`
  try {
    const handle = await open(temporary, 'wx')
    try {
      await write({ write: (bytes) => handle.writeFile(bytes) })
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw isFull(error)
      ? new PerStreamError('store-full', `The disk is full, or takes no file so large: ${path} could not be written`, {
          fields: { file: path },
          cause: error,
        })
      : error
  }
}

/** No space, a quota, or a file system whose files end at 4 GB. */
function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(String(error.code))
}

/**
 * Writes a safetensors file that is there whole or not at all.
 * @throws TypeError as {@link writeSafetensors} does
 * @throws PerStreamError `store-full` when the disk is
 */
export async function writeSafetensorsFile(
  path: string,
  tensors: readonly SafetensorsInput[],
  options: WriteSafetensorsOptions = {},
): Promise<void> {
  await writeWholeFile(path, (sink) => writeSafetensors(sink, tensors, options))
}
