import { crc32 } from '@perstream/kit'
import { PerStreamError } from '@perstream/spec'
import type { JournalDirectory } from './journal-directory'
import { type PutType, putTypes } from './journal-keys'

/** The file that names all the others that count. */
export const manifestName = 'perstream-memory.json'
const version = 3
const fileName = /^(part|journal)-\d{16}\.pmg$/

/** A file of records that is written once. */
export interface StorePart {
  readonly file: string
  /** All its operations are of this type. */
  readonly type: PutType
  readonly operations: number
  readonly bytes: number
  /** Bytes it would have if nothing in it were deflated. */
  readonly plain: number
  /** The checksum of its last record, which covers those before it. */
  readonly crc: number
}

/** What a store consists of: the parts in order, then the journal. */
export interface StoreState {
  /** The last sequence that the parts hold; the journal goes on from there. */
  readonly sequence: number
  /** When that was. Milliseconds since 1970 UTC. */
  readonly at: number
  /** The number of the next file that is made. */
  readonly next: number
  readonly journal: string
  readonly parts: readonly StorePart[]
}

/** The state with the checksum of its text, which the first record of the journal follows. */
export interface Manifest {
  readonly state: StoreState
  readonly crc: number
}

/** The name of the nth part or journal. */
export function storeFileName(kind: 'part' | 'journal', number: number): string {
  return `${kind}-${String(number).padStart(16, '0')}.pmg`
}

/** Says whether a name is one that a store gives to its parts and journals. */
export function isStoreFile(name: string): boolean {
  return fileName.test(name)
}

/** Encodes a state as the text of the manifest. */
export function encodeManifest(state: StoreState): { bytes: Uint8Array; manifest: Manifest } {
  const text = JSON.stringify(state)
  const crc = textChecksum(text)
  const bytes = new TextEncoder().encode(
    `{"format":"perstream-memory","version":${version},"crc":${crc},"state":${text}}\n`,
  )
  return { bytes, manifest: { state, crc } }
}

/**
 * Reads the manifest of a directory; undefined when there is none.
 * @throws PerStreamError `store-version`, `store-corrupt`, `input-invalid` when the file is of something else
 */
export async function readManifest(directory: JournalDirectory, location: string): Promise<Manifest | undefined> {
  const file = await directory.open(manifestName)
  if (!file) return undefined
  try {
    return parseManifest(await file.read(0, await file.size()), location)
  } finally {
    await file.close()
  }
}

function parseManifest(bytes: Uint8Array, location: string): Manifest {
  const found = parseJson(bytes, location)
  if (found.format !== 'perstream-memory')
    throw new PerStreamError(
      'input-invalid',
      `${location} is not a memory store: ${manifestName} is of something else. Give the folder of a store, or an empty one to write to`,
      { fields: { directory: location } },
    )
  if (found.version !== version && Number.isInteger(found.version))
    throw new PerStreamError(
      'store-version',
      `${location} has format version ${found.version}, this release reads ${version}: use ${found.version > version ? 'a newer' : 'the older'} release`,
      { fields: { directory: location, version: found.version } },
    )
  if (!isState(found.state) || found.crc !== textChecksum(JSON.stringify(found.state))) throw unreadable(location)
  return { state: found.state, crc: found.crc }
}

// biome-ignore lint/suspicious/noExplicitAny: what JSON.parse gives, checked field by field
function parseJson(bytes: Uint8Array, location: string): any {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) ?? {}
  } catch (cause) {
    throw unreadable(location, cause)
  }
}

function unreadable(location: string, cause?: unknown): PerStreamError {
  return new PerStreamError(
    'store-corrupt',
    `${location}: ${manifestName} is damaged: restore it from a backup, or repair the store`,
    { fields: { file: manifestName }, cause },
  )
}

function isState(value: Partial<StoreState> | null | undefined): value is StoreState {
  if (typeof value !== 'object' || value === null) return false
  const { sequence, at, next, journal, parts } = value
  return (
    [sequence, next].every((number) => Number.isSafeInteger(number) && number! >= 0) &&
    typeof at === 'number' &&
    isFile(journal) &&
    Array.isArray(parts) &&
    parts.every(isPart)
  )
}

function isPart(value: Partial<StorePart> | null): value is StorePart {
  if (typeof value !== 'object' || value === null) return false
  const { file, type, ...numbers } = value
  return (
    isFile(file) &&
    putTypes.some((each) => each === type) &&
    [numbers.operations, numbers.bytes, numbers.plain, numbers.crc].every(Number.isSafeInteger)
  )
}

function isFile(name: unknown): boolean {
  return typeof name === 'string' && fileName.test(name)
}

function textChecksum(text: string): number {
  return crc32(new TextEncoder().encode(text))
}
