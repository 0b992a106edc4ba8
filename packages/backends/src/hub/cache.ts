import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isCommit } from './names'

/** A file of a model, as the hub lists it. */
export interface HubFile {
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** What its content must give: sha256 of large files, of small ones the SHA-1 that git names it by. */
  readonly checksum: { readonly algorithm: 'sha256' | 'git-sha1'; readonly value: string }
}

/** What a model holds at one commit. */
export interface HubListing {
  readonly id: string
  readonly commit: string
  readonly files: readonly HubFile[]
}

/** The folders of one model; laid out like the cache of Hugging Face's own tools. */
export interface ModelCache {
  /** Where the files of a commit are. */
  snapshot(commit: string): string
  /** Where pieces of downloads are. */
  readonly parts: string
  readCommit(revision: string): Promise<string | undefined>
  writeCommit(revision: string, commit: string): Promise<void>
  readListing(commit: string): Promise<HubListing | undefined>
  writeListing(listing: HubListing): Promise<void>
  /** The commits of which files are there. */
  commits(): Promise<string[]>
  /** The revisions that were asked for, with their commits. */
  revisions(): Promise<Map<string, string>>
}

const prefix = 'models--'

/** Opens the cache of one model. Nothing is made until something is written. */
export function modelCache(cacheFolder: string, id: string): ModelCache {
  const folder = join(cacheFolder, prefix + id.replaceAll('/', '--'))
  const refs = join(folder, 'refs')
  const parts = join(folder, 'perstream')
  const listingPath = (commit: string) => join(parts, `${commit}.json`)
  return {
    snapshot: (commit) => join(folder, 'snapshots', commit),
    parts,
    async readCommit(revision) {
      const commit = (await readIfThere(join(refs, revision)))?.trim()
      return commit !== undefined && isCommit(commit) ? commit : undefined
    },
    writeCommit: (revision, commit) => writeWhole(join(refs, revision), commit),
    async readListing(commit) {
      const text = await readIfThere(listingPath(commit))
      return text === undefined ? undefined : parseListing(text)
    },
    writeListing: (listing) => writeWhole(listingPath(listing.commit), JSON.stringify(listing)),
    commits: async () => (await namesIn(join(folder, 'snapshots'))).filter(isCommit),
    async revisions() {
      const found = new Map<string, string>()
      for (const name of (await filesIn(refs)).filter((each) => !each.endsWith('.tmp'))) {
        const commit = (await readIfThere(join(refs, name)))?.trim()
        if (commit !== undefined) found.set(name, commit)
      }
      return found
    },
  }
}

/** What a power cut has left of a listing is no listing: the hub is asked again. */
function parseListing(text: string): HubListing | undefined {
  try {
    return JSON.parse(text) as HubListing
  } catch {
    return undefined
  }
}

/** The ids of the models that a cache holds. */
export async function cachedIds(cacheFolder: string): Promise<string[]> {
  const names = await namesIn(cacheFolder)
  return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length).replace('--', '/'))
}

/** Tells how many bytes a file has; undefined when there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path)
    return found.isFile() ? found.size : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Paths of all files below a folder, with slashes; none when there is no folder. */
export async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => !entry.isDirectory())
    return files
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .replaceAll('\\', '/'),
      )
      .sort()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${randomUUID()}.tmp`
  await writeFile(temporary, text)
  await rename(temporary, path)
}

/** Tells whether an error says that a path does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
