import { deflateSync, inflateSync } from 'fflate'

/** Raw deflate (RFC 1951). */
export interface Deflation {
  deflate(bytes: Uint8Array): Uint8Array
  /** Gives the bytes that were deflated, at most `most` of them; undefined where there were more, or bytes that no deflating makes. */
  inflate(bytes: Uint8Array, most: number): Uint8Array | undefined
}

/** Deflates where the system brings nothing faster. */
export const deflation: Deflation = {
  deflate: (bytes) => deflateSync(bytes, { level: 1 }),
  inflate(bytes, most) {
    // With room for one byte more than allowed, what is too long shows.
    const out = new Uint8Array(most + 1)
    try {
      const inflated = inflateSync(bytes, { out })
      return inflated.length > most ? undefined : inflated
    } catch {
      return undefined
    }
  },
}
