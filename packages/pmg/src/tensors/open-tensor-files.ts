import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { precisions } from '@perstream/kit'
import { type CallOptions, PerStreamError, type TensorPrecision, type TensorStore, type Warning } from '@perstream/spec'
import { acquireLock } from '../lock-file'
import { createNodeDirectory } from '../node-directory'
import { ifThere } from './if-there'
import { notTensors, refusal } from './refusal'
import { TensorFiles } from './tensor-files'

/** How a folder of grids is opened. */
export interface TensorFilesOptions extends CallOptions {
  /** 'write' makes the folder where it is not there, and takes its lock; any number may 'read' beside a writer. */
  readonly mode: 'write' | 'read'
  /** How grids are kept where `put` does not say: 'b1', signs alone, takes a 32nd of 'f32', the default. */
  readonly precision?: TensorPrecision | undefined
  /** Bytes of grids, as they are kept, that stay in memory once they were read. Default 256 MB. */
  readonly cacheBytes?: number | undefined
  /** Receives what went wrong without harm: `lock-taken-over`. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
}

const manifestName = 'perstream-tensors.json'
const version = 1

/**
 * Opens a folder of grids, one file each with a checksum. A grid is on the disk when `put` resolves, and gone from it when `delete` does; a
 * write that is cut off leaves what was there before. The folder is one of its own, beside that of a memory store.
 *
 * @throws PerStreamError `store-locked` when another process writes, `input-invalid` for a folder that is something else or, to read, missing,
 * `store-version` for a newer format, `store-read-only` where writing is not allowed, `store-full`, `store-corrupt`
 */
export async function openTensorFiles(directory: string, options: TensorFilesOptions): Promise<TensorStore> {
  const { mode, precision = 'f32', cacheBytes = 256e6, signal } = options
  if (mode !== 'write' && mode !== 'read')
    throw new TypeError(`mode is ${JSON.stringify(mode)}: it must be "write" or "read"`)
  if (!precisions.includes(precision))
    throw new TypeError(`precision is ${JSON.stringify(precision)}: it must be one of ${precisions.join(', ')}`)
  if (!(cacheBytes >= 0)) throw new TypeError(`cacheBytes is ${cacheBytes}: it must be 0 or more`)
  signal?.throwIfAborted()
  const folder = resolve(directory)
  try {
    if (mode === 'write') return await openToWrite(folder, { ...options, precision, cacheBytes })
    if (!(await checkManifest(folder))) throw notTensors(folder, 'it has no grids')
    return new TensorFiles(folder, { mode, precision, cacheBytes, release: async () => {} })
  } catch (cause) {
    throw refusal(folder, cause) ?? cause
  }
}

async function openToWrite(
  folder: string,
  options: TensorFilesOptions & { precision: TensorPrecision; cacheBytes: number },
): Promise<TensorStore> {
  const { precision, cacheBytes, onWarning } = options
  await mkdir(folder, { recursive: true })
  const isStore = await checkManifest(folder)
  const lock = await acquireLock(folder, (holder) =>
    onWarning?.({
      code: 'lock-taken-over',
      message: `${folder}: the lock of ${holder}, which is dead, was taken over`,
    }),
  )
  try {
    const manifest = new TextEncoder().encode(`${JSON.stringify({ format: 'perstream-tensors', version })}\n`)
    if (!isStore) await createNodeDirectory(folder).replace(manifestName, [manifest])
    const store = new TensorFiles(folder, { mode: 'write', precision, cacheBytes, release: () => lock.release() })
    await store.tidy()
    return store
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** True for a folder of grids, false for one that may become one. */
async function checkManifest(folder: string): Promise<boolean> {
  const text = await ifThere(readFile(join(folder, manifestName), 'utf8'))
  if (text === undefined) {
    const others = ((await ifThere(readdir(folder))) ?? []).filter((name) => !/^lock(\.|$)|\.tmp$/.test(name))
    if (others.length === 0) return false
    throw notTensors(folder, `it holds other files (${others.slice(0, 3).join(', ')})`)
  }
  const found = parseManifest(folder, text)
  if (found > version)
    throw new PerStreamError(
      'store-version',
      `${folder} has tensor format version ${found}, this release reads ${version}: use a newer release`,
      { fields: { directory: folder, version: found } },
    )
  return true
}

function parseManifest(folder: string, text: string): number {
  try {
    const found = JSON.parse(text)
    if (found?.format === 'perstream-tensors' && Number.isInteger(found.version)) return found.version
  } catch (cause) {
    throw new PerStreamError('store-corrupt', `${folder}: ${manifestName} cannot be read`, { cause })
  }
  throw notTensors(folder, `${manifestName} is of something else`)
}
