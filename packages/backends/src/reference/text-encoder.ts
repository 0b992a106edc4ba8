import { normalize } from '@perstream/kit'
import type { TextEncoder } from '@perstream/spec'

/** Options of {@link createReferenceTextEncoder}. */
export interface ReferenceTextEncoderOptions {
  /** Length of the vectors, 1 or more. Default 256. Fewer make unrelated words fall together. */
  readonly dimensions?: number | undefined
}

/** What a shared piece of a word weighs beside a shared whole word. */
const pieceWeight = 0.3

/**
 * Makes a text encoder of words and the three-letter pieces of words, each hashed to a place and a sign. Texts that share
 * words or stems are near; it knows no meaning: "car" and "automobile" are strangers. Deterministic on every machine, no
 * weights, no dependencies: for tests, examples, and as the yardstick that a learned encoder must beat.
 */
export function createReferenceTextEncoder({ dimensions = 256 }: ReferenceTextEncoderOptions = {}): TextEncoder {
  if (!Number.isInteger(dimensions) || dimensions < 1) {
    throw new TypeError(`dimensions is ${dimensions}: it must be a whole number, 1 or more`)
  }
  return {
    space: `reference-text-${dimensions}`,
    dimensions,
    maxBatchSize: 1024,
    async encode(texts, { signal } = {}) {
      signal?.throwIfAborted()
      return texts.map((text) => encodeText(text, dimensions))
    },
  }
}

function encodeText(text: string, dimensions: number): Float32Array {
  const sums = new Float32Array(dimensions)
  const add = (feature: string, weight: number) => {
    const bits = hash(feature)
    sums[(bits >>> 1) % dimensions]! += bits & 1 ? weight : -weight
  }
  for (const word of words(text)) {
    add(word, 1)
    const framed = `^${word}$`
    for (let i = 0; i + 3 <= framed.length; i++) add(`#${framed.slice(i, i + 3)}`, pieceWeight)
  }
  const vector = normalize(sums)
  // Opposite signs can cancel all there is; a text that is not blank still has a direction.
  if (text.trim() !== '' && vector.every((value) => value === 0)) vector[(hash(text) >>> 1) % dimensions] = 1
  return vector
}

function words(text: string): string[] {
  const lower = text.normalize('NFKC').toLowerCase()
  return lower.match(/[\p{L}\p{N}]+/gu) ?? lower.split(/\s+/).filter((part) => part !== '')
}

/** FNV-1a over UTF-16 units, mixed so that the low bits depend on all of them. */
function hash(text: string): number {
  let bits = 0x811c9dc5
  for (let i = 0; i < text.length; i++) bits = Math.imul(bits ^ text.charCodeAt(i), 0x01000193)
  bits = Math.imul(bits ^ (bits >>> 16), 0x45d9f3b)
  return (bits ^ (bits >>> 16)) >>> 0
}
