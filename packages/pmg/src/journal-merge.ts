import type { MemoryBatch, MemoryOperation } from '@perstream/spec'
import type { Deflation } from './deflation'
import type { JournalDirectory } from './journal-directory'
import { operationHashes, operationKey, operationKeys, type PutType, putTypes } from './journal-keys'
import type { StorePart, StoreState } from './journal-manifest'
import { joined, PartWriter, recordTarget } from './journal-parts'
import { type Checksum, plainLength, recordHashes } from './journal-record'
import { type JournalView, readPart } from './journal-view'
import { OperationFold } from './operation-fold'

const smallestPartTarget = 1 << 21
/** The more there is, the larger the parts, so that there are never many thousands. */
const mostParts = 512

interface MergeView {
  readonly state: StoreState
  readonly parts: JournalView['parts']
}

interface MergeOptions {
  readonly directory: JournalDirectory
  readonly checksum: Checksum
  readonly deflation: Deflation
  readonly location: string
  /** What came after the parts. */
  readonly batches: readonly MemoryBatch[]
  /** The hashes of the keys in a part, kept from one merge to the next. */
  readonly hashes: Map<string, Uint32Array>
  readonly nextNumber: () => number
}

/**
 * Merges what came after the parts into them: parts with a record that changed are written anew, under new names, the others stay as
 * they are. What is deleted or no longer counts is in none of the parts that result, which are returned in order.
 */
export async function mergeParts(view: MergeView, options: MergeOptions): Promise<readonly StorePart[]> {
  const merge = new Merge(view, options)
  return merge.run()
}

class Merge {
  readonly #view: MergeView
  readonly #options: MergeOptions
  /** By the key of what they concern; made when a part is touched. */
  #changes: Map<string, MemoryOperation[]> | undefined
  readonly #changed = new Set<number>()
  /** Keys whose changes went into a part that had them. */
  readonly #settled = new Set<string>()
  readonly #target: number

  constructor(view: MergeView, options: MergeOptions) {
    this.#view = view
    this.#options = options
    const total = view.parts.reduce((sum, { part }) => sum + part.plain, 0)
    this.#target = Math.max(smallestPartTarget, total / mostParts)
    for (const { operations } of options.batches)
      for (const operation of operations) for (const hash of operationHashes(operation)) this.#changed.add(hash)
  }

  async run(): Promise<readonly StorePart[]> {
    const touched = new Set<string>()
    for (const { part, file } of this.#view.parts) if (await this.#touches({ part, file })) touched.add(part.file)
    const writers = new Map(putTypes.map((type) => [type, this.#writer(type)]))
    try {
      return await this.#fill(writers, touched)
    } finally {
      for (const writer of writers.values()) await writer.settled()
    }
  }

  async #fill(writers: ReadonlyMap<PutType, PartWriter>, touched: ReadonlySet<string>): Promise<readonly StorePart[]> {
    for (const each of this.#view.parts)
      if (touched.has(each.part.file)) await this.#rewrite(each, writers.get(each.part.type)!)
    for (const put of this.#fresh()) await writers.get(put.type)!.add(put)
    const parts: StorePart[] = []
    for (const [type, writer] of writers) {
      for (const each of this.#view.parts) {
        if (each.part.type !== type || touched.has(each.part.file)) continue
        if (this.#goesInto(writer, each.part)) await this.#rewrite(each, writer)
        else parts.push(each.part)
      }
      parts.push(...(await writer.finish()))
    }
    return parts
  }

  /** A small part goes into one that is written anyway, when there is room. */
  #goesInto(writer: PartWriter, { plain }: StorePart): boolean {
    return !writer.isEmpty && plain < this.#target / 2 && writer.pendingBytes + plain < this.#target
  }

  #writer(type: PutType): PartWriter {
    const { directory, checksum, deflation, hashes, nextNumber } = this.#options
    return new PartWriter({
      ...{ directory, checksum, deflation, hashes, nextNumber },
      type,
      target: this.#target,
      sequence: this.#options.batches.at(-1)?.sequence ?? this.#view.state.sequence,
    })
  }

  async #touches(each: JournalView['parts'][number]): Promise<boolean> {
    const { hashes } = this.#options
    let found = hashes.get(each.part.file)
    if (!found) {
      found = await this.#hashesOf(each)
      hashes.set(each.part.file, found)
    }
    return found.some((hash) => this.#changed.has(hash))
  }

  async #hashesOf(each: JournalView['parts'][number]): Promise<Uint32Array> {
    const lists: Uint32Array[] = []
    for await (const { record } of readPart(each, this.#options)) lists.push(recordHashes(record))
    return joined(lists)
  }

  /** Records that did not change are copied as they are, unless they are so small that they had better go together. */
  async #rewrite(each: JournalView['parts'][number], writer: PartWriter): Promise<void> {
    for await (const { record, decode } of readPart(each, this.#options)) {
      const changed = recordHashes(record).some((hash) => this.#changed.has(hash))
      if (!changed && plainLength(record) >= recordTarget / 2) await writer.addRecord(record)
      else for (const put of this.#updated(decode().batch.operations, each.part.type)) await writer.add(put)
    }
  }

  #updated(operations: readonly MemoryOperation[], type: PutType) {
    const fold = new OperationFold()
    for (const operation of operations) {
      fold.apply(operation)
      const key = operationKey(operation)
      const changes = this.#changesOf(key)
      for (const change of changes) fold.apply(change)
      if (changes.length > 0) this.#settled.add(key)
    }
    return fold.list().filter((put) => put.type === type)
  }

  #changesOf(key: string): readonly MemoryOperation[] {
    this.#changes ??= byKey(this.#options.batches)
    return this.#changes.get(key) ?? []
  }

  /** What is in no part yet. */
  #fresh() {
    const fold = new OperationFold()
    for (const { operations } of this.#options.batches) for (const operation of operations) fold.apply(operation)
    const puts = fold.list()
    return this.#settled.size === 0 ? puts : puts.filter((put) => !this.#settled.has(operationKey(put)))
  }
}

/** A memory that is put again after it was deleted has visits again: they come to know of it. */
function byKey(batches: readonly MemoryBatch[]): Map<string, MemoryOperation[]> {
  const changes = new Map<string, MemoryOperation[]>()
  for (const { operations } of batches)
    for (const operation of operations)
      for (const [i, key] of operationKeys(operation).entries()) {
        const known = changes.get(key)
        const change = partOf(operation, i)
        if (known) known.push(change)
        else changes.set(key, [change])
        if (operation.type === 'memory-put') changes.get(`v${operation.memory.id}`)?.push(operation)
      }
  return changes
}

/** What an operation says of the ith record that it concerns: a reduction of many would cost each of them all the others. */
function partOf(operation: MemoryOperation, i: number): MemoryOperation {
  return operation.type === 'memory-reduce' ? { ...operation, ids: [operation.ids[i]!] } : operation
}
