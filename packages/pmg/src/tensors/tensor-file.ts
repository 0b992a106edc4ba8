import { crc32, precisions } from '@perstream/kit'
import { type PatchGrid, PerStreamError, type TensorPrecision } from '@perstream/spec'
import { encodedLength, encodeGrid, type GridShape } from './grid-codec'

/** What a tensor file holds. */
export interface TensorFile {
  readonly id: string
  readonly shape: GridShape
  readonly precision: TensorPrecision
  /** The values as they are encoded. */
  readonly values: Uint8Array
}

const magic = 0x31544d50 // 'PMT1'
const prefix = 16
const crcStart = 12
const largestHeader = 1 << 20

/** Encodes a grid as a file: prefix (magic, header length, CRC of all that follows, four zero bytes), header in JSON, values. Format: docs/format.md. */
export function encodeTensorFile(id: string, grid: PatchGrid, precision: TensorPrecision): Uint8Array {
  const { rows, columns, dimensions, space } = grid
  const header = new TextEncoder().encode(JSON.stringify({ id, rows, columns, dimensions, space, precision }))
  if (header.length > largestHeader)
    throw new TypeError(`id and grid.space take ${header.length} bytes: at most ${largestHeader} fit`)
  const values = encodeGrid(grid, precision)
  const bytes = new Uint8Array(prefix + header.length + values.length)
  bytes.set(header, prefix)
  bytes.set(values, prefix + header.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint32(4, header.length, true)
  view.setUint32(8, crc32(bytes.subarray(crcStart)), true)
  return bytes
}

/**
 * Reads a tensor file and checks every byte of it.
 * @throws PerStreamError `store-corrupt`
 */
export function decodeTensorFile(bytes: Uint8Array, path: string): TensorFile {
  const header = headerOf(bytes, path)
  const { id, precision, ...shape } = header.value
  const values = bytes.subarray(header.end)
  if (values.length !== encodedLength(shape, precision))
    throw corrupt(path, `it has ${values.length} bytes of values, its header says ${encodedLength(shape, precision)}`)
  const sum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true)
  if (crc32(bytes.subarray(crcStart)) !== sum) throw corrupt(path, 'its checksum does not fit')
  return { id, shape, precision, values }
}

/** Reads the id from the start of a tensor file. The checksum is not looked at. @throws PerStreamError `store-corrupt` */
export function tensorFileId(bytes: Uint8Array, path: string): string {
  return headerOf(bytes, path).value.id
}

/** The most bytes of a file that {@link tensorFileId} needs. */
export const tensorFileStart = prefix + largestHeader

type Header = GridShape & { readonly id: string; readonly precision: TensorPrecision }

function headerOf(bytes: Uint8Array, path: string): { value: Header; end: number } {
  if (bytes.length < prefix) throw corrupt(path, `it has ${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) !== magic) throw corrupt(path, 'it does not begin with PMT1')
  const end = prefix + view.getUint32(4, true)
  if (end > bytes.length || end > tensorFileStart) throw corrupt(path, 'its header does not end')
  return { value: parseHeader(bytes.subarray(prefix, end), path), end }
}

function parseHeader(bytes: Uint8Array, path: string): Header {
  let value: Header
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw corrupt(path, 'its header cannot be read', cause)
  }
  const { id, rows, columns, dimensions, space, precision } = value ?? {}
  const sides = [rows, columns, dimensions].every((side) => Number.isSafeInteger(side) && side > 0)
  const known = precisions.includes(precision)
  if (typeof id !== 'string' || typeof space !== 'string' || !sides || !known)
    throw corrupt(path, 'its header says nothing')
  return { id, rows, columns, dimensions, space, precision }
}

function corrupt(path: string, reason: string, cause?: unknown): PerStreamError {
  return new PerStreamError(
    'store-corrupt',
    `${path} is damaged: ${reason}. Restore it from a backup, or delete that grid`,
    {
      fields: { path },
      cause,
    },
  )
}
