import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { redactPasswords } from './redact'

const sampled = 65_536

/**
 * Names a source by what is in it: a file by its name and a hash of its size, its first and its last 64 KiB, so that a moved
 * file is known again and another file of the same name is not; anything else (URL, device) by its location, without password.
 */
export async function sourceId(location: string): Promise<string> {
  const size = await fileSize(location)
  if (size === undefined) return redactPasswords(location)
  const hash = createHash('sha256').update(`${size}:`)
  const file = await open(location)
  try {
    for (const position of new Set([0, Math.max(0, size - sampled)])) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(sampled), 0, sampled, position)
      hash.update(buffer.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
  return `${basename(location)}#${hash.digest('hex').slice(0, 12)}`
}

async function fileSize(location: string): Promise<number | undefined> {
  const found = await stat(location).catch(() => undefined)
  return found?.isFile() ? found.size : undefined
}
