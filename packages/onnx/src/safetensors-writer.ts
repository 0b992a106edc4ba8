import type { CallOptions, Progress } from '@perstream/spec'
import { elementBytes, type SafetensorsType } from './safetensors'

/** Where bytes go, in order. */
export interface ByteSink {
  /** Takes the next bytes; they may be used again by the caller once it has returned. */
  write(bytes: Uint8Array): Promise<void>
}

/** A tensor to be written. */
export interface SafetensorsInput {
  readonly name: string
  readonly type: SafetensorsType
  readonly shape: readonly number[]
  /** Row-major, little-endian. A stream is read when its turn comes. */
  readonly data: Uint8Array | AsyncIterable<Uint8Array>
}

/** Options of {@link writeSafetensors}. */
export interface WriteSafetensorsOptions extends CallOptions {
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** Counts bytes of values. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/**
 * Writes a safetensors file: the header, then the tensors one after the other in the order given. One piece of one tensor
 * is in memory at a time.
 * @throws TypeError when two tensors have one name, or values do not fill their shape
 */
export async function writeSafetensors(
  sink: ByteSink,
  tensors: readonly SafetensorsInput[],
  { metadata, onProgress, signal }: WriteSafetensorsOptions = {},
): Promise<void> {
  const total = tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0)
  await sink.write(writeHeader(tensors, metadata))
  let done = 0
  for (const tensor of tensors) {
    let length = 0
    for await (const piece of tensor.data instanceof Uint8Array ? [tensor.data] : tensor.data) {
      signal?.throwIfAborted()
      length += piece.length
      if (length > bytesOf(tensor)) break
      await sink.write(piece)
      onProgress?.({ stage: 'writing weights', done: done + length, total })
    }
    if (length !== bytesOf(tensor)) {
      const given = length > bytesOf(tensor) ? 'more' : `${length}`
      throw new TypeError(`data of "${tensor.name}" has ${given} bytes: its type and shape need ${bytesOf(tensor)}`)
    }
    done += length
  }
}

function bytesOf({ type, shape }: SafetensorsInput): number {
  return shape.reduce((product, size) => product * size, elementBytes[type])
}

function writeHeader(
  tensors: readonly SafetensorsInput[],
  metadata: Readonly<Record<string, string>> | undefined,
): Uint8Array {
  const header = new Map<string, unknown>(metadata ? [['__metadata__', metadata]] : [])
  let end = 0
  for (const tensor of tensors) {
    const begin = end
    end += bytesOf(tensor)
    if (tensor.name === '__metadata__' || header.has(tensor.name)) {
      throw new TypeError(`name "${tensor.name}" is taken: every tensor of a file has its own`)
    }
    header.set(tensor.name, { dtype: tensor.type, shape: tensor.shape, data_offsets: [begin, end] })
  }
  const entries = [...header].map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`)
  const json = new TextEncoder().encode(`{${entries.join(',')}}`)
  const length = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(8 + length).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.set(json, 8)
  return bytes
}
