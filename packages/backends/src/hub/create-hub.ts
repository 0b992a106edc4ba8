import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { type CallOptions, PerStreamError, type Progress } from '@perstream/spec'
import { cachedIds, filesIn, type HubFile, type HubListing, type ModelCache, modelCache, sizeOf } from './cache'
import { checksumOf } from './checksum'
import { createHubClient } from './client'
import { downloadFile } from './download'
import { fetchListing } from './listing'
import { checkId, checkRevision, isCommit, isInside } from './names'

/** How a hub is used. */
export interface HubOptions {
  /** Where models are kept, in the layout of Hugging Face's own tools, whose cache can be given. */
  readonly cacheFolder: string
  /** What a private or gated model wants. Sent to the endpoint alone, and never part of a message. */
  readonly token?: string | undefined
  /** Uses the cache alone. Default false. */
  readonly offline?: boolean | undefined
  /** Default 'https://huggingface.co'. */
  readonly endpoint?: string | undefined
  /** Default: the system's own. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** How often a request is repeated that was limited, failed or was cut; what comes in between counts anew. Default 5. */
  readonly retries?: number | undefined
  /** Seconds before the first repetition, doubled each time up to 30; a server's Retry-After goes first. Default 0.5. */
  readonly retrySeconds?: number | undefined
  /** Seconds without a byte after which a connection counts as cut. Default 60. */
  readonly idleSeconds?: number | undefined
}

/** Which version of a model. */
export interface RevisionOptions extends CallOptions {
  /** A branch, a tag or a commit. Default 'main'. */
  readonly revision?: string | undefined
}

/** Options of {@link Hub.pull}. */
export interface PullOptions extends RevisionOptions {
  /** Paths, or what tells whether a path is wanted. Default: all. */
  readonly files?: readonly string[] | ((path: string) => boolean) | undefined
  /** Counts bytes, those that were there too. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** Options of {@link Hub.verify}. */
export interface VerifyOptions extends RevisionOptions {
  /** Counts bytes of the model's files; told after each file. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** A model that was pulled. */
export interface PulledModel {
  readonly id: string
  readonly commit: string
  /** Where its files are. */
  readonly folder: string
  /** The files that were asked for, paths in the folder. */
  readonly files: readonly string[]
}

/** A model in the cache, at one commit. */
export interface CachedModel extends PulledModel {
  /** Branches and tags that were this commit when they were asked for. */
  readonly revisions: readonly string[]
  /** What the files take. */
  readonly bytes: number
}

/** What a check found. */
export interface HubVerification {
  readonly folder: string
  /** Files whose content is what the hub listed. */
  readonly intact: readonly string[]
  /** Files with another content; remove them and pull again. */
  readonly damaged: readonly string[]
  /** Files of the model that are not in the cache. */
  readonly absent: readonly string[]
  /** Files that the hub did not list. */
  readonly unknown: readonly string[]
}

/** A hub of models, and the cache of what came from it. */
export interface Hub {
  /**
   * Downloads a model: the revision is pinned to its commit, what is there already is kept, and a download that was broken
   * off goes on where it ended. A file has its name only once its checksum is right.
   * @throws PerStreamError `service-unreachable`, `service-refused`, `service-limited`, `service-failed`, `reply-invalid`;
   * `model-missing` for a model, revision or file that is not there; `model-invalid` for a wrong checksum; `store-full`
   */
  pull(id: string, options?: PullOptions): Promise<PulledModel>
  /** Gives the path of one file, downloaded if need be. @throws PerStreamError as {@link Hub.pull} does */
  file(id: string, path: string, options?: RevisionOptions): Promise<string>
  /**
   * Compares the files of a model, or of a folder that {@link Hub.pull} gave, with the checksums of the hub. Uses the network
   * only for a model that another tool downloaded.
   */
  verify(idOrFolder: string, options?: VerifyOptions): Promise<HubVerification>
  /** Lists what the cache holds. */
  list(): Promise<CachedModel[]>
  /** Gives the folder of a model in the cache. @throws PerStreamError `model-missing` */
  path(id: string, options?: RevisionOptions): Promise<string>
}

interface Place extends CallOptions {
  readonly id: string
  readonly revision: string
  readonly cache: ModelCache
}

/**
 * Makes a hub over the protocol of huggingface.co. It asks once what commit a branch is, and keeps to it. Several processes can
 * share one cache.
 */
export function createHub({
  cacheFolder,
  token,
  offline = false,
  endpoint = 'https://huggingface.co',
  fetch = globalThis.fetch,
  retries = 5,
  retrySeconds = 0.5,
  idleSeconds = 60,
}: HubOptions): Hub {
  checkAccess(endpoint, token)
  const root = endpoint.replace(/\/+$/, '')
  const client = createHubClient({ endpoint: root, token, offline, fetch, retries, retrySeconds, idleSeconds })
  const listings = new Map<string, HubListing>()
  const inTurn = createTurns()

  const placeOf = (id: string, { revision = 'main', signal }: RevisionOptions = {}): Place => {
    checkId(id)
    checkRevision(revision)
    signal?.throwIfAborted()
    return { id, revision, cache: modelCache(cacheFolder, id), signal }
  }

  /** What the cache knows; a commit never changes, and offline a branch is what it was. */
  const cachedListing = async ({ revision, cache }: Place): Promise<HubListing | undefined> => {
    if (!offline && !isCommit(revision)) return undefined
    const commit = isCommit(revision) ? revision : await cache.readCommit(revision)
    return commit === undefined ? undefined : cache.readListing(commit)
  }

  /** A file that can be had without asking the hub: one of a commit, or offline one of a branch as it was. */
  const keptFile = async ({ revision, cache }: Place, path: string): Promise<string | undefined> => {
    if (!offline && !isCommit(revision)) return undefined
    const commit = isCommit(revision) ? revision : await cache.readCommit(revision)
    const kept = commit && join(cache.snapshot(commit), ...path.split('/'))
    return kept && (await sizeOf(kept)) !== undefined ? kept : undefined
  }

  const listing = async (place: Place): Promise<HubListing> => {
    const { id, revision, cache, signal } = place
    const key = `${id}@${revision}`
    const known = listings.get(key) ?? (await cachedListing(place))
    const found = known ?? (await fetchListing(client, { id, revision, signal }))
    if (!known) {
      await cache.writeListing(found)
      if (!isCommit(revision)) await cache.writeCommit(revision, found.commit)
    }
    listings.set(key, found)
    return found
  }

  const fetchFile = async (place: Place, commit: string, file: HubFile, onBytes?: (done: number) => void) => {
    const { id, cache, signal } = place
    const path = join(cache.snapshot(commit), ...file.path.split('/'))
    return inTurn(path, async () => {
      signal?.throwIfAborted()
      if ((await sizeOf(path)) === file.size) return path
      return downloadFile({ client, cache, id, commit, file, signal, onBytes })
    })
  }

  return {
    async pull(id, { files: wanted, onProgress, ...options } = {}) {
      const place = placeOf(id, options)
      const { commit, files } = await listing(place)
      const chosen = chooseFiles(files, wanted, id)
      const total = chosen.reduce((sum, { size }) => sum + size, 0)
      const report = (done: number) => onProgress?.({ stage: `downloading ${id}`, done, total })
      let done = 0
      for (const file of chosen) {
        const start = done
        await fetchFile(place, commit, file, (bytes) => report(start + bytes))
        done += file.size
        report(done)
      }
      return { id, commit, folder: place.cache.snapshot(commit), files: chosen.map(({ path }) => path) }
    },

    async file(id, path, options) {
      if (!isInside(path)) throw new TypeError(`path is "${path}": give the path of a file within the model`)
      const place = placeOf(id, options)
      const kept = await keptFile(place, path)
      if (kept !== undefined) return kept
      const { commit, files } = await listing(place)
      return fetchFile(place, commit, chooseFiles(files, [path], id)[0]!)
    },

    async verify(idOrFolder, options = {}) {
      const { folder, known } = await (isAbsolute(idOrFolder) || idOrFolder.startsWith('.')
        ? folderListing(resolve(idOrFolder))
        : modelListing(idOrFolder, options))
      return compareFiles(folder, known.files, options)
    },

    async list() {
      const models: CachedModel[] = []
      for (const id of await cachedIds(cacheFolder))
        models.push(...(await cachedModels(id, modelCache(cacheFolder, id))))
      return models
    },

    path: async (id, options) => cachedFolder(placeOf(id, options)),
  }

  async function modelListing(id: string, options: RevisionOptions) {
    const place = placeOf(id, options)
    const folder = await cachedFolder(place)
    const known = await place.cache.readListing(basename(folder))
    return { folder, known: known ?? (await listing({ ...place, revision: basename(folder) })) }
  }
}

/** @throws TypeError that shows no secret */
function checkAccess(endpoint: string, token: string | undefined): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
    throw new TypeError('endpoint must be an http or https address without a name or password; give a token as token')
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new TypeError('token holds characters that no token has: give it without white space')
  }
}

/** Work on the same thing waits for each other, within this process. */
function createTurns(): <Value>(key: string, work: () => Promise<Value>) => Promise<Value> {
  const last = new Map<string, Promise<unknown>>()
  return (key, work) => {
    const before = last.get(key)
    const mine = before ? before.then(work, work) : work()
    last.set(key, mine)
    const leave = () => {
      if (last.get(key) === mine) last.delete(key)
    }
    mine.then(leave, leave)
    return mine
  }
}

function chooseFiles(files: readonly HubFile[], wanted: PullOptions['files'], id: string): readonly HubFile[] {
  if (wanted === undefined) return files
  if (typeof wanted === 'function') return files.filter(({ path }) => wanted(path))
  return wanted.map((path) => {
    const file = files.find((each) => each.path === path)
    if (file) return file
    throw new PerStreamError('model-missing', `The model ${id} has no file "${path}"`, { fields: { id, path } })
  })
}

async function cachedFolder({ id, revision, cache }: Place): Promise<string> {
  const commit = isCommit(revision) ? revision : await cache.readCommit(revision)
  if (commit !== undefined && (await filesIn(cache.snapshot(commit))).length > 0) return cache.snapshot(commit)
  throw new PerStreamError('model-missing', `The cache has no ${revision} of ${id}: pull it`, {
    fields: { id, revision },
  })
}

async function folderListing(folder: string) {
  const [commit, snapshots] = [basename(folder), dirname(folder)]
  const model = dirname(snapshots)
  const cache = modelCache(dirname(model), basename(model).replace(/^models--/, ''))
  const known = basename(snapshots) === 'snapshots' && isCommit(commit) ? await cache.readListing(commit) : undefined
  if (known) return { folder, known }
  throw new PerStreamError('model-missing', `${folder} is no folder that was pulled: there are no checksums for it`, {
    fields: { folder },
  })
}

async function compareFiles(
  folder: string,
  files: readonly HubFile[],
  { onProgress, signal }: VerifyOptions,
): Promise<HubVerification> {
  const [intact, damaged, absent]: [string[], string[], string[]] = [[], [], []]
  const total = files.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  for (const file of files) {
    const path = join(folder, ...file.path.split('/'))
    const size = await sizeOf(path)
    if (size === undefined) absent.push(file.path)
    else if (size === file.size && (await checksumOf(path, file, { signal })) === file.checksum.value)
      intact.push(file.path)
    else damaged.push(file.path)
    done += file.size
    onProgress?.({ stage: `checking ${file.path}`, done, total })
  }
  const listed = new Set(files.map(({ path }) => path))
  return { folder, intact, damaged, absent, unknown: (await filesIn(folder)).filter((path) => !listed.has(path)) }
}

async function cachedModels(id: string, cache: ModelCache): Promise<CachedModel[]> {
  const revisions = await cache.revisions()
  const models: CachedModel[] = []
  for (const commit of await cache.commits()) {
    const folder = cache.snapshot(commit)
    const files = await filesIn(folder)
    let bytes = 0
    for (const file of files) bytes += (await sizeOf(join(folder, file))) ?? 0
    const names = [...revisions].filter(([, each]) => each === commit).map(([name]) => name)
    if (files.length > 0) models.push({ id, commit, folder, files, bytes, revisions: names })
  }
  return models
}
