import type { CallOptions, MemoryBatch } from '@perstream/spec'
import { indexName, removeIndex } from './index-file'
import type { JournalDirectory } from './journal-directory'
import {
  encodeManifest,
  isStoreFile,
  type Manifest,
  manifestName,
  readManifest,
  type StoreState,
  storeFileName,
} from './journal-manifest'
import { mergeParts } from './journal-merge'
import { findRecords } from './journal-reader'
import { decodeRecord } from './journal-record'
import { type StoreDamage, type StoreReport, verifyJournal, wholeFile } from './journal-verify'
import { checksumOf, deflationOf } from './journal-view'
import { OperationFold } from './operation-fold'
import { salvage } from './salvage'

/** What {@link repairJournal} did. */
export interface RepairReport {
  /** False when nothing was damaged: then nothing was changed. A damaged index is removed, which loses nothing. */
  readonly repaired: boolean
  /** The damaged files, under the names they are kept as. Their memories are in them, deleted ones too: remove them when they are not needed. */
  readonly kept: readonly string[]
  /** What could not be read any more. */
  readonly damage: readonly StoreDamage[]
  /** What had to be changed or left out because it pointed to what is lost, in words. */
  readonly changes: readonly string[]
  /** The store as it is now. */
  readonly after: StoreReport
}

/**
 * Makes a damaged store one that opens: every record that can be read is kept. Damaged files are copied to names that end in
 * `.damaged`. No writer may be at work.
 *
 * @throws PerStreamError `store-version` for another format version
 */
export async function repairJournal(
  directory: JournalDirectory,
  { location = 'the store', signal }: CallOptions & { readonly location?: string | undefined } = {},
): Promise<RepairReport> {
  const before = await verifyJournal(directory, { location, signal })
  if (before.damage.length === 0) return { repaired: false, kept: [], damage: [], changes: [], after: before }
  if (before.whole) {
    await removeIndex(directory)
    await directory.sync()
    const after = await verifyJournal(directory, { location, signal })
    return { repaired: true, kept: [], damage: before.damage, changes: [], after }
  }
  const manifest = before.damage.some(({ file }) => file === manifestName)
    ? undefined
    : await readManifest(directory, location)
  const { operations, sequence } = await readable(directory, manifest)
  const { operations: whole, changes } = salvage(operations)
  const kept = await keepAside(directory, new Set(before.damage.map(({ file }) => file)))
  await writeStore(directory, { sequence: sequence + 1, at: manifest?.state.at ?? 0, operations: whole }, location)
  return {
    ...{ repaired: true, kept, damage: before.damage, changes },
    after: await verifyJournal(directory, { location, signal }),
  }
}

/** All whole records in the files that count, or in all when it is not known which do: parts by number, then journals. */
async function readable(directory: JournalDirectory, manifest: Manifest | undefined) {
  const checksum = checksumOf(directory)
  const { inflate } = deflationOf(directory)
  const names = manifest
    ? [...manifest.state.parts.map(({ file }) => file), manifest.state.journal]
    : (await directory.list())
        .filter(isStoreFile)
        .sort()
        .sort((a, b) => kindOf(b) - kindOf(a))
  const fold = new OperationFold()
  let sequence = manifest?.state.sequence ?? 0
  for (const name of names)
    for (const { bytes } of findRecords((await wholeFile(directory, name)) ?? new Uint8Array(0), checksum)) {
      const batch = decodeRecord(bytes, inflate)?.batch
      if (!batch) continue
      sequence = Math.max(sequence, batch.sequence)
      for (const operation of batch.operations) fold.apply(operation)
    }
  return { operations: fold.list(), sequence }
}

function kindOf(name: string): number {
  return name.startsWith('part') ? 1 : 0
}

async function keepAside(directory: JournalDirectory, files: ReadonlySet<string>): Promise<string[]> {
  const names = new Set(await directory.list())
  const kept: string[] = []
  for (const file of files) {
    const bytes = file === indexName ? undefined : await wholeFile(directory, file)
    if (!bytes) continue
    let name = `${file}.damaged`
    for (let i = 2; names.has(name); i++) name = `${file}.${i}.damaged`
    await directory.write(name, [bytes])
    kept.push(name)
  }
  await directory.sync()
  return kept
}

/** Writes the operations as a new store in place of all files there are. */
async function writeStore(directory: JournalDirectory, batch: MemoryBatch, location: string): Promise<void> {
  const old = (await directory.list()).filter(isStoreFile)
  let number = Math.max(0, ...old.map((name) => Number(name.replace(/\D/g, '')))) + 1
  const nothing: StoreState = { sequence: 0, at: 0, next: number, journal: storeFileName('journal', 0), parts: [] }
  const parts = await mergeParts(
    { state: nothing, parts: [] },
    {
      ...{ directory, checksum: checksumOf(directory), deflation: deflationOf(directory), location },
      ...{ batches: [batch], hashes: new Map() },
      nextNumber: () => number++,
    },
  )
  const journal = storeFileName('journal', number++)
  await directory.write(journal, [])
  await directory.sync()
  const state = { sequence: batch.sequence, at: batch.at, next: number, journal, parts }
  await directory.replace(manifestName, [encodeManifest(state).bytes])
  for (const name of old) await directory.remove(name)
  await removeIndex(directory)
  await directory.sync()
}
