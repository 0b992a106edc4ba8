import { padded, viewOf } from './byte-layout'
import type { JournalDirectory } from './journal-directory'
import type { Checksum } from './journal-record'

/** The file that holds what a graph derived from the parts. It can be made anew, so nothing is lost with it. */
export const indexName = 'index.pmg'

const magic = 0x31494d50 // "PMI1", little-endian
const headerLength = 16
const checkedFrom = 12
/** The most that systems read at once. */
const longestIndex = 2 ** 31 - 1

/** What an index file is found to be. */
export type FoundIndex =
  | {
      readonly kind: 'whole'
      readonly bytes: number
      /** The checksum of the manifest that it belongs to. */
      readonly manifestCrc: number
      readonly sections: ReadonlyMap<string, Uint8Array>
    }
  | { readonly kind: 'damaged'; readonly bytes: number }
  | { readonly kind: 'missing' }

/**
 * Writes sections as the index that belongs to the manifest of a checksum, in place of one that is there. Layout: docs/format.md.
 * When that fails, there is none.
 */
export async function writeIndexFile(
  directory: JournalDirectory,
  sections: ReadonlyMap<string, Uint8Array>,
  { manifestCrc, checksum }: { readonly manifestCrc: number; readonly checksum: Checksum },
): Promise<void> {
  const pieces = encodeIndex(sections, manifestCrc, checksum)
  const total = pieces.reduce((sum, { length }) => sum + length, 0)
  if (total > longestIndex) throw new RangeError(`an index takes ${total} bytes: at most ${longestIndex} fit`)
  try {
    await directory.replace(indexName, pieces)
  } catch (error) {
    await removeIndex(directory).catch(() => undefined)
    throw error
  }
}

/** Removes the index and what was half-made of one, for good after `sync`. */
export async function removeIndex(directory: JournalDirectory): Promise<void> {
  await directory.remove(indexName)
  await directory.remove(`${indexName}.tmp`)
}

/** Reads the index of a directory, whichever manifest it belongs to. */
export async function readIndexFile(directory: JournalDirectory, checksum: Checksum): Promise<FoundIndex> {
  const file = await directory.open(indexName)
  if (!file) return { kind: 'missing' }
  try {
    const bytes = aligned(await file.read(0, await file.size()))
    const sections = decodeIndex(bytes, checksum)
    if (!sections) return { kind: 'damaged', bytes: bytes.length }
    return { kind: 'whole', bytes: bytes.length, manifestCrc: manifestCrcOf(bytes), sections }
  } finally {
    await file.close()
  }
}

/** Reads from the header of an index which manifest it belongs to; undefined when there is none. */
export async function readIndexOwner(directory: JournalDirectory): Promise<number | undefined> {
  const file = await directory.open(indexName)
  try {
    const header = await file?.read(0, headerLength)
    return header?.length === headerLength ? manifestCrcOf(header) : undefined
  } finally {
    await file?.close()
  }
}

function encodeIndex(sections: ReadonlyMap<string, Uint8Array>, manifestCrc: number, checksum: Checksum): Uint8Array[] {
  const rows = Array.from(sections, ([name, bytes]) => [name, bytes.length, checksum(bytes)])
  const table = new TextEncoder().encode(JSON.stringify(rows))
  const head = new Uint8Array(padded(headerLength + table.length))
  const view = viewOf(head)
  view.setUint32(0, magic, true)
  view.setUint32(4, table.length, true)
  view.setUint32(12, manifestCrc, true)
  head.set(table, headerLength)
  view.setUint32(8, checksum(head.subarray(checkedFrom)), true)
  return [
    head,
    ...[...sections.values()].flatMap((bytes) => [bytes, new Uint8Array(padded(bytes.length) - bytes.length)]),
  ]
}

/** Undefined when any byte is not as it was written. */
function decodeIndex(bytes: Uint8Array, checksum: Checksum): ReadonlyMap<string, Uint8Array> | undefined {
  if (bytes.length < headerLength) return undefined
  const view = viewOf(bytes)
  const tableEnd = headerLength + view.getUint32(4, true)
  let offset = padded(tableEnd)
  if (view.getUint32(0, true) !== magic || offset > bytes.length) return undefined
  if (view.getUint32(8, true) !== checksum(bytes.subarray(checkedFrom, offset))) return undefined
  const sections = new Map<string, Uint8Array>()
  for (const row of parseTable(bytes.subarray(headerLength, tableEnd)) ?? [undefined]) {
    if (!isRow(row)) return undefined
    const [name, length, crc] = row
    const end = offset + padded(length)
    const section = bytes.subarray(offset, offset + length)
    if (end > bytes.length || checksum(section) !== crc) return undefined
    if (bytes.subarray(offset + length, end).some((byte) => byte !== 0)) return undefined
    sections.set(name, section)
    offset = end
  }
  return offset === bytes.length ? sections : undefined
}

function parseTable(json: Uint8Array): unknown[] | undefined {
  try {
    const rows: unknown = JSON.parse(new TextDecoder().decode(json))
    return Array.isArray(rows) ? rows : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function isRow(row: unknown): row is [name: string, length: number, crc: number] {
  return (
    Array.isArray(row) &&
    typeof row[0] === 'string' &&
    Number.isSafeInteger(row[1]) &&
    row[1] >= 0 &&
    typeof row[2] === 'number'
  )
}

function manifestCrcOf(header: Uint8Array): number {
  return viewOf(header).getUint32(12, true)
}

/** A system may give bytes that lie anywhere in a buffer. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes)
}
