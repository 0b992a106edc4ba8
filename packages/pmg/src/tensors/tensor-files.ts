import { randomUUID } from 'node:crypto'
import { type FileHandle, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { precisions } from '@perstream/kit'
import {
  type CallOptions,
  type PatchGrid,
  PerStreamError,
  type TensorPrecision,
  type TensorStore,
} from '@perstream/spec'
import { ByteCache } from './byte-cache'
import { createFolderSync } from './folder-sync'
import { checkGrid, decodeGrid } from './grid-codec'
import { ifThere } from './if-there'
import { refusal } from './refusal'
import { decodeTensorFile, encodeTensorFile, type TensorFile, tensorFileId, tensorFileStart } from './tensor-file'
import { parseTensorName, tensorName } from './tensor-names'
import { checkId } from './volatile-tensors'

interface TensorFilesSettings {
  readonly mode: 'write' | 'read'
  readonly precision: TensorPrecision
  readonly cacheBytes: number
  readonly release: () => Promise<void>
}

interface CachedFile {
  readonly file: TensorFile
  /** Which file of that name it was: a reader beside a writer looks whether it still is. */
  readonly identity: string
}

/** How many files are looked at at a time. */
const width = 64

/** One file a grid: what is not there cannot be read, and removing it frees it. */
export class TensorFiles implements TensorStore {
  readonly #folder: string
  readonly #settings: TensorFilesSettings
  readonly #cache: ByteCache<CachedFile>
  readonly #loading = new Map<string, Promise<CachedFile | undefined>>()
  readonly #writing = new Map<string, Promise<unknown>>()
  readonly #syncFolder: () => Promise<void>
  #closed = false

  constructor(folder: string, settings: TensorFilesSettings) {
    this.#folder = folder
    this.#settings = settings
    this.#cache = new ByteCache(settings.cacheBytes)
    this.#syncFolder = createFolderSync(folder)
  }

  get precision(): TensorPrecision {
    return this.#settings.precision
  }

  /** Removes what a write that was cut off left behind: half files, and a file whose grid was kept again in another precision. */
  async tidy(): Promise<void> {
    const names = await readdir(this.#folder)
    const there = new Set(names)
    for (const name of names) {
      const parsed = parseTensorName(name)
      const finer = parsed && precisions.slice(0, precisions.indexOf(parsed.precision))
      const stem = parsed && name.slice(0, -parsed.precision.length)
      if (/^grid-.*\.tmp$/.test(name) || finer?.some((each) => there.has(`${stem}${each}`)))
        await rm(join(this.#folder, name))
    }
  }

  async put(
    id: string,
    grid: PatchGrid,
    { precision = this.#settings.precision, signal }: CallOptions & { precision?: TensorPrecision | undefined } = {},
  ): Promise<void> {
    this.#checkWritable(signal)
    checkId(id)
    checkGrid(grid, precision)
    const bytes = encodeTensorFile(id, grid, precision)
    await this.#inTurn(id, async () => {
      await this.#replace(tensorName(id, precision), bytes, signal)
      this.#forget(id)
      await this.#syncFolder()
      const others = precisions.filter((each) => each !== precision)
      if (await this.#remove(id, others)) await this.#syncFolder()
    })
  }

  async get(id: string, { signal }: CallOptions = {}): Promise<PatchGrid | undefined> {
    this.#check(signal)
    const cached = this.#cache.get(id)
    const found = cached && (await this.#isCurrent(id, cached)) ? cached : await this.#load(id)
    signal?.throwIfAborted()
    return found && decodeGrid(found.file.shape, found.file.precision, found.file.values)
  }

  async delete(ids: readonly string[], { signal }: CallOptions = {}): Promise<void> {
    this.#checkWritable(signal)
    const removals = [...new Set(ids)].map((id) =>
      this.#inTurn(id, async () => {
        this.#forget(id)
        return this.#remove(id, precisions)
      }),
    )
    const removed = await settled(removals)
    if (removed.includes(true)) await this.#syncFolder()
  }

  async list({ signal }: CallOptions = {}): Promise<{ id: string; bytes: number; precision: TensorPrecision }[]> {
    this.#check(signal)
    const names = (await readdir(this.#folder)).filter(parseTensorName)
    const found = new Map<string, { id: string; bytes: number; precision: TensorPrecision }>()
    for (let i = 0; i < names.length; i += width) {
      signal?.throwIfAborted()
      const some = await Promise.all(names.slice(i, i + width).map((name) => this.#describe(name)))
      for (const each of some) if (each) found.set(each.id, each)
    }
    return [...found.values()]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.allSettled(this.#writing.values())
    this.#cache.clear()
    await this.#settings.release()
  }

  #check(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted()
    if (this.#closed) throw new PerStreamError('store-closed', `${this.#folder} is closed: open it again`)
  }

  #checkWritable(signal: AbortSignal | undefined): void {
    this.#check(signal)
    if (this.#settings.mode === 'read')
      throw new PerStreamError('store-read-only', `${this.#folder} is open for reading: open it with mode "write"`)
  }

  /** Writes of one id take effect in the order of the calls. */
  async #inTurn<Result>(id: string, write: () => Promise<Result>): Promise<Result> {
    const turn = Promise.allSettled([this.#writing.get(id)]).then(write)
    this.#writing.set(id, turn)
    try {
      return await turn
    } finally {
      if (this.#writing.get(id) === turn) this.#writing.delete(id)
    }
  }

  #forget(id: string): void {
    this.#cache.delete(id)
    this.#loading.delete(id)
  }

  async #replace(name: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const temporary = join(this.#folder, `grid-${randomUUID()}.tmp`)
    try {
      signal?.throwIfAborted()
      const handle = await open(temporary, 'wx')
      try {
        await handle.writeFile(bytes)
        await handle.datasync()
      } finally {
        await handle.close()
      }
      signal?.throwIfAborted()
      await rename(temporary, join(this.#folder, name))
    } catch (error) {
      await rm(temporary, { force: true })
      throw refusal(this.#folder, error) ?? error
    }
  }

  /** Says whether any of the files was there. */
  async #remove(id: string, kept: readonly TensorPrecision[]): Promise<boolean> {
    const removed = await Promise.all(kept.map((precision) => this.#unlink(tensorName(id, precision))))
    return removed.includes(true)
  }

  async #unlink(name: string): Promise<boolean> {
    return (await ifThere(unlink(join(this.#folder, name)).then(() => true))) ?? false
  }

  async #isCurrent(id: string, { file, identity }: CachedFile): Promise<boolean> {
    if (this.#settings.mode === 'write') return true
    const now = await ifThere(stat(join(this.#folder, tensorName(id, file.precision)), { bigint: true }))
    return now !== undefined && identityOf(now) === identity
  }

  async #load(id: string): Promise<CachedFile | undefined> {
    const underway = this.#loading.get(id)
    if (underway) return underway
    const loading = this.#read(id)
    this.#loading.set(id, loading)
    try {
      const found = await loading
      // Unless it was written meanwhile.
      if (found && this.#loading.get(id) === loading && !this.#closed)
        this.#cache.set(id, found, found.file.values.byteLength)
      return found
    } finally {
      if (this.#loading.get(id) === loading) this.#loading.delete(id)
    }
  }

  /** A grid that changes its precision meanwhile is under neither name for one who looks in the wrong moment: so twice. */
  async #read(id: string): Promise<CachedFile | undefined> {
    for (const precision of [...precisions, ...precisions]) {
      const path = join(this.#folder, tensorName(id, precision))
      const handle = await ifThere(open(path, 'r'))
      if (handle) return readWhole(handle, id, path)
    }
    return undefined
  }

  async #describe(name: string): Promise<{ id: string; bytes: number; precision: TensorPrecision } | undefined> {
    const { id, precision } = parseTensorName(name)!
    const path = join(this.#folder, name)
    const size = (await ifThere(stat(path)))?.size
    const named = id ?? (await ifThere(readId(path)))
    return size === undefined || named === undefined ? undefined : { id: named, bytes: size, precision }
  }
}

async function readWhole(handle: FileHandle, id: string, path: string): Promise<CachedFile> {
  try {
    const found = await handle.stat({ bigint: true })
    const file = decodeTensorFile(await readBytes(handle, Number(found.size)), path)
    if (file.id !== id)
      throw new PerStreamError('store-corrupt', `${path} is damaged: it holds the grid ${JSON.stringify(file.id)}`, {
        fields: { path },
      })
    return { file, identity: identityOf(found) }
  } finally {
    await handle.close()
  }
}

/** Reads from the start into one array of the size that is needed: grids are large, and what is left over would wait for the garbage collector. */
async function readBytes(handle: FileHandle, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

async function readId(path: string): Promise<string> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    return tensorFileId(await readBytes(handle, Math.min(size, tensorFileStart)), path)
  } finally {
    await handle.close()
  }
}

function identityOf({ ino, mtimeNs, size }: { ino: bigint; mtimeNs: bigint; size: bigint }): string {
  return `${ino} ${mtimeNs} ${size}`
}

/** Waits for all, then throws the first failure. */
async function settled<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}
