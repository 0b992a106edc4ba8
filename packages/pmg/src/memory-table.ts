import type { Memory, MemoryVersion } from '@perstream/spec'
import { ByteArena } from './byte-arena'
import { grown } from './grown'
import { IdTable } from './id-table'
import { memoryKeyHash } from './journal-keys'
import { contentBytes } from './live-bytes'
import { type HeldParts, lineEnd, MemoryCodec } from './memory-codec'
import type { MemoryEntry } from './memory-entry'
import { NumberLists } from './number-lists'
import type { SectionReader, SectionWriter } from './sections'

/** Entries that are kept decoded. */
const mostDecoded = 1024

/** What is put: a memory with the numbers of its relations. */
interface MemoryPut {
  readonly memory: Memory
  readonly relations: Iterable<number>
  readonly versions: readonly MemoryVersion[]
}

/** The memories of a graph, each in a slot. They are kept packed and decoded when they are asked for. */
export class MemoryTable {
  readonly #ids = new IdTable(memoryKeyHash)
  readonly #records = new ByteArena()
  readonly #codec = new MemoryCodec()
  readonly #relations = new NumberLists()
  /** Bytes of the words of each memory and all that goes with them. */
  #contentBytes: Uint32Array = new Uint32Array(64)
  #allContentBytes = 0
  readonly #relationId: (relation: number) => string
  readonly #heldBy: (slot: number) => HeldParts
  /** The entries that were used last, by slot. */
  readonly #decoded = new Map<number, MemoryEntry>()

  /**
   * @param relationId the id of a relation by its number
   * @param heldBy what the memory in a slot has beside its record
   */
  constructor(relationId: (relation: number) => string, heldBy: (slot: number) => HeldParts) {
    this.#relationId = relationId
    this.#heldBy = heldBy
  }

  /** How many memories there are. */
  get size(): number {
    return this.#ids.size
  }

  /** All slots are below this. */
  get slotCount(): number {
    return this.#ids.end
  }

  /** Bytes of the words of all memories, and of all that goes with them. */
  get contentBytes(): number {
    return this.#allContentBytes
  }

  /** Bytes of the words of the memory in a slot, and of all that goes with them; 0 when they are let go. */
  contentBytesAt(slot: number): number {
    return this.#contentBytes[slot] ?? 0
  }

  has(id: string): boolean {
    return this.slotOf(id) !== undefined
  }

  get(id: string): MemoryEntry | undefined {
    const slot = this.slotOf(id)
    return slot === undefined ? undefined : this.at(slot)
  }

  slotOf(id: string): number | undefined {
    return this.#ids.numberOf(id)
  }

  /** The id of the memory in a slot that is in use. */
  idOf(slot: number): string {
    return this.#ids.idOf(slot)
  }

  /** The ids of many slots that are in use. */
  idsOf(slots: readonly number[]): string[] {
    return this.#ids.idsOf(slots)
  }

  /** The memory in a slot; undefined when it is free. */
  at(slot: number): MemoryEntry | undefined {
    const known = this.#decoded.get(slot)
    if (known) return known
    const bytes = this.#records.get(slot)
    if (!bytes) return undefined
    const { memory, versions } = this.#codec.decode(this.#ids.idOf(slot), bytes, this.#heldBy(slot))
    const entry = { memory, slot, versions, relations: Array.from(this.#relations.get(slot), this.#relationId) }
    if (this.#decoded.size >= mostDecoded) this.#decoded.delete(this.#decoded.keys().next().value!)
    this.#decoded.set(slot, entry)
    return entry
  }

  /** The numbers of the relations that the memory in a slot supports. A view, good until the next change. */
  relationsAt(slot: number): Uint32Array {
    return this.#relations.get(slot)
  }

  /** The slots in use, ascending. */
  slots(): Iterable<number> {
    return this.#ids.numbers()
  }

  /** The ids, in the order of the slots. */
  *keys(): Generator<string, void, void> {
    for (const slot of this.#ids.numbers()) yield this.#ids.idOf(slot)
  }

  /** The memories, in the order of the slots. */
  *values(): Generator<MemoryEntry, void, void> {
    for (const slot of this.#ids.numbers()) yield this.at(slot)!
  }

  /** Gives a slot to an id that has none. */
  add(id: string): number {
    return this.#ids.add(id)
  }

  put(slot: number, { memory, relations, versions }: MemoryPut): void {
    this.#records.put(slot, this.#codec.encode({ memory, versions }))
    this.#setContentBytes(slot, contentBytes(memory, versions))
    this.#relations.clear(slot)
    for (const relation of relations) this.#relations.add(slot, relation)
    this.#decoded.delete(slot)
  }

  /** Lets go of the words of memories that have them. */
  forget(slots: Iterable<number>, at: number): void {
    const ending = this.#codec.ending(at)
    for (const slot of slots) {
      this.#records.replaceAfter(slot, lineEnd, ending)
      this.#setContentBytes(slot, 0)
      this.#relations.clear(slot)
      this.#decoded.delete(slot)
    }
  }

  /** To be called when what a memory has beside its record has changed. */
  partsChanged(slot: number): void {
    this.#decoded.delete(slot)
  }

  delete(slot: number): void {
    this.#ids.delete(slot)
    this.#records.delete(slot)
    this.#setContentBytes(slot, 0)
    this.#relations.clear(slot)
    this.#decoded.delete(slot)
  }

  /** The slot of the only memory whose id has a hash; undefined where several have it. */
  slotWithHash(hash: number): number | undefined {
    return this.#ids.onlyWithHash(hash)
  }

  /** The slots of memories whose ids share their hash with another. */
  ambiguousSlots(): number[] {
    return this.#ids.ambiguous()
  }

  save(writer: SectionWriter, name: string): void {
    this.#ids.save(writer, `${name}.ids`)
    this.#records.save(writer, `${name}.records`, this.slotCount)
    this.#codec.save(writer, `${name}.strings`)
    this.#relations.save(writer, `${name}.relations`, this.slotCount)
    writer.numbers(`${name}.contentBytes`, this.#contentBytes)
  }

  restore(reader: SectionReader, name: string): void {
    this.#ids.restore(reader, `${name}.ids`)
    this.#records.restore(reader, `${name}.records`)
    this.#codec.restore(reader, `${name}.strings`)
    this.#relations.restore(reader, `${name}.relations`)
    this.#contentBytes = reader.uint32(`${name}.contentBytes`)
    this.#allContentBytes = this.#contentBytes.reduce((sum, bytes) => sum + bytes, 0)
  }

  #setContentBytes(slot: number, bytes: number): void {
    this.#contentBytes = grown(this.#contentBytes, slot + 1)
    this.#allContentBytes += bytes - this.#contentBytes[slot]!
    this.#contentBytes[slot] = bytes
  }
}
