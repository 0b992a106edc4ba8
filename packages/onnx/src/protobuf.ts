import { PerStreamError } from '@perstream/spec'

const utf8 = new TextEncoder()
const fromUtf8 = new TextDecoder()

/** Numbers of one list; longer ones are stored as raw bytes. */
export const mostNumbers = 2 ** 26

/** Writes one protobuf message. Long fields are kept by reference until {@link ProtoWriter.finish} copies them once. */
export class ProtoWriter {
  readonly #chunks: Uint8Array[] = []
  #length = 0

  /** A whole number; negative ones take ten bytes, as int64 does. */
  integer(field: number, value: number | bigint): this {
    return this.#append(Uint8Array.from([...varint(field << 3), ...varint(value)]))
  }

  /** A 32-bit float. */
  float(field: number, value: number): this {
    const chunk = new Uint8Array(5)
    chunk[0] = (field << 3) | 5
    new DataView(chunk.buffer).setFloat32(1, value, true)
    return this.#append(chunk)
  }

  text(field: number, value: string): this {
    return this.bytes(field, utf8.encode(value))
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#head(field, value.length).#append(value)
  }

  /** Whole numbers of a repeated field, packed. */
  integers(field: number, values: readonly (number | bigint)[]): this {
    return values.length === 0 ? this : this.bytes(field, Uint8Array.from(values.flatMap(varint)))
  }

  message(field: number, message: ProtoWriter): this {
    this.#head(field, message.#length)
    for (const chunk of message.#chunks) this.#append(chunk)
    return this
  }

  /** The bytes of the message. */
  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#length)
    let offset = 0
    for (const chunk of this.#chunks) {
      bytes.set(chunk, offset)
      offset += chunk.length
    }
    return bytes
  }

  #head(field: number, length: number): this {
    return this.#append(Uint8Array.from([...varint((field << 3) | 2), ...varint(length)]))
  }

  #append(chunk: Uint8Array): this {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    return this
  }
}

function varint(value: number | bigint): number[] {
  if (typeof value === 'number' && value >= 0 && value < 0x80) return [value]
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return [...bytes, Number(rest)]
}

/** One field of a message as it lies on the wire. */
export interface ProtoField {
  readonly field: number
  /** The value of a varint or fixed field, as unsigned bits. */
  readonly bits: bigint
  /** The contents of a length-delimited field, a view; undefined for the other kinds. */
  readonly bytes: Uint8Array | undefined
}

/** Reads the fields of a message in order. @throws PerStreamError `model-invalid` when the bytes are not protobuf */
export function* readFields(bytes: Uint8Array): Generator<ProtoField, void, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let offset = 0
  const take = (length: number) => {
    if (length > bytes.length - offset) throw invalid(`a field ends after byte ${bytes.length}, where the message ends`)
    offset += length
    return offset - length
  }
  const readVarint = () => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[take(1)]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw invalid(`the number before byte ${offset} is longer than ten bytes`)
  }
  // Tags and lengths: beyond 2^53 they are not exact, and no bytes are so many.
  const readSize = () => {
    let value = 0
    for (let factor = 1; factor < 2 ** 70; factor *= 128) {
      const byte = bytes[take(1)]!
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
    throw invalid(`the number before byte ${offset} is longer than ten bytes`)
  }
  while (offset < bytes.length) {
    const tag = readSize()
    const field = Math.floor(tag / 8)
    const wire = tag % 8
    if (wire === 0) yield { field, bits: readVarint(), bytes: undefined }
    else if (wire === 1) yield { field, bits: view.getBigUint64(take(8), true), bytes: undefined }
    else if (wire === 5) yield { field, bits: BigInt(view.getUint32(take(4), true)), bytes: undefined }
    else if (wire === 2) {
      const length = readSize()
      const start = take(length)
      yield { field, bits: 0n, bytes: bytes.subarray(start, start + length) }
    } else throw invalid(`byte ${offset} starts a field of unknown kind ${wire}`)
  }
}

/** The contents of a length-delimited field. */
export function bytesOf({ field, bytes }: ProtoField): Uint8Array {
  if (!bytes) throw invalid(`field ${field} holds a number where bytes belong`)
  return bytes
}

export function textOf(field: ProtoField): string {
  return fromUtf8.decode(bytesOf(field))
}

/** A signed 64-bit number; a bigint beyond 2^53. */
export function integerOf({ bits }: ProtoField): number | bigint {
  return narrow(BigInt.asIntN(64, bits))
}

/** The whole numbers of a repeated field, packed or not. */
export function integersOf(field: ProtoField): (number | bigint)[] {
  if (!field.bytes) return [integerOf(field)]
  if (field.bytes.length > mostNumbers) throw tooLong(field)
  const values: (number | bigint)[] = []
  let value = 0n
  let shift = 0n
  for (const byte of field.bytes) {
    if (byte < 0x80 && shift === 0n) {
      values.push(byte)
      continue
    }
    value |= BigInt(byte & 0x7f) << shift
    shift += 7n
    if (byte < 0x80) {
      values.push(narrow(BigInt.asIntN(64, value)))
      value = 0n
      shift = 0n
    } else if (shift >= 70n) throw invalid(`a number of field ${field.field} is longer than ten bytes`)
  }
  if (shift !== 0n) throw invalid(`the last number of field ${field.field} is cut off`)
  return values
}

/** The 32-bit floats of a repeated field, packed or not. */
export function floatsOf(field: ProtoField): number[] {
  const bytes = field.bytes ?? new Uint8Array(Uint32Array.of(Number(field.bits)).buffer)
  if (bytes.length / 4 > mostNumbers) throw tooLong(field)
  if (bytes.length % 4 !== 0) throw invalid(`field ${field.field} has ${bytes.length} bytes: floats take 4 each`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true))
}

function tooLong({ field, bytes }: ProtoField): PerStreamError {
  return invalid(`the list of field ${field} takes ${bytes?.length} bytes: so many numbers are stored raw`)
}

function narrow(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function invalid(problem: string): PerStreamError {
  return new PerStreamError('model-invalid', `The bytes are not a whole ONNX model: ${problem}`)
}
