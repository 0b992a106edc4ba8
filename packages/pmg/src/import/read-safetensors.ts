import { fromHalf } from '@perstream/kit'
import { PerStreamError } from '@perstream/spec'
import { isRecord } from './import-item'

/** The types of elements that the format names. */
export type SafetensorsType = keyof typeof elementBytes

/** One tensor of a safetensors file. */
export interface SafetensorsTensor {
  readonly name: string
  readonly type: SafetensorsType
  readonly shape: readonly number[]
  /** Its bytes, little-endian, row-major: a view of the file's, not a copy. */
  readonly bytes: Uint8Array
  /** Its values as 32-bit floats, a copy. @throws TypeError for a type other than F32, F16 and BF16 */
  floats(): Float32Array
}

/** A safetensors file. */
export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>
  /** By name, in the order of their bytes. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>
}

const elementBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const

/** What the format itself allows. */
const longestHeader = 100_000_000

/**
 * Reads a safetensors file. Nothing is copied; every length is checked before it is used, and the tensors must fill the file without gaps or
 * overlaps, as the format demands. Format: https://github.com/huggingface/safetensors.
 *
 * @throws PerStreamError `input-invalid` that names what is wrong
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`bytes is ${typeof bytes}: it must be a Uint8Array`)
  const { header, data } = partsOf(bytes)
  const { __metadata__: metadata = {}, ...entries } = header
  const tensors = Object.entries(entries).map(([name, entry]) => tensorOf(name, entry, data))
  tensors.sort((a, b) => a.bytes.byteOffset - b.bytes.byteOffset || a.bytes.length - b.bytes.length)
  let end = data.byteOffset
  for (const { name, bytes: own } of tensors) {
    if (own.byteOffset !== end)
      throw invalid(`tensor ${JSON.stringify(name)} does not begin where the one before it ends`)
    end += own.length
  }
  if (end !== data.byteOffset + data.length)
    throw invalid(`${data.byteOffset + data.length - end} bytes at the end belong to no tensor`)
  return { metadata: checkedMetadata(metadata), tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) }
}

function partsOf(bytes: Uint8Array): { header: Readonly<Record<string, unknown>>; data: Uint8Array } {
  if (bytes.length < 8) throw invalid(`it has ${bytes.length} bytes`)
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  if (length > longestHeader || Number(length) > bytes.length - 8)
    throw invalid(`its header has ${length} bytes, of ${bytes.length - 8} in the file and ${longestHeader} allowed`)
  const end = 8 + Number(length)
  if (bytes[8] !== 0x7b) throw invalid('its header does not begin with {')
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, end)))
  } catch (cause) {
    throw invalid('its header is not JSON', cause)
  }
  if (!isRecord(header)) throw invalid('its header is no object')
  return { header, data: bytes.subarray(end) }
}

function tensorOf(name: string, entry: unknown, data: Uint8Array): SafetensorsTensor {
  const { dtype: type, shape, data_offsets: offsets } = isRecord(entry) ? entry : {}
  const called = `tensor ${JSON.stringify(name)}`
  if (!isType(type)) throw invalid(`${called} has the dtype ${JSON.stringify(type)}`)
  if (!isSizes(shape)) throw invalid(`${called} has the shape ${JSON.stringify(shape)}`)
  if (!isSizes(offsets) || offsets.length !== 2)
    throw invalid(`${called} has the data_offsets ${JSON.stringify(offsets)}`)
  const [start, end] = offsets as [number, number]
  if (start > end || end > data.length) throw invalid(`${called} lies at ${start} to ${end} of ${data.length} bytes`)
  const length = shape.reduce((product, side) => product * side, elementBytes[type])
  if (end - start !== length) throw invalid(`${called} has ${end - start} bytes, its shape needs ${length}`)
  const bytes = data.subarray(start, end)
  return { name, type, shape, bytes, floats: () => floatsOf(called, type, bytes) }
}

function floatsOf(called: string, type: SafetensorsType, bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (type === 'F32') return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true))
  if (type === 'F16')
    return fromHalf(Uint16Array.from({ length: bytes.length / 2 }, (_, i) => view.getUint16(2 * i, true)))
  if (type === 'BF16') {
    const bits = Uint32Array.from({ length: bytes.length / 2 }, (_, i) => view.getUint16(2 * i, true) << 16)
    return new Float32Array(bits.buffer)
  }
  throw new TypeError(`${called} is of ${type}: floats() reads F32, F16 and BF16`)
}

function checkedMetadata(metadata: unknown): Readonly<Record<string, string>> {
  if (isRecord(metadata) && Object.values(metadata).every((value) => typeof value === 'string'))
    return metadata as Readonly<Record<string, string>>
  throw invalid('its __metadata__ is not of texts')
}

function isType(type: unknown): type is SafetensorsType {
  return typeof type === 'string' && Object.hasOwn(elementBytes, type)
}

function isSizes(sizes: unknown): sizes is readonly number[] {
  return Array.isArray(sizes) && sizes.every((size) => Number.isSafeInteger(size) && size >= 0)
}

function invalid(reason: string, cause?: unknown): PerStreamError {
  return new PerStreamError('input-invalid', `this is no safetensors file: ${reason}`, { cause })
}
