import { open, readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { modelMissing } from './failures'
import { fetchBytes, fetchExists, openFetched } from './fetched-files'
import type { ModelFile, ModelFiles } from './platform'

/** Files on the disk, and behind http and https. */
export const nodeFiles: ModelFiles = {
  exists(location, options) {
    const path = pathOf(location)
    if (path === undefined) return fetchExists(location, options)
    return stat(path).then(
      (found) => found.isFile(),
      () => false,
    )
  },
  open(location, options) {
    const path = pathOf(location)
    return path === undefined ? openFetched(location, options) : openFile(path)
  },
  read(location, { signal }) {
    const path = pathOf(location)
    if (path === undefined) return fetchBytes(location, { signal })
    return readFile(path, { signal }).catch((cause: unknown) => {
      signal?.throwIfAborted()
      throw modelMissing(path, reason(cause), cause)
    })
  },
  beside(location, name) {
    const path = pathOf(location)
    return path === undefined ? new URL(name, location).href : join(dirname(path), name)
  },
  path: pathOf,
  folder(location, name) {
    const path = pathOf(location)
    if (path === undefined) return undefined
    const whole = resolve(path)
    const folder = name.split(/[/\\]/).reduce(dirname, whole)
    return resolve(folder, name) === whole ? folder : undefined
  },
}

function pathOf(location: string): string | undefined {
  if (location.startsWith('file:')) return fileURLToPath(location)
  return /^(https?|data|blob):/.test(location) ? undefined : location
}

async function openFile(path: string): Promise<ModelFile> {
  const file = await open(path).catch((cause: unknown) => {
    throw modelMissing(path, reason(cause), cause)
  })
  const found = await file.stat()
  if (!found.isFile()) {
    await file.close()
    throw modelMissing(path, 'it is not a file')
  }
  return {
    name: path,
    size: found.size,
    async read(offset: number, length: number) {
      const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, offset)
      return buffer.subarray(0, bytesRead)
    },
    close: () => file.close(),
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
