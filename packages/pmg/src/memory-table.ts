import type { Memory, MemoryVersion } from '@perstream/spec'
import { ByteArena } from './byte-arena'
import { IdTable } from './id-table'
import { memoryKeyHash } from './journal-keys'
import { MemoryCodec } from './memory-codec'
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
  readonly #relationId: (relation: number) => string
  /** The entries that were used last, by slot. */
  readonly #decoded = new Map<number, MemoryEntry>()

  /** @param relationId the id of a relation by its number */
  constructor(relationId: (relation: number) => string) {
    this.#relationId = relationId
  }

  /** How many memories there are. */
  get size(): number {
    return this.#ids.size
  }

  /** All slots are below this. */
  get slotCount(): number {
    return this.#ids.end
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

  /** The memory in a slot; undefined when it is free. */
  at(slot: number): MemoryEntry | undefined {
    const known = this.#decoded.get(slot)
    if (known) return known
    const bytes = this.#records.get(slot)
    if (!bytes) return undefined
    const { memory, versions } = this.#codec.decode(this.#ids.idOf(slot), bytes)
    const entry = { memory, slot, versions, relations: Array.from(this.#relations.get(slot), this.#relationId) }
    if (this.#decoded.size >= mostDecoded) this.#decoded.delete(this.#decoded.keys().next().value!)
    this.#decoded.set(slot, entry)
    return entry
  }

  /** The numbers of the relations that the memory in a slot supports. A view, good until the next change. */
  relationsAt(slot: number): Uint32Array {
    return this.#relations.get(slot)
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
    this.#relations.clear(slot)
    for (const relation of relations) this.#relations.add(slot, relation)
    this.#decoded.delete(slot)
  }

  delete(slot: number): void {
    this.#ids.delete(slot)
    this.#records.delete(slot)
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
  }

  restore(reader: SectionReader, name: string): void {
    this.#ids.restore(reader, `${name}.ids`)
    this.#records.restore(reader, `${name}.records`)
    this.#codec.restore(reader, `${name}.strings`)
    this.#relations.restore(reader, `${name}.relations`)
  }
}
