/** Buffers that are used again. */
export interface BufferPool {
  /** Takes a buffer of exactly this many bytes, with whatever was left in it. */
  take(bytes: number): Uint8Array<ArrayBuffer>
  /** Gives a buffer back that nobody reads any more. */
  give(buffer: ArrayBuffer): void
}

/** Beyond this many kept buffers the one kept longest goes: sizes that are no longer asked for do not pile up. */
const kept = 12

/** Makes a pool that is empty at first. */
export function createBufferPool(): BufferPool {
  const buffers: ArrayBuffer[] = []
  return {
    take(bytes) {
      const at = buffers.findIndex(({ byteLength }) => byteLength === bytes)
      return new Uint8Array(at < 0 ? new ArrayBuffer(bytes) : buffers.splice(at, 1)[0]!)
    },
    give(buffer) {
      buffers.push(buffer)
      if (buffers.length > kept) buffers.shift()
    },
  }
}
