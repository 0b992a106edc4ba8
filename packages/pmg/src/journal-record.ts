import { precisions } from '@perstream/kit'
import type { MemoryBatch, MemoryOperation, TensorPrecision } from '@perstream/spec'
import { padded, viewOf } from './byte-layout'
import type { Deflation } from './deflation'
import { bytesFloat, decodeEmbedding, embeddingLength, encodeEmbedding, precisionNumber } from './embedding-codec'
import { isStoredOperation, operationHash } from './journal-keys'
import type { EmbeddingBlock } from './kept-index'

/** Bytes before the payload. */
export const headerLength = 48
const magic = 0x33524d50 // "PMR3", little-endian
const checkedFrom = 12
const entryLength = 8
/** No record may be longer, so that a damaged length is not believed. */
export const longestRecord = 1 << 29
/** In the length of the JSON: that it is deflated, its own length before it. */
const deflatedFlag = 0x80000000
/** JSON that gets shorter by more is not deflated, so that a wrong length is not believed and makes no room. */
const mostInflation = 64
/** In the table: the low bits hold the number of values, those above them the number of the precision. */
const valuesBits = 30

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

/**
 * Encodes a batch as one record, without its place in a file: {@link sealRecord} adds that. Layout: docs/format.md.
 * @param deflate makes the JSON shorter, for a part; a journal has it as it is
 */
export function encodeRecord(
  { sequence, at, operations }: MemoryBatch,
  durable: number,
  deflate?: Deflation['deflate'],
): Uint8Array {
  const { json, length } = encodeJson(operations, deflate)
  const vectors = operations.map(encodeVector)
  const tableEnd = headerLength + operations.length * entryLength
  const vectorsAt = padded(tableEnd + json.length)
  const vectorBytes = vectors.reduce((sum, vector) => sum + (vector?.bytes.length ?? 0), 0)
  const bytes = new Uint8Array(padded(vectorsAt + vectorBytes))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint32(4, bytes.length - headerLength, true)
  view.setFloat64(16, sequence, true)
  view.setFloat64(24, durable, true)
  view.setFloat64(32, at, true)
  view.setUint32(40, operations.length, true)
  view.setUint32(44, length, true)
  bytes.set(json, tableEnd)
  let offset = vectorsAt
  for (const [i, operation] of operations.entries()) {
    const entry = headerLength + i * entryLength
    view.setUint32(entry, operationHash(operation), true)
    const vector = vectors[i]
    if (!vector) continue
    view.setUint32(entry + 4, vector.values, true)
    bytes.set(vector.bytes, offset)
    offset += vector.bytes.length
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

/** What the head of a record says. */
interface RecordHead extends Omit<JournalRecord, 'batch'> {
  readonly sequence: number
  readonly count: number
}

/** What a whole record says of itself. */
export function recordHead(record: Uint8Array): RecordHead {
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

/** Bytes that a record would take if its JSON were not deflated. */
export function plainLength(record: Uint8Array): number {
  const view = viewOf(record)
  const stored = view.getUint32(44, true)
  const jsonAt = headerLength + view.getUint32(40, true) * entryLength
  if (stored < deflatedFlag || jsonAt + 4 > record.length) return record.length
  return record.length - (stored - deflatedFlag) + view.getUint32(jsonAt, true)
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
 * Decodes a whole record; undefined when its content makes no sense. Embeddings in f32 are views of the bytes: whoever keeps one for
 * long copies it.
 * @param inflate reads what was deflated, in a part; without it, in a journal, that makes no sense
 */
export function decodeRecord(record: Uint8Array, inflate?: Deflation['inflate']): JournalRecord | undefined {
  const view = viewOf(record)
  const { sequence, durable, previous, crc, byteLength, count } = recordHead(record)
  const { tableEnd, jsonEnd, isDeflated } = jsonPlace(view)
  if (padded(jsonEnd) > byteLength) return undefined
  const stored = record.subarray(tableEnd, jsonEnd)
  const json = isDeflated ? inflate && inflatedJson(stored, inflate) : stored
  const operations = json && parseOperations(json)
  if (operations?.length !== count) return undefined
  let offset = padded(jsonEnd)
  for (const [i, operation] of operations.entries()) {
    const { dimensions, precision, length } = tableEntry(view, i)
    if (dimensions === 0) continue
    if (!isKeptAs(operation, precision) || offset + length > byteLength) return undefined
    const embedding = decodeEmbedding(record.subarray(offset, offset + length), dimensions, precision)
    Object.assign(operation, { embedding })
    offset += length
  }
  if (padded(offset) !== byteLength) return undefined
  return { batch: { sequence, at: view.getFloat64(32, true), operations }, durable, previous, crc, byteLength }
}

interface Run {
  readonly dimensions: number
  readonly from: number
  readonly keys: number[]
  readonly precisions: TensorPrecision[]
}

/**
 * Reads the embeddings of a whole record without decoding its operations: a block for each run of vectors of one length. Undefined
 * when its content makes no sense. The vectors are views of the bytes where a run is f32 throughout.
 */
export function recordEmbeddings(record: Uint8Array): readonly EmbeddingBlock[] | undefined {
  const view = viewOf(record)
  const { byteLength, count } = recordHead(record)
  let offset = padded(jsonPlace(view).jsonEnd)
  if (offset > byteLength) return undefined
  const runs: Run[] = []
  for (let i = 0; i < count; i++) {
    const { dimensions, precision, length } = tableEntry(view, i)
    if (dimensions === 0) continue
    if (runs.at(-1)?.dimensions !== dimensions) runs.push({ dimensions, from: offset, keys: [], precisions: [] })
    const run = runs.at(-1)!
    run.keys.push(view.getUint32(headerLength + i * entryLength, true))
    run.precisions.push(precision)
    offset += length
  }
  if (padded(offset) !== byteLength) return undefined
  return runs.map((run) => ({ keys: Uint32Array.from(run.keys), vectors: runVectors(record, run) }))
}

function runVectors(record: Uint8Array, { dimensions, from, precisions: kept }: Run): Float32Array {
  if (kept.every((precision) => precision === 'f32'))
    return bytesFloat(record.subarray(from, from + kept.length * dimensions * 4))
  const vectors = new Float32Array(kept.length * dimensions)
  let offset = from
  for (const [i, precision] of kept.entries()) {
    const length = embeddingLength(dimensions, precision)
    vectors.set(decodeEmbedding(record.subarray(offset, offset + length), dimensions, precision), i * dimensions)
    offset += length
  }
  return vectors
}

/** Where the JSON of a record lies. */
function jsonPlace(view: DataView): { tableEnd: number; jsonEnd: number; isDeflated: boolean } {
  const length = view.getUint32(44, true)
  const isDeflated = length >= deflatedFlag
  const tableEnd = headerLength + view.getUint32(40, true) * entryLength
  return { tableEnd, jsonEnd: tableEnd + (isDeflated ? length - deflatedFlag : length), isDeflated }
}

/** What the table says of the vector of the ith operation: its values, and its bytes. */
function tableEntry(view: DataView, i: number): { dimensions: number; precision: TensorPrecision; length: number } {
  const entry = view.getUint32(headerLength + i * entryLength + 4, true)
  const precision = precisions[entry >>> valuesBits]!
  const dimensions = entry & ((1 << valuesBits) - 1)
  return { dimensions, precision, length: embeddingLength(dimensions, precision) }
}

function isKeptAs(operation: MemoryOperation, precision: TensorPrecision): boolean {
  return operation.type === 'memory-put' && (operation.memory?.embeddingPrecision ?? 'f32') === precision
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

function encodeJson(operations: readonly MemoryOperation[], deflate: Deflation['deflate'] | undefined) {
  const json = new TextEncoder().encode(`[${operations.map(operationJson).join(',')}]`)
  const deflated = deflate?.(json)
  if (!deflated || deflated.length + 4 >= json.length || json.length > deflated.length * mostInflation)
    return { json, length: json.length }
  const bytes = new Uint8Array(4 + deflated.length)
  viewOf(bytes).setUint32(0, json.length, true)
  bytes.set(deflated, 4)
  return { json: bytes, length: bytes.length + deflatedFlag }
}

function inflatedJson(stored: Uint8Array, inflate: Deflation['inflate']): Uint8Array | undefined {
  if (stored.length < 4) return undefined
  const length = viewOf(stored).getUint32(0, true)
  if (length > (stored.length - 4) * mostInflation) return undefined
  const json = inflate(stored.subarray(4), length)
  return json?.length === length ? json : undefined
}

function operationJson(operation: MemoryOperation): string {
  return JSON.stringify(embeddingOf(operation) ? { ...operation, embedding: undefined } : operation)
}

function embeddingOf(operation: MemoryOperation): Float32Array | undefined {
  return operation.type === 'memory-put' ? operation.embedding : undefined
}

/** The bytes of a vector, and what the table says of them. */
function encodeVector(operation: MemoryOperation): { bytes: Uint8Array; values: number } | undefined {
  const vector = embeddingOf(operation)
  if (!vector) return undefined
  const number = precisionNumber(operation)
  return {
    bytes: encodeEmbedding(vector, precisions[number]!),
    values: vector.length + number * 2 ** valuesBits,
  }
}
