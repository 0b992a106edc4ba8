import { PerStreamError } from '@perstream/spec'
import { grown } from './grown'
import type { SectionReader, SectionWriter } from './sections'

const chunkBits = 20
const chunkBytes = 1 << chunkBits
const mostChunks = 1 << (32 - chunkBits)

/**
 * Byte strings by number, in chunks of 1 MiB: what is put costs its bytes, a length and 4 bytes. What is deleted is filled with zeros
 * at once; when more than half is gone, the rest is moved together.
 */
export class ByteArena {
  #chunks: Uint8Array[] = []
  /** Bytes used of the last chunk. */
  #filled = 0
  /** The chunk and, below, where the string begins in it; 0 where there is none: the first byte of the first chunk is left out. */
  #places: Uint32Array = new Uint32Array(16)
  #live = 0
  #dead = 0

  /** A view, good until the next change; undefined where there is none. */
  get(number: number): Uint8Array | undefined {
    const place = this.#places[number] ?? 0
    if (place === 0) return undefined
    const chunk = this.#chunks[place >>> chunkBits]!
    let at = place & (chunkBytes - 1)
    let length = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = chunk[at++]!
      length += (byte & 127) * shift
      if (byte < 128) return chunk.subarray(at, at + length)
    }
  }

  /** @throws PerStreamError 'out-of-memory' when 4 GiB are used */
  put(number: number, bytes: Uint8Array): void {
    this.delete(number)
    this.#places = grown(this.#places, number + 1)
    this.#places[number] = this.#write(bytes)
  }

  /**
   * Puts other bytes in place of what follows the first byte of a kind. Costs no more than the string's length, and makes no copy of it
   * where the result is no longer.
   * @throws PerStreamError 'out-of-memory' when 4 GiB are used
   */
  replaceAfter(number: number, byte: number, ending: Uint8Array): void {
    const bytes = this.get(number)
    if (!bytes) return
    const kept = bytes.indexOf(byte) + 1
    const length = kept + ending.length
    if (length > bytes.length) {
      const longer = new Uint8Array(length)
      longer.set(bytes.subarray(0, kept))
      longer.set(ending, kept)
      this.put(number, longer)
      return
    }
    const place = this.#places[number]!
    const chunk = this.#chunks[place >>> chunkBits]!
    const start = place & (chunkBytes - 1)
    const before = lengthBytes(bytes.length)
    const at = start + lengthBytes(length)
    chunk.copyWithin(at, start + before, start + before + kept)
    writeLength(chunk, start, length)
    chunk.set(ending, at + kept)
    chunk.fill(0, at + length, start + before + bytes.length)
    this.#note(bytes.length + before - length - lengthBytes(length))
  }

  delete(number: number): void {
    const bytes = this.get(number)
    if (!bytes) return
    this.#places[number] = 0
    const size = bytes.length + lengthBytes(bytes.length)
    bytes.fill(0)
    this.#note(size)
  }

  /** @param count numbers that are in use: there are no strings from there on */
  save(writer: SectionWriter, name: string, count: number): void {
    this.#places = grown(this.#places, count)
    const used = this.#chunks.map((chunk, i) =>
      i === this.#chunks.length - 1 ? chunk.subarray(0, this.#filled) : chunk,
    )
    const bytes = new Uint8Array(used.reduce((sum, chunk) => sum + chunk.length, 0))
    let offset = 0
    for (const chunk of used) {
      bytes.set(chunk, offset)
      offset += chunk.length
    }
    writer.numbers(`${name}.places`, this.#places.subarray(0, count))
    writer.numbers(`${name}.bytes`, bytes)
    writer.json(`${name}.chunks`, { lengths: used.map(({ length }) => length), live: this.#live, dead: this.#dead })
  }

  restore(reader: SectionReader, name: string): void {
    const { lengths, live, dead } = reader.json<{ lengths: number[]; live: number; dead: number }>(`${name}.chunks`)
    const bytes = reader.bytes(`${name}.bytes`)
    let offset = 0
    this.#chunks = lengths.map((length) => {
      offset += length
      return bytes.subarray(offset - length, offset)
    })
    this.#filled = lengths.at(-1) ?? 0
    this.#places = reader.uint32(`${name}.places`)
    this.#live = live
    this.#dead = dead
  }

  /** Bytes that nothing uses any more. */
  #note(dead: number): void {
    this.#live -= dead
    this.#dead += dead
    if (this.#dead > chunkBytes && this.#dead > this.#live) this.#compact()
  }

  #write(bytes: Uint8Array): number {
    const size = bytes.length + lengthBytes(bytes.length)
    const last = this.#chunks.at(-1)
    if (!last || this.#filled + size > last.length) this.#addChunk(size)
    const chunk = this.#chunks.at(-1)!
    const start = this.#filled
    chunk.set(bytes, writeLength(chunk, start, bytes.length))
    this.#filled += size
    this.#live += size
    return (this.#chunks.length - 1) * chunkBytes + start
  }

  /** What is longer than a chunk has one of its own. */
  #addChunk(size: number): void {
    if (this.#chunks.length === mostChunks)
      throw new PerStreamError(
        'out-of-memory',
        'the records of the graph take more than 4 GiB: delete memories, or use several graphs',
        { fields: { bytes: this.#live } },
      )
    const start = this.#chunks.length === 0 ? 1 : 0
    this.#chunks.push(new Uint8Array(Math.max(chunkBytes, size + start)))
    this.#filled = start
  }

  #compact(): void {
    const old = { places: this.#places, chunks: this.#chunks }
    const before = new ByteArena()
    before.#places = old.places
    before.#chunks = old.chunks
    this.#chunks = []
    this.#filled = 0
    this.#places = new Uint32Array(old.places.length)
    this.#live = 0
    this.#dead = 0
    for (let number = 0; number < old.places.length; number++) {
      const bytes = before.get(number)
      if (bytes) this.#places[number] = this.#write(bytes)
    }
  }
}

/** Writes a length, 7 bits a byte; gives the place behind it. */
function writeLength(chunk: Uint8Array, start: number, length: number): number {
  let at = start
  let rest = length
  for (; rest >= 128; rest = Math.floor(rest / 128)) chunk[at++] = (rest % 128) + 128
  chunk[at++] = rest
  return at
}

/** Bytes that a length takes, 7 bits in each. */
function lengthBytes(length: number): number {
  let bytes = 1
  for (let rest = length; rest >= 128; rest = Math.floor(rest / 128)) bytes++
  return bytes
}
