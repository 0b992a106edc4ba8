import { precisions } from '@perstream/kit'
import type { MemoryBatch, MemoryOperation, TensorPrecision } from '@perstream/spec'
import { littleEndian, viewOf } from './byte-layout'
import { decodeGrid, encodedLength, encodeGrid } from './tensors/grid-codec'

/** Bytes that an embedding takes in a record: a multiple of 4. */
export function embeddingLength(dimensions: number, precision: TensorPrecision): number {
  return precision === 'f32' ? dimensions * 4 : Math.ceil(encodedLength(rowOf(dimensions), precision) / 4) * 4
}

/** Encodes an embedding as one row of a grid, then zeros up to a multiple of 4. What was decoded encodes to the same bytes again. */
export function encodeEmbedding(vector: Float32Array, precision: TensorPrecision): Uint8Array {
  if (precision === 'f32') return floatBytes(vector)
  const bytes = encodeGrid({ ...rowOf(vector.length), data: vector }, precision)
  if (bytes.length % 4 === 0) return bytes
  const whole = new Uint8Array(embeddingLength(vector.length, precision))
  whole.set(bytes)
  return whole
}

/** Decodes what {@link encodeEmbedding} made, and what may follow in `bytes` is left. An f32 one is a view of aligned bytes. */
export function decodeEmbedding(bytes: Uint8Array, dimensions: number, precision: TensorPrecision): Float32Array {
  if (precision === 'f32') return bytesFloat(bytes.subarray(0, dimensions * 4))
  const shape = rowOf(dimensions)
  return decodeGrid(shape, precision, bytes.subarray(0, encodedLength(shape, precision))).data
}

/** Makes an embedding what it comes back as when it is kept in a precision. */
export function roundedEmbedding(vector: Float32Array, precision: TensorPrecision): Float32Array {
  return precision === 'f32' ? vector : decodeEmbedding(encodeEmbedding(vector, precision), vector.length, precision)
}

/** Rounds the embeddings of a batch to the precisions that its memories name; the same object where none names one. */
export function roundedBatch(batch: MemoryBatch): MemoryBatch {
  return batch.operations.some(namesPrecision) ? { ...batch, operations: batch.operations.map(rounded) } : batch
}

/**
 * The number of the precision that the embedding of an operation is kept in.
 * @throws TypeError for one that is none
 */
export function precisionNumber(operation: MemoryOperation): number {
  const precision = operation.type === 'memory-put' ? operation.memory.embeddingPrecision : undefined
  if (precision === undefined) return 0
  const number = precisions.indexOf(precision)
  if (number < 1)
    throw new TypeError(
      `memory.embeddingPrecision is ${JSON.stringify(precision)}: it must be one of ${precisions.slice(1).join(', ')}, or absent`,
    )
  return number
}

function namesPrecision(operation: MemoryOperation): boolean {
  return operation.type === 'memory-put' && operation.embedding !== undefined && precisionNumber(operation) > 0
}

function rounded(operation: MemoryOperation): MemoryOperation {
  if (operation.type !== 'memory-put' || !operation.embedding) return operation
  const { embeddingPrecision = 'f32' } = operation.memory
  return { ...operation, embedding: roundedEmbedding(operation.embedding, embeddingPrecision) }
}

function rowOf(dimensions: number) {
  return { rows: 1, columns: 1, dimensions, space: '' }
}

function floatBytes(vector: Float32Array): Uint8Array {
  if (littleEndian) return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
  const view = new DataView(new ArrayBuffer(vector.byteLength))
  for (const [i, value] of vector.entries()) view.setFloat32(i * 4, value, true)
  return new Uint8Array(view.buffer)
}

/** Reads little-endian floats: a view of the bytes where they are aligned. */
export function bytesFloat(bytes: Uint8Array): Float32Array {
  if (littleEndian)
    return bytes.byteOffset % 4 === 0
      ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
      : new Float32Array(bytes.slice().buffer)
  const view = viewOf(bytes)
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true))
}
