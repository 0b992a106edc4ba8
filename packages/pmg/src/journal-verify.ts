import { type CallOptions, PerStreamError } from '@perstream/spec'
import { indexName, readIndexFile } from './index-file'
import type { JournalDirectory } from './journal-directory'
import { isStoreFile, type Manifest, manifestName, readManifest, type StorePart } from './journal-manifest'
import { findRecords, type JournalEnd, readBatches } from './journal-reader'
import { type Checksum, decodeRecord, recordHead } from './journal-record'
import { checksumOf, deflationOf } from './journal-view'

/** Damage in a file of a store. */
export interface StoreDamage {
  readonly file: string
  /** Where it begins, in bytes from the start of the file. */
  readonly offset: number
  /** Bytes that cannot be read. */
  readonly bytes: number
  /** What is lost by it, in words. */
  readonly lost: string
}

/** What {@link verifyJournal} found in one file. */
export interface StoreFileReport {
  readonly file: string
  /**
   * 'index' is what the graph derived from the parts, to open fast. 'stale' is what a write that was cut off left behind: the next
   * writer removes it.
   */
  readonly kind: 'manifest' | 'part' | 'journal' | 'index' | 'stale'
  readonly bytes: number
  /** Whole records, and the operations in them. */
  readonly records: number
  readonly operations: number
  /** First and last sequence in it, both inclusive; undefined when it has no records. */
  readonly sequences: readonly [number, number] | undefined
  readonly damage: readonly StoreDamage[]
}

/** What there is in a store, and whether it is as it was written. */
export interface StoreReport {
  /** True when nothing that was acknowledged is damaged or missing. */
  readonly whole: boolean
  /** The last sequence that can be read in order. */
  readonly sequence: number
  /** Bytes of a write that was never acknowledged, at the end of the journal: no damage. */
  readonly tornBytes: number
  readonly files: readonly StoreFileReport[]
  /** The damage of all files. That of an index harms nothing, as it is derived from the others: `whole` is true beside it. */
  readonly damage: readonly StoreDamage[]
}

interface Found {
  readonly report: StoreFileReport
  readonly sequence?: number
  readonly tornBytes?: number
}

/** A writer may put another state in place while one is read: then it is begun again, so often at most. */
const attempts = 8

/**
 * Reads every byte of a store and reports what is damaged. Writes nothing, and does not throw on damage.
 * @throws PerStreamError `store-version` for another format version
 */
export async function verifyJournal(
  directory: JournalDirectory,
  { location = 'the store', signal }: CallOptions & { readonly location?: string | undefined } = {},
): Promise<StoreReport> {
  for (let attempt = 1; ; attempt++) {
    const checked = await verifyManifest(directory, location)
    const report = await verifyState(directory, checked, signal)
    if (report.whole || attempt === attempts) return report
    const { manifest } = await verifyManifest(directory, location)
    if (manifest?.crc === checked.manifest?.crc) return report
  }
}

interface CheckedManifest {
  /** Absent when it cannot be read. */
  readonly manifest?: Manifest
  readonly report: StoreFileReport
}

async function verifyState(
  directory: JournalDirectory,
  { manifest, report }: CheckedManifest,
  signal: AbortSignal | undefined,
): Promise<StoreReport> {
  const checksum = checksumOf(directory)
  const found: Found[] = [{ report }]
  const names = new Set(manifest && [manifest.state.journal, ...manifest.state.parts.map(({ file }) => file)])
  for (const part of manifest?.state.parts ?? []) {
    signal?.throwIfAborted()
    found.push({ report: await verifyPart(directory, part) })
  }
  if (manifest) found.push(await verifyChain(directory, manifest, { checksum, signal }))
  for (const name of await directory.list())
    if (isStoreFile(name) && !names.has(name)) found.push(await describeStale(directory, name, manifest !== undefined))
  found.push(...(await verifyIndex(directory, manifest?.crc)))
  const damage = found.flatMap((each) => each.report.damage)
  return {
    whole: damage.every(({ file }) => file === indexName),
    sequence: found.reduce((last, each) => Math.max(last, each.sequence ?? 0), 0),
    tornBytes: found.reduce((sum, each) => sum + (each.tornBytes ?? 0), 0),
    files: found.map((each) => each.report),
    damage,
  }
}

async function verifyManifest(directory: JournalDirectory, location: string): Promise<CheckedManifest> {
  const bytes = await wholeFile(directory, manifestName)
  const report = (lost: readonly string[]) => ({
    ...{ file: manifestName, kind: 'manifest' as const, bytes: bytes?.length ?? 0 },
    ...{ records: 0, operations: 0, sequences: undefined },
    damage: lost.map((each) => ({ file: manifestName, offset: 0, bytes: bytes?.length ?? 0, lost: each })),
  })
  try {
    const manifest = await readManifest(directory, location)
    return manifest ? { manifest, report: report([]) } : { report: report(['which files count: it is missing']) }
  } catch (error) {
    if (!PerStreamError.isInstance(error) || error.code === 'store-version') throw error
    return { report: report([`which files count: ${error.message}`]) }
  }
}

async function verifyPart(directory: JournalDirectory, part: StorePart): Promise<StoreFileReport> {
  const bytes = await wholeFile(directory, part.file)
  const { records, operations, damage } = scanPart(bytes, part, directory)
  const sequences = records.map((record) => recordHead(record).sequence)
  return {
    ...{ file: part.file, kind: 'part', bytes: bytes?.length ?? 0, records: records.length, operations },
    sequences: sequences.length > 0 ? [Math.min(...sequences), Math.max(...sequences)] : undefined,
    damage,
  }
}

/** Finds the whole records of a part, and what lies between them. */
function scanPart(
  bytes: Uint8Array | undefined,
  part: StorePart,
  directory: JournalDirectory,
): { records: Uint8Array[]; operations: number; damage: StoreDamage[] } {
  const { inflate } = deflationOf(directory)
  const records: Uint8Array[] = []
  const holes: { offset: number; bytes: number }[] = []
  let operations = 0
  let at = 0
  let crc = 0
  for (const found of findRecords(bytes ?? new Uint8Array(0), checksumOf(directory))) {
    if (!decodeRecord(found.bytes, inflate)) continue
    if (found.offset > at) holes.push({ offset: at, bytes: found.offset - at })
    else if (recordHead(found.bytes).previous !== crc && holes.length === 0) holes.push({ offset: at, bytes: 0 })
    at = found.offset + found.bytes.length
    crc = recordHead(found.bytes).crc
    operations += recordHead(found.bytes).count
    records.push(found.bytes)
  }
  const size = bytes?.length ?? 0
  if (at < Math.max(size, part.bytes)) holes.push({ offset: at, bytes: Math.max(size, part.bytes) - at })
  if (holes.length === 0 && crc !== part.crc) holes.push({ offset: 0, bytes: size })
  const lost = `${Math.max(0, part.operations - operations)} of ${part.operations} ${part.type} operations`
  return { records, operations, damage: holes.map((hole) => ({ file: part.file, ...hole, lost })) }
}

async function verifyChain(
  directory: JournalDirectory,
  { state, crc }: Manifest,
  { checksum, signal }: { checksum: Checksum; signal: AbortSignal | undefined },
): Promise<Found> {
  const none = { file: state.journal, kind: 'journal' as const, records: 0, operations: 0, sequences: undefined }
  const file = await directory.open(state.journal)
  if (!file) {
    const lost = `all batches after ${state.sequence}: the file is missing`
    const damage = [{ file: state.journal, offset: 0, bytes: 0, lost }]
    return { report: { ...none, bytes: 0, damage }, sequence: state.sequence }
  }
  try {
    let { sequence } = state
    let [records, operations] = [0, 0]
    const batches = readBatches(file, { checksum, previous: crc, signal })
    let step = await batches.next()
    for (; !step.done && step.value.batch.sequence === sequence + 1; step = await batches.next()) {
      sequence++
      records++
      operations += step.value.batch.operations.length
    }
    const bytes = await file.size()
    const end: JournalEnd = step.done ? step.value : { offset: 0, rest: bytes, crc }
    const tail = end.rest > 0 ? await file.read(end.offset, end.rest) : new Uint8Array(0)
    const lost = lostInTail(tail, sequence, checksum)
    const damage = lost === undefined ? [] : [{ file: state.journal, offset: end.offset, bytes: end.rest, lost }]
    const sequences = records > 0 ? ([state.sequence + 1, sequence] as const) : undefined
    return {
      report: { ...none, bytes, records, operations, sequences, damage },
      sequence,
      tornBytes: damage.length === 0 ? end.rest : 0,
    }
  } finally {
    await file.close()
  }
}

/** Undefined when nothing in the tail proves that it had been acknowledged. */
function lostInTail(tail: Uint8Array, sequence: number, checksum: Checksum): string | undefined {
  let durable = 0
  let whole = 0
  for (const { bytes } of findRecords(tail, checksum)) {
    durable = Math.max(durable, recordHead(bytes).durable)
    whole++
  }
  if (durable <= sequence) return undefined
  return `batches from ${sequence + 1}; ${whole} whole records lie behind the damage`
}

async function describeStale(directory: JournalDirectory, file: string, isKnown: boolean): Promise<Found> {
  const bytes = (await wholeFile(directory, file))?.length ?? 0
  const report = { file, bytes, records: 0, operations: 0, sequences: undefined, damage: [] }
  return { report: { ...report, kind: isKnown ? 'stale' : file.startsWith('part') ? 'part' : 'journal' } }
}

async function verifyIndex(directory: JournalDirectory, manifestCrc: number | undefined): Promise<Found[]> {
  const index = await readIndexFile(directory, checksumOf(directory))
  if (index.kind === 'missing') return []
  const isStale = index.kind === 'whole' && index.manifestCrc !== (manifestCrc ?? index.manifestCrc)
  const lost = { file: indexName, offset: 0, bytes: index.bytes, lost: 'nothing: it is made anew from the other files' }
  const damage = index.kind === 'damaged' ? [lost] : []
  const none = { file: indexName, bytes: index.bytes, records: 0, operations: 0, sequences: undefined }
  return [{ report: { ...none, kind: isStale ? 'stale' : 'index', damage } }]
}

/** Reads a whole file; undefined when it is not there. */
export async function wholeFile(directory: JournalDirectory, name: string): Promise<Uint8Array | undefined> {
  const file = await directory.open(name)
  try {
    return await file?.read(0, await file.size())
  } finally {
    await file?.close()
  }
}
