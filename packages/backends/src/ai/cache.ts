import type { CallOptions } from '@perstream/spec'

/** Where answers are kept, so that the same request is not paid for twice. Any key-value store can be one. A failing cache fails the call. */
export interface AiCache {
  /** The text kept under a key (64 hex digits), or undefined. */
  get(key: string, options?: CallOptions): Promise<string | undefined>
  set(key: string, value: string, options?: CallOptions): Promise<void>
}

/** How an in-memory cache behaves. */
export interface MemoryAiCacheOptions {
  /** Answers kept at most, 1 or more; the one that was not used for longest goes. Default 1000. */
  readonly maxEntries?: number | undefined
}

/**
 * Creates a cache that lasts as long as the process.
 * @throws TypeError when `maxEntries` is below 1
 */
export function createMemoryAiCache({ maxEntries = 1000 }: MemoryAiCacheOptions = {}): AiCache {
  if (!(maxEntries >= 1)) throw new TypeError(`maxEntries is ${maxEntries}: it must be 1 or more`)
  const entries = new Map<string, string>()
  const put = (key: string, value: string) => {
    entries.delete(key)
    entries.set(key, value)
    if (entries.size > maxEntries) entries.delete(entries.keys().next().value!)
  }
  return {
    async get(key) {
      const value = entries.get(key)
      if (value !== undefined) put(key, value)
      return value
    },
    async set(key, value) {
      put(key, value)
    },
  }
}

/**
 * Creates a cache of one file an answer in a folder, which is made on first use. Writes are atomic: several processes can share it, and a
 * half-written answer is never read. Answers hold what memories say: protect the folder as you protect the memory.
 */
export function createFileAiCache(folder: string): AiCache {
  const pathOf = (key: string) => {
    if (!/^[0-9a-f]{16,}$/.test(key))
      throw new TypeError(`key is ${JSON.stringify(key)}: it must be hex digits, 16 or more`)
    return { folder: `${folder}/${key.slice(0, 2)}`, file: `${folder}/${key.slice(0, 2)}/${key}.json` }
  }
  return {
    async get(key, { signal } = {}) {
      const { readFile } = await import('node:fs/promises')
      try {
        return await readFile(pathOf(key).file, { encoding: 'utf8', signal })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        signal?.throwIfAborted()
        throw error
      }
    },
    async set(key, value, { signal } = {}) {
      const { mkdir, rename, rm, writeFile } = await import('node:fs/promises')
      const path = pathOf(key)
      await mkdir(path.folder, { recursive: true, mode: 0o700 })
      const half = `${path.file}.${crypto.randomUUID()}.part`
      try {
        await writeFile(half, value, { flag: 'wx', mode: 0o600, signal })
        await rename(half, path.file)
      } catch (error) {
        await rm(half, { force: true })
        signal?.throwIfAborted()
        throw error
      }
    },
  }
}
