import type { CallOptions } from '@perstream/spec'

/** Bytes that are read in pieces: a file, a range of a server's answer, an array. */
export interface ByteSource {
  /** What it is called in messages: a path, a URL. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Reads `length` bytes from `offset`, both within the source. The bytes belong to the caller. */
  read(offset: number, length: number, options?: CallOptions): Promise<Uint8Array>
}

/** Makes a source of bytes that are there. They are copied when they are read. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    read: async (offset, length) => new Uint8Array(bytes.subarray(offset, offset + length)),
  }
}
