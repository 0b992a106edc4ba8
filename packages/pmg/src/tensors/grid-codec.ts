import { fromHalf, precisions, toHalf } from '@perstream/kit'
import type { PatchGrid, TensorPrecision } from '@perstream/spec'
import { littleEndian } from '../byte-layout'

/** The shape of a grid and the space it is of: what a grid is but for its values. */
export type GridShape = Omit<PatchGrid, 'data'>

const longestHalf = 65504
/** The smallest float with all its bits: patches of smaller values are taken for zeros. */
const smallestScale = 2 ** -126

/** Checks a grid and the precision it shall be kept in. @throws TypeError that names the field and the value */
export function checkGrid(grid: PatchGrid, precision: TensorPrecision): void {
  for (const side of ['rows', 'columns', 'dimensions'] as const)
    if (!Number.isSafeInteger(grid[side]) || grid[side] < 1)
      fail(`grid.${side}`, grid[side], 'a whole number, 1 or more')
  if (typeof grid.space !== 'string' || grid.space === '')
    fail('grid.space', JSON.stringify(grid.space), 'the id of a space')
  if (!(grid.data instanceof Float32Array)) fail('grid.data', typeof grid.data, 'a Float32Array')
  const length = grid.rows * grid.columns * grid.dimensions
  if (grid.data.length !== length)
    fail('grid.data', `of length ${grid.data.length}`, `rows x columns x dimensions = ${length}`)
  if (!precisions.includes(precision)) fail('precision', JSON.stringify(precision), `one of ${precisions.join(', ')}`)
  const most = precision === 'f16' ? longestHalf : Number.MAX_VALUE
  for (let i = 0; i < length; i++)
    if (!(Math.abs(grid.data[i]!) <= most))
      fail(`grid.data[${i}]`, grid.data[i], precision === 'f16' ? `at most ${longestHalf} to be kept as f16` : 'finite')
}

/** Bytes that the values of a grid take. */
export function encodedLength({ rows, columns, dimensions }: GridShape, precision: TensorPrecision): number {
  const patches = rows * columns
  if (precision === 'i8') return patches * (4 + dimensions)
  if (precision === 'b1') return patches * (4 + Math.ceil(dimensions / 8))
  return patches * dimensions * (precision === 'f16' ? 2 : 4)
}

/**
 * Encodes the values of a grid, little-endian. i8: one 32-bit scale a patch, the largest magnitude in it / 127, then the bytes; a value comes
 * back within half a scale: 1/254 of the largest of its patch, and 2^-16 of that. f16: within 2^-11 of the value itself, 2^-25 below 2^-14.
 * b1: one 32-bit scale a patch, the root of its mean square, then a bit a value, the lowest first, 0 for a minus, each patch up to a whole
 * byte; a value comes back as the scale with its sign, so that a patch keeps its length. Zeros alone have no bits.
 * What was decoded encodes to the same bytes again.
 */
export function encodeGrid(grid: PatchGrid, precision: TensorPrecision): Uint8Array {
  const { data } = grid
  if (littleEndian && precision === 'f32') return new Uint8Array(data.slice().buffer)
  if (littleEndian && precision === 'f16') return new Uint8Array(toHalf(data).buffer)
  const bytes = new Uint8Array(encodedLength(grid, precision))
  const view = new DataView(bytes.buffer)
  if (precision === 'i8') encodeBytes(grid, bytes, view)
  else if (precision === 'b1') encodeSigns(grid, bytes, view)
  else if (precision === 'f32') for (let i = 0; i < data.length; i++) view.setFloat32(4 * i, data[i]!, true)
  else {
    const halves = toHalf(data)
    for (let i = 0; i < halves.length; i++) view.setUint16(2 * i, halves[i]!, true)
  }
  return bytes
}

/** Decodes what {@link encodeGrid} made. `bytes` must be of the encoded length. */
export function decodeGrid(shape: GridShape, precision: TensorPrecision, bytes: Uint8Array): PatchGrid {
  const { rows, columns, dimensions, space } = shape
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { data: decodeValues(shape, precision, view), rows, columns, dimensions, space }
}

function encodeBytes({ data, rows, columns, dimensions }: PatchGrid, bytes: Uint8Array, view: DataView): void {
  const patches = rows * columns
  const values = new Int8Array(bytes.buffer, bytes.byteOffset + 4 * patches)
  for (let patch = 0; patch < patches; patch++) {
    const start = patch * dimensions
    let largest = 0
    for (let i = start; i < start + dimensions; i++) {
      const magnitude = Math.abs(data[i]!)
      if (magnitude > largest) largest = magnitude
    }
    const scale = scaleOf(largest)
    view.setFloat32(4 * patch, scale, true)
    if (scale === 0) continue
    const perScale = 1 / scale
    for (let i = start; i < start + dimensions; i++) {
      const steps = data[i]! * perScale
      // Kept as a whole number, cut towards zero: so this rounds.
      values[i] = steps < 0 ? steps - 0.5 : steps + 0.5
    }
  }
}

function encodeSigns({ data, rows, columns, dimensions }: PatchGrid, bytes: Uint8Array, view: DataView): void {
  const patches = rows * columns
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length)
  let byte = 4 * patches
  for (let patch = 0; patch < patches; patch++) {
    const end = (patch + 1) * dimensions
    let squares = 0
    for (let i = patch * dimensions; i < end; i += 8, byte++) {
      let bits = 0
      for (let bit = 0; bit < 8 && i + bit < end; bit++) {
        const value = data[i + bit]!
        squares += value * value
        bits |= (~words[i + bit]! >>> 31) << bit
      }
      bytes[byte] = bits
    }
    const scale = Math.fround(Math.sqrt(squares / dimensions))
    // Zeros have no signs, so that they come back as they are.
    if (scale === 0) bytes.fill(0, byte - Math.ceil(dimensions / 8), byte)
    else view.setFloat32(4 * patch, scale, true)
  }
}

/** A 127th, rounded up to 17 bits: so that each multiple is exact, and a grid that is decoded and encoded again stays as it is. */
function scaleOf(largest: number): number {
  if (largest / 127 < smallestScale) return 0
  const scale = Float32Array.of(largest / 127)
  const bits = new Uint32Array(scale.buffer)
  bits[0] = (bits[0]! + 0x7f) & ~0x7f
  return scale[0]!
}

function decodeValues(shape: GridShape, precision: TensorPrecision, view: DataView): Float32Array {
  const { rows, columns, dimensions } = shape
  const length = rows * columns * dimensions
  if (precision === 'i8') return decodeBytes(shape, view)
  if (precision === 'b1') return decodeSigns(shape, view)
  if (littleEndian && (precision === 'f32' || precision === 'f16')) {
    const { buffer } = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice()
    return precision === 'f32' ? new Float32Array(buffer) : fromHalf(new Uint16Array(buffer))
  }
  if (precision === 'f16') {
    const halves = new Uint16Array(length)
    for (let i = 0; i < length; i++) halves[i] = view.getUint16(2 * i, true)
    return fromHalf(halves)
  }
  const data = new Float32Array(length)
  for (let i = 0; i < length; i++) data[i] = view.getFloat32(4 * i, true)
  return data
}

function decodeBytes({ rows, columns, dimensions }: GridShape, view: DataView): Float32Array {
  const patches = rows * columns
  const data = new Float32Array(patches * dimensions)
  for (let patch = 0, i = 0; patch < patches; patch++) {
    const scale = view.getFloat32(4 * patch, true)
    for (const end = i + dimensions; i < end; i++) data[i] = scale * view.getInt8(4 * patches + i)
  }
  return data
}

function decodeSigns({ rows, columns, dimensions }: GridShape, view: DataView): Float32Array {
  const patches = rows * columns
  const data = new Float32Array(patches * dimensions)
  const bits = new Uint32Array(data.buffer)
  let byte = 4 * patches
  for (let patch = 0; patch < patches; patch++) {
    const scale = view.getUint32(4 * patch, true)
    const end = (patch + 1) * dimensions
    for (let i = patch * dimensions; i < end; i += 8, byte++) {
      const negative = ~view.getUint8(byte)
      // The bits of the scale, the highest being its sign.
      for (let bit = 0; bit < 8 && i + bit < end; bit++) bits[i + bit] = scale ^ (((negative >> bit) & 1) << 31)
    }
    if (scale === 0) data.fill(0, patch * dimensions, end)
  }
  return data
}

function fail(field: string, value: unknown, wanted: string): never {
  throw new TypeError(`${field} is ${value}: it must be ${wanted}`)
}
