import type { Deflation } from './deflation'
import { embeddingLength } from './embedding-codec'
import type { JournalDirectory } from './journal-directory'
import type { PutType } from './journal-keys'
import { type StorePart, storeFileName } from './journal-manifest'
import { type Checksum, encodeRecord, plainLength, recordHashes, recordHead, sealRecord } from './journal-record'
import type { OperationFold } from './operation-fold'

/** Bytes a record of a part is made of, about: what is lost when a byte of it is damaged, and what is written anew for a change. */
export const recordTarget = 1 << 17

/** Parts that are written at the same time. */
const mostAtOnce = 4

interface PartWriterOptions {
  readonly directory: JournalDirectory
  readonly checksum: Checksum
  readonly deflation: Deflation
  readonly type: PutType
  /** Bytes of a part, about, before anything is deflated. */
  readonly target: number
  readonly sequence: number
  readonly nextNumber: () => number
  /** Receives the hashes of the keys of each part. */
  readonly hashes: Map<string, Uint32Array>
}

type Put = ReturnType<OperationFold['list']>[number]

/** Writes operations of one type into new parts. */
export class PartWriter {
  readonly #options: PartWriterOptions
  readonly #parts: StorePart[] = []
  #records: Uint8Array[] = []
  /** As they would be if nothing were deflated: that is what reading and writing them costs. */
  #recordBytes = 0
  readonly #writing: Promise<void>[] = []
  #puts: Put[] = []
  #putBytes = 0

  constructor(options: PartWriterOptions) {
    this.#options = options
  }

  /** True while nothing was added. */
  get isEmpty(): boolean {
    return this.#parts.length === 0 && this.#records.length === 0 && this.#puts.length === 0
  }

  /** Bytes of the part that is not full yet, about. */
  get pendingBytes(): number {
    return this.#recordBytes + this.#putBytes
  }

  async add(put: Put): Promise<void> {
    this.#puts.push(put)
    this.#putBytes += roughSize(put)
    if (this.#putBytes < recordTarget) return
    this.#endRecord()
    await this.#endFullPart()
  }

  /** Adds a record that was read from another part. */
  async addRecord(record: Uint8Array): Promise<void> {
    this.#records.push(record.slice())
    this.#recordBytes += plainLength(record)
    await this.#endFullPart()
  }

  /** Writes what is left, and gives all parts. */
  async finish(): Promise<readonly StorePart[]> {
    this.#endRecord()
    if (this.#records.length > 0) await this.#endPart()
    await Promise.all(this.#writing)
    return this.#parts
  }

  /** Resolves when nothing is being written any more, whether or not it succeeded. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writing)
  }

  #endRecord(): void {
    if (this.#puts.length === 0) return
    const { sequence, deflation } = this.#options
    const record = encodeRecord({ sequence, at: 0, operations: this.#puts }, sequence, deflation.deflate)
    this.#records.push(record)
    this.#recordBytes += plainLength(record)
    this.#puts = []
    this.#putBytes = 0
  }

  async #endFullPart(): Promise<void> {
    if (this.#recordBytes >= this.#options.target) await this.#endPart()
  }

  async #endPart(): Promise<void> {
    const { directory, checksum, type, nextNumber, hashes } = this.#options
    const records = this.#records
    const plain = this.#recordBytes
    const bytes = records.reduce((sum, record) => sum + record.length, 0)
    this.#records = []
    this.#recordBytes = 0
    let crc = 0
    for (const record of records) crc = sealRecord(record, crc, checksum)
    const operations = records.reduce((sum, record) => sum + recordHead(record).count, 0)
    const file = storeFileName('part', nextNumber())
    this.#parts.push({ file, type, operations, bytes, plain, crc })
    hashes.set(file, joined(records.map(recordHashes)))
    this.#writing.push(directory.write(file, records))
    this.#writing.at(-1)!.catch(() => undefined)
    if (this.#writing.length >= mostAtOnce) await this.#writing.at(-mostAtOnce)
  }
}

/** Bytes that an operation will take, about: it need not be encoded for that. */
function roughSize(put: Put): number {
  if (put.type !== 'memory-put') return 250
  const { text, evidence, triplets } = put.memory
  const versions = put.versions?.reduce((sum, { text }) => sum + text.length + 150, 0) ?? 0
  const { embedding } = put
  const vector = embedding ? embeddingLength(embedding.length, put.memory.embeddingPrecision ?? 'f32') : 0
  return 350 + text.length + evidence.length * 80 + triplets.length * 120 + vector + versions
}

/** Puts lists one behind the other. */
export function joined(lists: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0))
  let offset = 0
  for (const list of lists) {
    all.set(list, offset)
    offset += list.length
  }
  return all
}
