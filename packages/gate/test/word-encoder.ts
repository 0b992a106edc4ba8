import { normalize } from '@perstream/kit'
import type { TextEncoder } from '@perstream/spec'

/** A small real text encoder: words hashed to signed positions, so that texts with common words are similar. */
interface WordEncoder extends TextEncoder {
  /** How many texts it was asked to encode. */
  readonly encoded: () => number
}

export function createWordEncoder({ dimensions = 256, maxBatchSize = 16, space = 'words' } = {}): WordEncoder {
  let encoded = 0
  return {
    space,
    dimensions,
    maxBatchSize,
    encoded: () => encoded,
    async encode(texts, { signal } = {}) {
      signal?.throwIfAborted()
      if (texts.length > maxBatchSize) throw new RangeError(`${texts.length} texts in one batch`)
      encoded += texts.length
      return texts.map((text) => embed(text, dimensions))
    },
  }
}

function embed(text: string, dimensions: number): Float32Array {
  const sum = new Float32Array(dimensions)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
    for (let seed = 0; seed < 4; seed++) {
      const code = hash(`${seed} ${word}`)
      sum[code % dimensions]! += (code >>> 16) & 1 ? 1 : -1
    }
  return normalize(sum)
}

/** FNV-1a. */
function hash(text: string): number {
  let code = 0x811c9dc5
  for (let i = 0; i < text.length; i++) code = Math.imul(code ^ text.charCodeAt(i), 0x01000193) >>> 0
  return code
}
