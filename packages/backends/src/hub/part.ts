import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isMissing, sizeOf } from './cache'

/** A piece of a download. Its name says of what content it is, of which version on the server, and who writes it. */
export interface Part {
  readonly path: string
  readonly size: number
  /** The ETag under which the server gave it, if it gave one. */
  readonly etag: string | undefined
}

/** A process that has written nothing for so long is gone, or stands still for good. */
const abandonedAfter = 10 * 60 * 1000
const longestEtag = 90
const host = hostname()
  .replaceAll(/[^\w-]/g, '')
  .slice(0, 24)

/** The name of a new part, which no other writer uses. */
export function newPartPath(folder: string, checksum: string, etag: string | undefined): string {
  const encoded = etag === undefined ? '' : Buffer.from(etag).toString('base64url')
  const kept = encoded.length > longestEtag ? '' : encoded
  return join(folder, [checksum.slice(0, 16), kept, host, process.pid, randomUUID().slice(0, 8), 'part'].join('.'))
}

/** Gives a part back, so that the next download of the same content goes on with it. */
export async function releasePart(folder: string, path: string): Promise<void> {
  const [checksum, etag] = path.slice(folder.length + 1).split('.')
  await rename(path, join(folder, [checksum, etag, '', '', randomUUID().slice(0, 8), 'part'].join('.'))).catch(
    ignoreMissing,
  )
}

/** Takes over the largest part of some content that nobody writes any more. Of several takers, one gets it. */
export async function adoptPart(folder: string, checksum: string): Promise<Part | undefined> {
  await mkdir(folder, { recursive: true })
  const orphans: { readonly name: string; readonly size: number }[] = []
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${checksum.slice(0, 16)}.`) || !name.endsWith('.part')) continue
    const size = await sizeOf(join(folder, name))
    if (size && (await isAbandoned(folder, name))) orphans.push({ name, size })
  }
  orphans.sort((a, b) => b.size - a.size)
  for (const { name, size } of orphans) {
    const encoded = name.split('.')[1]!
    const etag = encoded === '' ? undefined : Buffer.from(encoded, 'base64url').toString()
    const path = newPartPath(folder, checksum, etag)
    const taken = await rename(join(folder, name), path).then(() => true, ignoreMissing)
    if (taken) return { path, size, etag }
  }
  return undefined
}

async function isAbandoned(folder: string, name: string): Promise<boolean> {
  const [, , owner, pid] = name.split('.')
  if (pid === '') return true
  const written = await stat(join(folder, name)).catch(ignoreMissing)
  if (!written) return false
  if (Date.now() - written.mtimeMs > abandonedAfter) return true
  return owner === host && !isAlive(Number(pid))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error
}
