import type { MemoryBatch, MemoryOperation } from '@perstream/spec'
import { crc32 } from './crc32'

/** Bytes before the payload: magic, payload length, CRC-32, sequence, durable sequence. */
export const headerLength = 28
const magic = 0x314a4d50 // "PMJ1", little-endian
const checkedFrom = 12
/** No record may be longer, so that a damaged length is not believed. */
export const longestRecord = 1 << 29

/** A record as it lies in a journal. */
export interface JournalRecord {
  readonly batch: MemoryBatch
  /** The last sequence that was durable when this record was written. */
  readonly durable: number
  /** Bytes it takes, header included. */
  readonly byteLength: number
}

/** Encodes a batch as one record. Layout: docs/format.md. */
export function encodeRecord(batch: MemoryBatch, durable: number): Uint8Array {
  const parts = batch.operations.map(encodeOperation)
  const length = parts.reduce((sum, { json, vector }) => sum + 8 + json.length + vector.byteLength, 12)
  const bytes = new Uint8Array(headerLength + length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint32(4, length, true)
  view.setFloat64(12, batch.sequence, true)
  view.setFloat64(20, durable, true)
  view.setFloat64(28, batch.at, true)
  view.setUint32(36, parts.length, true)
  let offset = headerLength + 12
  for (const { json, vector } of parts) {
    view.setUint32(offset, json.length, true)
    view.setUint32(offset + 4, vector.byteLength, true)
    bytes.set(json, offset + 8)
    bytes.set(vector, offset + 8 + json.length)
    offset += 8 + json.length + vector.length
  }
  view.setUint32(8, crc32(bytes.subarray(checkedFrom)), true)
  return bytes
}

/** The length of the whole record whose header starts the bytes, or undefined when no header does. */
export function recordLength(header: Uint8Array): number | undefined {
  if (header.length < headerLength) return undefined
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
  const length = headerLength + view.getUint32(4, true)
  return view.getUint32(0, true) === magic && length <= longestRecord ? length : undefined
}

/** Decodes the record that starts the bytes, or gives undefined when it is torn or damaged. */
export function decodeRecord(bytes: Uint8Array): JournalRecord | undefined {
  const byteLength = recordLength(bytes)
  if (byteLength === undefined || bytes.length < byteLength) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, byteLength)
  if (view.getUint32(8, true) !== crc32(bytes.subarray(checkedFrom, byteLength))) return undefined
  const operations: MemoryOperation[] = []
  let offset = headerLength + 12
  for (let i = view.getUint32(36, true); i > 0; i--) {
    const jsonLength = view.getUint32(offset, true)
    const vectorLength = view.getUint32(offset + 4, true)
    const json = bytes.subarray(offset + 8, offset + 8 + jsonLength)
    offset += 8 + jsonLength
    operations.push(decodeOperation(json, bytes.subarray(offset, offset + vectorLength)))
    offset += vectorLength
  }
  const batch = { sequence: view.getFloat64(12, true), at: view.getFloat64(28, true), operations }
  return { batch, durable: view.getFloat64(20, true), byteLength }
}

function encodeOperation(operation: MemoryOperation): { json: Uint8Array; vector: Uint8Array } {
  const embedding = operation.type === 'memory-put' ? operation.embedding : undefined
  const json = new TextEncoder().encode(JSON.stringify(embedding ? { ...operation, embedding: undefined } : operation))
  return { json, vector: embedding ? floatBytes(embedding) : new Uint8Array(0) }
}

function decodeOperation(json: Uint8Array, vector: Uint8Array): MemoryOperation {
  const operation = JSON.parse(new TextDecoder().decode(json)) as MemoryOperation
  return vector.length > 0 && operation.type === 'memory-put'
    ? { ...operation, embedding: bytesFloat(vector) }
    : operation
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

function floatBytes(vector: Float32Array): Uint8Array {
  if (littleEndian) return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
  const view = new DataView(new ArrayBuffer(vector.byteLength))
  for (const [i, value] of vector.entries()) view.setFloat32(i * 4, value, true)
  return new Uint8Array(view.buffer)
}

function bytesFloat(bytes: Uint8Array): Float32Array {
  if (littleEndian) return new Float32Array(bytes.slice().buffer)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true))
}
