import { fromHalf } from '@perstream/kit'
import { PerStreamError } from '@perstream/spec'
import { float32ToHalf } from './convert'

/**
 * How quantised weights lie: 'q4' and 'q8' as `MatMulNBits` of ONNX Runtime takes them (bits 4 and 8, unsigned, zero point 8
 * and 128), 'int8' as `DequantizeLinear` takes them (signed, no zero point).
 */
export type QuantizedFormat = 'q4' | 'q8' | 'int8'

/** How weights are quantised. */
export interface QuantizeOptions {
  readonly format: QuantizedFormat
  /** Values that share a scale, along a row: of q4 and q8 a power of two from 16 on. Default 32. */
  readonly blockSize?: number | undefined
  /** What the scales are kept as. Default 'F32'. */
  readonly scaleType?: 'F32' | 'F16' | undefined
}

/** Quantised rows. */
export interface QuantizedRows {
  /**
   * 'q4': [rows, blocks, blockSize / 2], the first value of a byte in its low half; 'q8': [rows, blocks, blockSize]; what is
   * missing of a row's last block is zero. 'int8': [rows, columns].
   */
  readonly data: Uint8Array
  /** [rows, blocks]; float16 bits lie in a Uint16Array. */
  readonly scales: Float32Array | Uint16Array
}

/** Blocks in a row of so many columns. */
export function blocksOf(columns: number, blockSize: number): number {
  return Math.ceil(columns / blockSize)
}

/**
 * Quantises rows of weights, each block with a scale of its own: value = scale * (quantum - zero point), nearest, halves
 * up. Of q4 and q8 the value of largest magnitude becomes exactly the lowest quantum, so that the scale
 * has the other sign (the Q4_0 way of GGML); of int8 it becomes 127 or -127. Quanta are computed against the scale as it is kept.
 * @throws TypeError when the values are no whole rows, or the block size does not suit
 * @throws PerStreamError `model-invalid` for NaN and infinite values, `model-unsupported` for scales beyond float16
 */
export function quantizeRows(
  values: Float32Array,
  columns: number,
  { format, blockSize = 32, scaleType = 'F32' }: QuantizeOptions,
): QuantizedRows {
  checkQuantize(format, blockSize)
  if (!Number.isInteger(columns) || columns < 1 || values.length % columns !== 0) {
    throw new TypeError(`columns is ${columns}: the ${values.length} values are no whole rows of them`)
  }
  const exact = blockScales(values, columns, blockSize, format)
  const scales = scaleType === 'F16' ? float32ToHalf(exact) : exact
  const kept = scales instanceof Float32Array ? scales : fromHalf(scales)
  const pack = format === 'q4' ? packNibbles : format === 'q8' ? packBytes : packSigned
  return { data: pack(values, columns, blockSize, kept), scales }
}

/** @throws TypeError when a format cannot have blocks of this size */
export function checkQuantize(format: QuantizedFormat, blockSize: number): void {
  if (!['q4', 'q8', 'int8'].includes(format)) throw new TypeError(`format is "${format}": give q4, q8 or int8`)
  const powerOfTwo = blockSize >= 16 && Number.isInteger(Math.log2(blockSize))
  if (format === 'int8' ? !Number.isInteger(blockSize) || blockSize < 1 : !powerOfTwo) {
    const wanted = format === 'int8' ? 'a whole number from 1 on' : 'a power of two from 16 on'
    throw new TypeError(`blockSize is ${blockSize}: of ${format} it must be ${wanted}`)
  }
}

const parts: Readonly<Record<QuantizedFormat, number>> = { q4: -8, q8: -128, int8: 127 }
const infinityBits = 0x7f800000

/** One scale a block: its first value of largest magnitude is `parts` of them. */
function blockScales(values: Float32Array, columns: number, blockSize: number, format: QuantizedFormat): Float32Array {
  const scales = new Float32Array((values.length / columns) * blocksOf(columns, blockSize))
  // Without the sign, the bits of floats are in the order of their magnitudes, NaN the largest.
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
  for (let row = 0, block = 0; row < values.length; row += columns) {
    for (let start = row; start < row + columns; start += blockSize, block++) {
      const end = Math.min(start + blockSize, row + columns)
      let largest = -1
      let place = start
      for (let i = start; i < end; i++) {
        const magnitude = bits[i]! & 0x7fffffff
        if (magnitude > largest) {
          largest = magnitude
          place = i
        }
      }
      if (largest >= infinityBits) throw notFinite(values, start, end)
      const value = values[place]!
      scales[block] = (format === 'int8' ? Math.abs(value) : value) / parts[format]
    }
  }
  return scales
}

function notFinite(values: Float32Array, start: number, end: number): PerStreamError {
  const index = start + values.subarray(start, end).findIndex((value) => !Number.isFinite(value))
  return new PerStreamError('model-invalid', `The value ${values[index]} at place ${index} cannot be quantised`, {
    fields: { index },
  })
}

/** Cuts off the fraction: rounding, of what had a half added. A scale that was rounded itself can lead beyond the ends. */
function limited(value: number, largest: number): number {
  return Math.max(0, Math.min(value | 0, largest))
}

function packNibbles(values: Float32Array, columns: number, blockSize: number, scales: Float32Array): Uint8Array {
  const data = new Uint8Array((scales.length * blockSize) / 2)
  for (let row = 0, block = 0, byte = 0; row < values.length; row += columns) {
    const rowEnd = row + columns
    for (let start = row; start < rowEnd; start += blockSize, block++) {
      const scale = scales[block]!
      const inverse = scale === 0 ? 0 : 1 / scale
      const end = start + blockSize
      for (let i = start; i < end; i += 2, byte++) {
        let low = ((i < rowEnd ? values[i]! : 0) * inverse + 8.5) | 0
        let high = ((i + 1 < rowEnd ? values[i + 1]! : 0) * inverse + 8.5) | 0
        if ((low | high) >>> 0 > 15) {
          low = limited(low, 15)
          high = limited(high, 15)
        }
        data[byte] = low | (high << 4)
      }
    }
  }
  return data
}

function packBytes(values: Float32Array, columns: number, blockSize: number, scales: Float32Array): Uint8Array {
  const data = new Uint8Array(scales.length * blockSize).fill(128)
  for (let row = 0, block = 0; row < values.length; row += columns) {
    for (let start = 0; start < columns; start += blockSize, block++) {
      const scale = scales[block]!
      const inverse = scale === 0 ? 0 : 1 / scale
      const count = Math.min(blockSize, columns - start)
      for (let i = 0; i < count; i++) {
        data[block * blockSize + i] = limited(values[row + start + i]! * inverse + 128.5, 255)
      }
    }
  }
  return data
}

function packSigned(values: Float32Array, columns: number, blockSize: number, scales: Float32Array): Uint8Array {
  const data = new Uint8Array(values.length)
  for (let row = 0, block = 0; row < values.length; row += columns) {
    for (let start = row; start < row + columns; start += blockSize, block++) {
      const scale = scales[block]!
      const inverse = scale === 0 ? 0 : 1 / scale
      const end = Math.min(start + blockSize, row + columns)
      for (let i = start; i < end; i++) {
        data[i] = limited(values[i]! * inverse + 127.5, 254) - 127
      }
    }
  }
  return data
}
