import { type CallOptions, PerStreamError, type Warning } from '@perstream/spec'
import type { Deflation } from './deflation'
import { indexName, readIndexFile, readIndexOwner } from './index-file'
import type { JournalDirectory } from './journal-directory'
import { readManifest } from './journal-manifest'
import { joined } from './journal-parts'
import { type Checksum, recordEmbeddings, recordHashes } from './journal-record'
import { damaged, type JournalView, openView, readPart } from './journal-view'
import type { EmbeddingBlock, KeptIndex } from './kept-index'

interface KeptIndexOptions {
  readonly checksum: Checksum
  readonly deflation: Deflation
  readonly location: string
  /** Receives `index-ignored`. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
  /** Receives the hashes of the keys of each part that is read, which a merge needs. */
  readonly hashes?: Map<string, Uint32Array> | undefined
  /** Throws when the store is closed. */
  readonly check: () => void
}

const attempts = 8

/**
 * Opens the index of the state that a directory holds, with the files of that state; undefined when there is none that fits. A writer
 * that puts another state in its place meanwhile makes it begin again.
 * @throws PerStreamError `store-corrupt` when a file that counts is missing
 */
export async function openKeptIndex(
  directory: JournalDirectory,
  options: KeptIndexOptions & CallOptions,
): Promise<KeptIndex | undefined> {
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted()
    const index = await readWholeIndex(directory, options)
    if (!index) return undefined
    const view = await openView(directory, options.location)
    if (view.manifest.crc === index.manifestCrc) return keptIndex(directory, { ...options, view, ...index })
    await view[Symbol.asyncDispose]()
    if (attempt === attempts || (await readIndexOwner(directory)) === index.manifestCrc) return undefined
  }
}

/** Undefined, with a warning, when it is damaged; without one when it is not there. */
async function readWholeIndex(directory: JournalDirectory, { checksum, location, onWarning }: KeptIndexOptions) {
  const ignore = (reason: string) => {
    const message = `${location}: ${indexName} ${reason} and is left out: opening takes longer until it is written again`
    onWarning?.({ code: 'index-ignored', message, fields: { file: indexName } })
    return undefined
  }
  try {
    const found = await readIndexFile(directory, checksum)
    return found.kind === 'damaged' ? ignore('is damaged') : found.kind === 'whole' ? found : undefined
  } catch (error) {
    return ignore(`cannot be read (${error instanceof Error ? error.message : error})`)
  }
}

interface OpenIndex extends KeptIndexOptions {
  readonly view: JournalView
  readonly sections: ReadonlyMap<string, Uint8Array>
}

function keptIndex(directory: JournalDirectory, index: OpenIndex): KeptIndex {
  const { view, sections, location } = index
  let isClosed = false
  const check = () => {
    index.check()
    if (isClosed) throw new PerStreamError('store-closed', `the index of ${location} was closed: read it again`)
  }
  return {
    sequence: view.manifest.state.sequence,
    sections,
    async *embeddings({ signal } = {}) {
      signal?.throwIfAborted()
      check()
      try {
        yield* readEmbeddings({ ...index, check }, signal)
      } catch (error) {
        if (PerStreamError.isInstance(error) || signal?.aborted) throw error
        if ((await readManifest(directory, location))?.crc === view.manifest.crc) throw error
        throw changed(location, error)
      }
    },
    async [Symbol.asyncDispose]() {
      if (isClosed) return
      isClosed = true
      await view[Symbol.asyncDispose]()
    },
  }
}

/** How many parts are read while one is consumed. */
const readAhead = 3

/** The next parts are read while one is consumed; buffers take turns, since making room takes longer than reading. */
async function* readEmbeddings(
  { view, hashes, check, ...options }: OpenIndex,
  signal: AbortSignal | undefined,
): AsyncGenerator<EmbeddingBlock, void, void> {
  const parts = view.parts.filter(({ part }) => part.type === 'memory-put')
  const longest = Math.max(0, ...parts.map(({ part }) => part.bytes)) + 1
  const buffers = Array.from({ length: Math.min(parts.length, readAhead + 1) }, () => new Uint8Array(longest))
  const read = ({ part, file }: JournalView['parts'][number], i: number) => {
    const bytes = file.read(0, part.bytes + 1, buffers[i % buffers.length])
    bytes.catch(() => undefined)
    return bytes
  }
  const ahead = parts.slice(0, readAhead).map(read)
  try {
    for (const [i, each] of parts.entries()) {
      const bytes = ahead.shift()!
      const next = parts[i + readAhead]
      if (next) ahead.push(read(next, i + readAhead))
      const keys: Uint32Array[] = []
      for await (const { record } of readPart(each, options, bytes)) {
        keys.push(recordHashes(record))
        for (const block of recordEmbeddings(record) ?? refuse(damaged(options.location, each.part.file, 0))) {
          signal?.throwIfAborted()
          yield block
          check()
        }
      }
      hashes?.set(each.part.file, joined(keys))
    }
  } finally {
    await Promise.allSettled(ahead)
  }
}

function changed(location: string, cause: unknown): PerStreamError {
  return new PerStreamError(
    'store-changed',
    `${location} was changed by a writer while its embeddings were read: read the index again`,
    { fields: { location }, cause },
  )
}

function refuse(error: Error): never {
  throw error
}
