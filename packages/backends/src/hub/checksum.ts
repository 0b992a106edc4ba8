import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { CallOptions } from '@perstream/spec'
import type { HubFile } from './cache'

/** Starts the checksum of a file: git's begins with the kind and the size. */
export function startChecksum({ size, checksum }: HubFile): Hash {
  if (checksum.algorithm === 'sha256') return createHash('sha256')
  return createHash('sha1').update(`blob ${size}\0`)
}

/** Adds the bytes of a file on the disk. */
export async function addFile(hash: Hash, path: string, { signal }: CallOptions): Promise<void> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    signal?.throwIfAborted()
    hash.update(chunk as Buffer)
  }
}

/** Tells the checksum of a file on the disk, in the way of its listing. */
export async function checksumOf(path: string, file: HubFile, options: CallOptions): Promise<string> {
  const hash = startChecksum(file)
  await addFile(hash, path, options)
  return hash.digest('hex')
}
