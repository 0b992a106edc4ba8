import type { Memory, MemoryVersion, TensorPrecision } from '@perstream/spec'
import { encodedLength } from './tensors/grid-codec'

/** What a memory takes beside its parts: what stays of it when its words are let go (id, category, owner, times). */
export const tombstoneBytes = 64

const evidenceBytes = 16
const frameBytes = 4
const tripletBytes = 8
const versionBytes = 32

/**
 * Bytes of what a memory says: its words in UTF-8, and what goes with them (evidence, triplets, versions), fields of fixed width at what
 * they take when they are packed. Depends on what the memory says alone, so that it is the same wherever the memory is.
 */
export function contentBytes(memory: Memory, versions: readonly MemoryVersion[]): number {
  if (memory.forgottenAt !== undefined) return 0
  let bytes = utf8Length(memory.text)
  for (const { frames, box } of memory.evidence) bytes += evidenceBytes + frameBytes * (frames.length + (box ? 4 : 0))
  for (const { subject, object } of memory.triplets) bytes += tripletBytes + utf8Length(subject) + utf8Length(object)
  for (const { text } of versions) bytes += versionBytes + utf8Length(text)
  return bytes
}

/** Bytes of an embedding. */
export function embeddingBytes(dimensions: number, precision: TensorPrecision): number {
  return encodedLength({ rows: 1, columns: 1, dimensions, space: '' }, precision)
}

/** Bytes of a text in UTF-8. */
function utf8Length(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    bytes += unit < 0x800 ? 1 : 2
    // Two units make four bytes; half a pair is written as three.
    if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(i + 1))) i++
  }
  return bytes
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
