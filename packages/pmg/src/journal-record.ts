import type { MemoryBatch, MemoryOperation } from '@perstream/spec'
import { littleEndian, padded, viewOf } from './byte-layout'
import { isStoredOperation, operationHash } from './journal-keys'
import type { EmbeddingBlock } from './kept-index'

/** Bytes before the payload. */
export const headerLength = 48
const magic = 0x32524d50 // "PMR2", little-endian
const checkedFrom = 12
const entryLength = 8
/** No record may be longer, so that a damaged length is not believed. */
export const longestRecord = 1 << 29

/** A record as it lies in a file. */
export interface JournalRecord {
  readonly batch: MemoryBatch
  /** The last sequence that was durable when this record was written. */
  readonly durable: number
  /** The checksum of the record before it in the file; of the first, what the manifest says. */
  readonly previous: number
  readonly crc: number
  /** Bytes it takes, header included: a multiple of 8. */
  readonly byteLength: number
}

/** CRC-32 as in zlib. */
export type Checksum = (bytes: Uint8Array) => number

/** Encodes a batch as one record, without its place in a file: {@link sealRecord} adds that. Layout: docs/format.md. */
export function encodeRecord({ sequence, at, operations }: MemoryBatch, durable: number): Uint8Array {
  const json = new TextEncoder().encode(`[${operations.map(operationJson).join(',')}]`)
  const vectors = operations.map(embeddingOf)
  const tableEnd = headerLength + operations.length * entryLength
  const vectorsAt = padded(tableEnd + json.length)
  const floats = vectors.reduce((sum, vector) => sum + (vector?.length ?? 0), 0)
  const bytes = new Uint8Array(padded(vectorsAt + floats * 4))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint32(4, bytes.length - headerLength, true)
  view.setFloat64(16, sequence, true)
  view.setFloat64(24, durable, true)
  view.setFloat64(32, at, true)
  view.setUint32(40, operations.length, true)
  view.setUint32(44, json.length, true)
  bytes.set(json, tableEnd)
  let offset = vectorsAt
  for (const [i, operation] of operations.entries()) {
    const entry = headerLength + i * entryLength
    view.setUint32(entry, operationHash(operation), true)
    const vector = vectors[i]
    if (!vector) continue
    view.setUint32(entry + 4, vector.length, true)
    bytes.set(floatBytes(vector), offset)
    offset += vector.byteLength
  }
  return bytes
}

/** Binds an encoded record to the one before it in its file, and gives its checksum. */
export function sealRecord(bytes: Uint8Array, previous: number, checksum: Checksum): number {
  const view = viewOf(bytes)
  view.setUint32(12, previous, true)
  const crc = checksum(bytes.subarray(checkedFrom))
  view.setUint32(8, crc, true)
  return crc
}

/** The length of the whole record whose header starts the bytes, or undefined when no header does. */
export function recordLength(header: Uint8Array): number | undefined {
  if (header.length < headerLength) return undefined
  const view = viewOf(header)
  const length = headerLength + view.getUint32(4, true)
  return view.getUint32(0, true) === magic && length <= longestRecord && length % 8 === 0 ? length : undefined
}

/** The record that starts the bytes, header and all, or undefined when it is torn or damaged. */
export function wholeRecord(bytes: Uint8Array, checksum: Checksum): Uint8Array | undefined {
  const length = recordLength(bytes)
  if (length === undefined || bytes.length < length) return undefined
  const record = bytes.subarray(0, length)
  return viewOf(record).getUint32(8, true) === checksum(record.subarray(checkedFrom)) ? record : undefined
}

/** What a whole record says of itself. */
export function recordHead(record: Uint8Array): Omit<JournalRecord, 'batch'> & { sequence: number; count: number } {
  const view = viewOf(record)
  return {
    sequence: view.getFloat64(16, true),
    durable: view.getFloat64(24, true),
    count: view.getUint32(40, true),
    previous: view.getUint32(12, true),
    crc: view.getUint32(8, true),
    byteLength: record.length,
  }
}

/** The hashes of the keys of its operations. */
export function recordHashes(record: Uint8Array): Uint32Array {
  const view = viewOf(record)
  const count = Math.min(view.getUint32(40, true), Math.floor((record.length - headerLength) / entryLength))
  const hashes = new Uint32Array(count)
  for (let i = 0; i < count; i++) hashes[i] = view.getUint32(headerLength + i * entryLength, true)
  return hashes
}

/**
 * Decodes a whole record; undefined when its content makes no sense. The embeddings are views of the bytes: whoever keeps one for
 * long copies it.
 */
export function decodeRecord(record: Uint8Array): JournalRecord | undefined {
  const view = viewOf(record)
  const { sequence, durable, previous, crc, byteLength, count } = recordHead(record)
  const jsonLength = view.getUint32(44, true)
  const tableEnd = headerLength + count * entryLength
  const vectorsAt = padded(tableEnd + jsonLength)
  if (vectorsAt > byteLength) return undefined
  const operations = parseOperations(record.subarray(tableEnd, tableEnd + jsonLength))
  if (operations?.length !== count) return undefined
  let offset = vectorsAt
  for (const [i, operation] of operations.entries()) {
    const length = view.getUint32(headerLength + i * entryLength + 4, true) * 4
    if (length === 0) continue
    if (operation.type !== 'memory-put' || offset + length > byteLength) return undefined
    Object.assign(operation, { embedding: bytesFloat(record.subarray(offset, offset + length)) })
    offset += length
  }
  if (padded(offset) !== byteLength) return undefined
  return { batch: { sequence, at: view.getFloat64(32, true), operations }, durable, previous, crc, byteLength }
}

/**
 * Reads the embeddings of a whole record without decoding its operations: a block for each run of vectors of one length. Undefined
 * when its content makes no sense. The vectors are views of the bytes.
 */
export function recordEmbeddings(record: Uint8Array): readonly EmbeddingBlock[] | undefined {
  const view = viewOf(record)
  const { byteLength, count } = recordHead(record)
  const tableEnd = headerLength + count * entryLength
  let offset = padded(tableEnd + view.getUint32(44, true))
  if (offset > byteLength) return undefined
  const runs: { readonly dimensions: number; readonly from: number; readonly keys: number[] }[] = []
  for (let entry = headerLength; entry < tableEnd; entry += entryLength) {
    const dimensions = view.getUint32(entry + 4, true)
    if (dimensions === 0) continue
    if (runs.at(-1)?.dimensions !== dimensions) runs.push({ dimensions, from: offset, keys: [] })
    runs.at(-1)!.keys.push(view.getUint32(entry, true))
    offset += dimensions * 4
  }
  if (padded(offset) !== byteLength) return undefined
  return runs.map(({ dimensions, from, keys }) => ({
    keys: Uint32Array.from(keys),
    vectors: bytesFloat(record.subarray(from, from + keys.length * dimensions * 4)),
  }))
}

function parseOperations(json: Uint8Array): MemoryOperation[] | undefined {
  try {
    const operations = JSON.parse(new TextDecoder().decode(json))
    return Array.isArray(operations) && operations.every(isStoredOperation) ? operations : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function operationJson(operation: MemoryOperation): string {
  return JSON.stringify(embeddingOf(operation) ? { ...operation, embedding: undefined } : operation)
}

function embeddingOf(operation: MemoryOperation): Float32Array | undefined {
  return operation.type === 'memory-put' ? operation.embedding : undefined
}

function floatBytes(vector: Float32Array): Uint8Array {
  if (littleEndian) return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
  const view = new DataView(new ArrayBuffer(vector.byteLength))
  for (const [i, value] of vector.entries()) view.setFloat32(i * 4, value, true)
  return new Uint8Array(view.buffer)
}

function bytesFloat(bytes: Uint8Array): Float32Array {
  if (littleEndian)
    return bytes.byteOffset % 4 === 0
      ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
      : new Float32Array(bytes.slice().buffer)
  const view = viewOf(bytes)
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true))
}
