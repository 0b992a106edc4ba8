import { PerStreamError, type Warning } from '@perstream/spec'
import { indexName, readIndexOwner } from './index-file'
import { countReductions, type Waste } from './journal-compaction'
import type { JournalDirectory, JournalFile } from './journal-directory'
import { reductionHash } from './journal-keys'
import { gap, tailWarning } from './journal-loading'
import {
  encodeManifest,
  isStoreFile,
  type Manifest,
  manifestName,
  readManifest,
  storeFileName,
} from './journal-manifest'
import { type JournalEnd, readRecords, wasDurable } from './journal-reader'
import { type Checksum, decodeRecord, recordHashes, recordHead } from './journal-record'
import { damaged } from './journal-view'

/** A store that is ready to be written to. */
export interface WritableStore extends Waste {
  readonly manifest: Manifest
  readonly journal: JournalFile
  /** What the next record follows. */
  readonly crc: number
  readonly sequence: number
}

interface OpeningOptions {
  readonly location: string
  readonly checksum: Checksum
  /** Receives `journal-tail-cut`. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
}

/** Makes a store ready for writing: makes it when there is none, removes what a broken merge left, cuts a torn tail. */
export async function openForWriting(directory: JournalDirectory, options: OpeningOptions): Promise<WritableStore> {
  const { location } = options
  const manifest = (await readManifest(directory, location)) ?? (await createStore(directory, location))
  await removeStale(directory, manifest)
  const journal = await directory.open(manifest.state.journal)
  if (!journal) throw damaged(location, manifest.state.journal, 0)
  try {
    const { end, ...rest } = await cutTail(journal, manifest, options)
    return { manifest, journal, journalSize: end.offset, crc: end.crc, ...rest }
  } catch (error) {
    await journal.close()
    throw error
  }
}

/** The error for a directory that holds no store. */
export function notStore(location: string, reason: string): PerStreamError {
  return new PerStreamError(
    'input-invalid',
    `${location} is not a memory store: ${reason}. Give the folder of a store, or an empty one to write to`,
    { fields: { directory: location } },
  )
}

/** Names of files that are no part of what a store holds: those of the lock, and drafts. */
export function isAside(name: string): boolean {
  return /^lock(\.|$)|\.tmp$/.test(name)
}

/** An empty journal, then the manifest: a store is there once both are. */
async function createStore(directory: JournalDirectory, location: string): Promise<Manifest> {
  const journal = storeFileName('journal', 1)
  const others = (await directory.list()).filter((name) => !isAside(name))
  const begun = others.length === 1 && others[0] === journal && (await sizeOf(directory, journal)) === 0
  if (others.some(isStoreFile) && !begun)
    throw new PerStreamError(
      'store-corrupt',
      `${location}: ${manifestName} is missing: restore it from a backup, or repair the store`,
      { fields: { file: manifestName } },
    )
  if (others.length > 0 && !begun) throw notStore(location, `it holds other files (${others.slice(0, 3).join(', ')})`)
  await directory.remove(journal)
  await directory.write(journal, [])
  await directory.sync()
  const { bytes, manifest } = encodeManifest({ sequence: 0, at: 0, next: 2, journal, parts: [] })
  await directory.replace(manifestName, [bytes])
  return manifest
}

/** Removes the files that a manifest does not name, an index that belongs to another one, and what was half-made. */
export async function removeStale(directory: JournalDirectory, { state, crc }: Manifest): Promise<void> {
  const counting = new Set([state.journal, ...state.parts.map(({ file }) => file)])
  const others = [`${manifestName}.tmp`, `${indexName}.tmp`]
  if ((await readIndexOwner(directory)) !== crc) others.push(indexName)
  const names = await directory.list()
  const stale = names.filter((name) => (isStoreFile(name) && !counting.has(name)) || others.includes(name))
  for (const name of stale) await directory.remove(name)
  if (stale.length > 0) await directory.sync()
}

async function cutTail(
  journal: JournalFile,
  { state, crc }: Manifest,
  { checksum, location, onWarning }: OpeningOptions,
): Promise<{ end: JournalEnd; sequence: number; reduced: number }> {
  const records = readRecords(journal, { checksum, previous: crc })
  let sequence = state.sequence
  let reduced = 0
  let step = await records.next()
  for (; !step.done; step = await records.next()) {
    const next = recordHead(step.value).sequence
    if (next !== sequence + 1) throw gap(location, state.journal, sequence, next)
    sequence = next
    reduced += reductionsOf(step.value)
  }
  const end = step.value
  if (end.rest > 0) {
    if (await wasDurable(journal, end, sequence + 1, checksum)) throw damaged(location, state.journal, end.offset)
    await journal.truncate(end.offset)
    onWarning?.(tailWarning('journal-tail-cut', location, state.journal, end))
  }
  return { end, sequence, reduced }
}

/** A record is decoded for it only where its table names a reduction. */
function reductionsOf(record: Uint8Array): number {
  if (!recordHashes(record).includes(reductionHash)) return 0
  return countReductions(decodeRecord(record)?.batch.operations ?? [])
}

async function sizeOf(directory: JournalDirectory, name: string): Promise<number> {
  const file = await directory.open(name)
  try {
    return (await file?.size()) ?? 0
  } finally {
    await file?.close()
  }
}
