import type { ByteSource } from '@perstream/onnx'
import { PerStreamError } from '@perstream/spec'

/** A field of a protobuf message in a source: a number, or the place of its bytes. */
export interface WireField {
  readonly field: number
  /** The value of a varint; 0 for other kinds. */
  readonly value: number
  /** Where the field starts. */
  readonly at: number
  /** Where the contents of a length-delimited field start, and how many bytes they have. */
  readonly start: number
  readonly length: number
}

const windowSize = 1 << 16

/** Reads protobuf fields of a source piece by piece, so that long fields (weights) are passed over without reading them. */
export function createWireReader(source: ByteSource) {
  let window: Uint8Array = new Uint8Array(0)
  let windowStart = 0

  /** The bytes from `start`, at least `length` of them where the source has as many. */
  const peek = async (start: number, length: number): Promise<Uint8Array> => {
    const end = windowStart + window.length
    if (start < windowStart || start + length > end) {
      const size = Math.min(Math.max(length, windowSize), source.size - start)
      if (size < length) throw invalid(source.name, start)
      window = await source.read(start, size)
      windowStart = start
    }
    return window.subarray(start - windowStart)
  }

  const varint = async (at: number): Promise<[value: number, next: number]> => {
    const bytes = await peek(at, Math.min(10, source.size - at))
    let value = 0
    for (let i = 0, scale = 1; i < Math.min(10, bytes.length); i++, scale *= 128) {
      value += (bytes[i]! & 127) * scale
      if (bytes[i]! < 128) return [value, at + i + 1]
    }
    throw invalid(source.name, at)
  }

  /** The fields of the message that lies in [start, start + length). */
  async function* fields(start: number, length: number): AsyncGenerator<WireField, void, void> {
    const end = start + length
    for (let at = start; at < end; ) {
      const [tag, afterTag] = await varint(at)
      const field = Math.floor(tag / 8)
      const kind = tag % 8
      if (kind === 0) {
        const [value, next] = await varint(afterTag)
        yield { field, value, at, start: afterTag, length: next - afterTag }
        at = next
      } else if (kind === 2) {
        const [size, contents] = await varint(afterTag)
        if (contents + size > end) throw invalid(source.name, at)
        yield { field, value: 0, at, start: contents, length: size }
        at = contents + size
      } else if (kind === 1 || kind === 5) at = afterTag + (kind === 1 ? 8 : 4)
      else throw invalid(source.name, at)
    }
  }

  const text = async ({ start, length }: WireField): Promise<string> =>
    new TextDecoder().decode((await peek(start, length)).subarray(0, length))

  return { fields, text }
}

/** Reads protobuf fields of a source. */
export type WireReader = ReturnType<typeof createWireReader>

function invalid(name: string, at: number): PerStreamError {
  return new PerStreamError('model-invalid', `${name} is not a whole ONNX model: it breaks off near byte ${at}`, {
    fields: { model: name },
  })
}
