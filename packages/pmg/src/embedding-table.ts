import { precisions } from '@perstream/kit'
import type { CoarserPrecision, TensorPrecision } from '@perstream/spec'
import { roundedEmbedding } from './embedding-codec'
import { grown } from './grown'
import { embeddingBytes } from './live-bytes'
import type { SectionReader, SectionWriter } from './sections'
import { type VectorChange, VectorIndex } from './vector-index'

/** The embeddings of memories by slot, each with the precision that it is kept in: in the index all are 32-bit floats. */
export class EmbeddingTable {
  readonly index: VectorIndex
  /** By slot; what is behind the end is 'f32'. */
  #precisions: Uint8Array = new Uint8Array(0)
  #bytes = 0
  /** Bytes of an embedding in each precision. */
  readonly #sizes: readonly number[]

  constructor(dimensions: number) {
    this.index = new VectorIndex(dimensions)
    this.#sizes = precisions.map((precision) => embeddingBytes(dimensions, precision))
  }

  /** Bytes of all embeddings as they are kept. */
  get bytes(): number {
    return this.#bytes
  }

  /** How the embedding of a slot that has one is kept. */
  precisionAt(slot: number): TensorPrecision {
    return precisions[this.#precisions[slot] ?? 0]!
  }

  /** Bytes of the embedding of a slot that has one. */
  bytesAt(slot: number): number {
    return this.#sizes[this.#precisions[slot] ?? 0]!
  }

  /** @throws whatever {@link VectorIndex.put} throws */
  put(slot: number, vector: Float32Array, precision: TensorPrecision): void {
    const before = this.index.has(slot) ? this.bytesAt(slot) : 0
    this.index.put(slot, roundedEmbedding(vector, precision))
    this.#bytes -= before
    this.#setPrecision(slot, precision)
    this.#bytes += this.bytesAt(slot)
  }

  /** Takes in vectors that lie in the index already, once, with the precisions that were restored. */
  adopt(): void {
    for (const slot of this.index.slots) this.#bytes += this.bytesAt(slot)
  }

  /** Keeps an embedding less exactly; does nothing where there is none, or none that is more exact. */
  demote(slot: number, to: CoarserPrecision): void {
    if (this.index.has(slot) && isFiner(this.precisionAt(slot), to)) this.keepAs(slot, to)
  }

  /** Keeps an embedding that is there in a precision. One that is more exact than what it had brings nothing back. */
  keepAs(slot: number, precision: TensorPrecision): void {
    if (!this.index.has(slot)) return
    this.#bytes -= this.bytesAt(slot)
    if (precision !== 'f32' && isFiner(this.precisionAt(slot), precision))
      this.index.changeLater(slot, roundings[precision])
    this.#setPrecision(slot, precision)
    this.#bytes += this.bytesAt(slot)
  }

  delete(slot: number): void {
    this.#drop(slot)
    this.index.delete(slot)
  }

  /** Lets an embedding go to save room: its memory is filled with zeros before anything is next searched. */
  letGo(slot: number): void {
    this.#drop(slot)
    this.index.deleteLater(slot)
  }

  save(writer: SectionWriter, name: string): void {
    writer.numbers(`${name}.precisions`, this.#precisions)
  }

  restore(reader: SectionReader, name: string): void {
    this.#precisions = reader.bytes(`${name}.precisions`)
  }

  /** Counts an embedding no more. */
  #drop(slot: number): void {
    if (!this.index.has(slot)) return
    this.#bytes -= this.bytesAt(slot)
    this.#setPrecision(slot, 'f32')
  }

  #setPrecision(slot: number, precision: TensorPrecision): void {
    const number = precisions.indexOf(precision)
    if (number === 0 && slot >= this.#precisions.length) return
    this.#precisions = grown(this.#precisions, slot + 1)
    this.#precisions[slot] = number
  }
}

/** What embeddings are made when they are kept less exactly. */
const roundings: Readonly<Record<CoarserPrecision, VectorChange>> = {
  f16: (vector) => roundedEmbedding(vector, 'f16'),
  i8: (vector) => roundedEmbedding(vector, 'i8'),
  b1: (vector) => roundedEmbedding(vector, 'b1'),
}

function isFiner(a: TensorPrecision, b: TensorPrecision): boolean {
  return precisions.indexOf(a) < precisions.indexOf(b)
}
