import type {
  Entity,
  EntityRecord,
  Memory,
  MemoryOperation,
  MemoryVersion,
  MemoryVisits,
  Relation,
  SourceProgress,
} from '@perstream/spec'
import { CentredSpace } from './centred-space'
import { CompactSet } from './compact-set'
import { EmbeddingTable } from './embedding-table'
import { EntityTable } from './entity-table'
import { GridTable } from './grid-table'
import { LexicalIndex } from './lexical-index'
import { tombstoneBytes } from './live-bytes'
import type { HeldParts } from './memory-codec'
import type { MemoryEntry } from './memory-entry'
import { MemoryFilters, type Window } from './memory-filters'
import { MemoryKeys } from './memory-keys'
import { MemoryTable } from './memory-table'
import type { SectionReader, SectionWriter } from './sections'
import { SlotSet } from './slot-set'
import type { VectorIndex } from './vector-index'
import { heat, VisitTable } from './visits'
import { searchTerms } from './words'

type MemoryPut = Extract<MemoryOperation, { type: 'memory-put' }>
type MemoryReduce = Extract<MemoryOperation, { type: 'memory-reduce' }>

/** From so many memories on, those that lose their words are taken out of the indexes in one pass over all, not one by one. */
const manyForgotten = 256

/**
 * The whole graph in memory: what the operations of a store say, with the indexes over it. Applying the same operations
 * gives the same state, so that opening a store, following another process and writing are one code path.
 */
export class GraphState {
  readonly table: EntityTable = new EntityTable((slot) => this.entries.idOf(slot))
  readonly entries: MemoryTable = new MemoryTable(
    (relation) => this.table.relationId(relation),
    (slot) => this.#heldBy(slot),
  )
  readonly lexical = new LexicalIndex()
  readonly filters = new MemoryFilters()
  readonly progress = new Map<string, SourceProgress>()
  readonly grids = new GridTable()
  embeddings: EmbeddingTable | undefined
  space: string | undefined
  readonly #visits = new VisitTable()
  readonly #keys = new MemoryKeys((slot) => this.entries.at(slot))
  #centred: CentredSpace | undefined
  /** Ids of the memories that a memory took the place of. */
  readonly #predecessors = new Map<string, CompactSet>()

  /** Applies one operation. `reset` has no meaning here: whoever reads it starts a new state. */
  apply(operation: MemoryOperation): void {
    switch (operation.type) {
      case 'memory-put':
        this.#putMemory(operation)
        break
      case 'visit-put':
        this.#putVisits(operation.id, operation.visits)
        break
      case 'memory-delete':
        this.#deleteMemory(operation.id)
        break
      case 'memory-reduce':
        this.reduce(
          operation.ids.flatMap((id) => this.entries.slotOf(id) ?? []),
          operation,
        )
        break
      case 'entity-put':
        this.table.putEntity(operation.entity)
        break
      case 'entity-delete':
        this.table.deleteEntity(operation.id)
        break
      case 'relation-put':
        this.table.putRelation(operation.relation)
        break
      case 'relation-delete':
        this.table.deleteRelation(operation.id)
        break
      case 'progress':
        this.progress.set(operation.progress.source, operation.progress)
        break
      case 'space':
        this.embeddings = new EmbeddingTable(operation.dimensions)
        this.space = operation.id
    }
  }

  /**
   * Takes a part from memories, or keeps it less exactly; those without it are passed over. What supported relations does so no more when
   * its words go: the relations stay.
   */
  reduce(slots: readonly number[], { part, to, at }: Pick<MemoryReduce, 'part' | 'to' | 'at'>): void {
    if (part === 'text') this.#forget(slots, at)
    else if (part === 'embedding') this.#reduceEmbeddings(slots, to)
    else
      for (const slot of slots)
        if (to === 'gone') this.grids.take(slot, part)
        else this.grids.demote(slot, part, to)
    for (const slot of slots) this.entries.partsChanged(slot)
  }

  /** Live bytes: what memories say, embeddings, grids once each, and what stays of each memory. */
  get bytes(): number {
    const { entries, embeddings, grids } = this
    return tombstoneBytes * entries.size + entries.contentBytes + (embeddings?.bytes ?? 0) + grids.bytes
  }

  get vectors(): VectorIndex | undefined {
    return this.embeddings?.index
  }

  /** The memory in a slot. */
  at(slot: number): MemoryEntry | undefined {
    return this.entries.at(slot)
  }

  /** Slots in use and free: all are below this. */
  get slotCount(): number {
    return this.entries.slotCount
  }

  /** The space of the vectors as they are now; undefined before the first. */
  get centred(): CentredSpace | undefined {
    this.#centred ??= this.vectors && new CentredSpace(this.vectors, this.slotCount)
    return this.#centred
  }

  get entities(): EntityTable['entities'] {
    return this.table.entities
  }

  get relations(): EntityTable['relations'] {
    return this.table.relations
  }

  /** The memory that a track of a source names. */
  byTrack(owner: string, source: string, track: string): MemoryEntry | undefined {
    return this.#keys.byTrack(owner, source, track)
  }

  /** Standing memories of an owner with the same words, that are true at a time of a window. */
  bySameWords(owner: string, text: string, window: Window): MemoryEntry[] {
    return this.#keys.bySameWords(owner, text, (slot) => this.filters.standsIn(slot, window))
  }

  /** As {@link bySameWords}, with nearly the same words. */
  byNearWords(owner: string, text: string, window: Window): MemoryEntry[] {
    return this.#keys.byNearWords(owner, text, (slot) => this.filters.standsIn(slot, window))
  }

  embedding(id: string): Float32Array | undefined {
    const slot = this.entries.slotOf(id)
    return slot === undefined ? undefined : this.vectors?.get(slot)
  }

  /** How often and when a memory was visited; of its creation while it was not. */
  visits({ slot, memory }: MemoryEntry): MemoryVisits {
    const { visits, lastVisitedAt } = this.#visits.get(slot)
    return visits > 0 ? { visits, lastVisitedAt } : { visits: 0, lastVisitedAt: memory.learnedAt }
  }

  /** Ids of the memories that a memory took the place of, in the order it did. */
  predecessors(id: string): string[] {
    const at = (older: string) => this.entries.get(older)!.memory.supersededAt!
    const order = (a: string, b: string) => at(a) - at(b) || this.entries.slotOf(a)! - this.entries.slotOf(b)!
    return [...(this.#predecessors.get(id) ?? [])].sort(order)
  }

  /** How warm the memory in a slot is, and when it was last visited: of one that never was, when it was learned. */
  warmthAt(slot: number, now: number): { readonly heat: number; readonly visitedAt: number } {
    const { visits, lastVisitedAt } = this.#visits.get(slot)
    const visitedAt = visits > 0 ? lastVisitedAt : this.filters.learnedAt(slot)
    return { heat: heat({ visits, lastVisitedAt: visitedAt }, now), visitedAt }
  }

  /** Calls back with each memory that says more than common words, and a number that those share who say nearly the same. */
  forEachNear(callback: (key: number, slot: number) => void): void {
    this.#keys.forEachNear(callback)
  }

  /** The entity that an owner's memories call by a label, normalised by `entityKey`. */
  entityByLabel(owner: string, key: string): EntityRecord | undefined {
    return this.table.byLabel(owner, key)
  }

  /** Ids of the memories that speak of an entity, in the order of its relations. */
  memoriesOf(entityId: string): Set<string> {
    return new Set(Array.from(this.table.slotsOf(entityId), (slot) => this.entries.idOf(slot)))
  }

  entity(id: string): Entity {
    const { record } = this.entities.get(id)!
    return { ...record, memories: [...this.memoriesOf(id)] }
  }

  relation(id: string): Relation {
    const { record, memories } = this.relations.get(id)!
    return { ...record, memories: [...memories] }
  }

  /** Writes all but the vectors that are found by their ids' hashes. */
  save(writer: SectionWriter): void {
    this.entries.save(writer, 'memories')
    this.table.save(writer, 'entities')
    this.lexical.save(writer, 'words')
    this.filters.save(writer, 'filters')
    this.grids.save(writer, 'grids')
    this.embeddings?.save(writer, 'embeddings')
    this.#keys.save(writer, 'keys')
    this.#visits.save(writer, 'visits')
    writer.json('graph', {
      ...{ space: this.space, dimensions: this.vectors?.dimensions },
      progress: [...this.progress.values()],
    })
  }

  /** Reads what `save` wrote into a state that is empty; the vectors come after it, then {@link completeRestore}. */
  restore(reader: SectionReader): void {
    const { space, dimensions, progress } = reader.json<SavedGraph>('graph')
    this.entries.restore(reader, 'memories')
    this.table.restore(reader, 'entities')
    this.lexical.restore(reader, 'words')
    this.filters.restore(reader, 'filters')
    this.grids.restore(reader, 'grids')
    this.#keys.restore(reader, 'keys')
    this.#visits.restore(reader, 'visits')
    if (space !== undefined) this.apply({ type: 'space', id: space, dimensions: dimensions! })
    this.embeddings?.restore(reader, 'embeddings')
    for (const each of progress) this.progress.set(each.source, each)
  }

  /** To be called after `restore`, once the vectors are in their slots. */
  completeRestore(): void {
    this.embeddings?.adopt()
    for (const slot of this.filters.superseded) this.#linkSuccessor(this.entries.at(slot)!.memory)
  }

  #putMemory({ memory, embedding, relations = [], versions }: MemoryPut): void {
    this.#centred = undefined
    const before = this.entries.get(memory.id)
    const slot = before?.slot ?? this.entries.add(memory.id)
    try {
      this.#putEmbedding(slot, memory, embedding)
    } catch (error) {
      if (!before) this.entries.delete(slot)
      throw error
    }
    if (before) this.#unlink(before)
    else this.#visits.set(slot, { visits: 0, lastVisitedAt: 0 })
    this.grids.put(slot, memory)
    this.entries.put(slot, {
      memory,
      relations: relations.map((id) => this.table.relationNumber(id)!),
      versions: versions ?? before?.versions ?? noVersions,
    })
    this.#link(slot, memory)
    if (before) this.filters.delete(slot, before.memory)
    this.filters.put(slot, memory)
    if (before?.memory.text === memory.text && before.memory.forgottenAt === memory.forgottenAt) return
    if (before) this.#unindexWords(before)
    if (memory.forgottenAt === undefined) this.lexical.put(slot, searchTerms(memory.text))
  }

  #putEmbedding(slot: number, { space, embeddingPrecision }: Memory, embedding: Float32Array | undefined): void {
    if (embedding) this.embeddings!.put(slot, embedding, embeddingPrecision ?? 'f32')
    else if (space === undefined) this.embeddings?.delete(slot)
    else this.embeddings?.keepAs(slot, embeddingPrecision ?? 'f32')
  }

  #reduceEmbeddings(slots: readonly number[], to: MemoryReduce['to']): void {
    this.#centred = undefined
    for (const slot of slots)
      if (to === 'gone') this.embeddings?.letGo(slot)
      else this.embeddings?.demote(slot, to)
  }

  #forget(slots: readonly number[], at: number): void {
    const dead = new SlotSet(slots).and(this.filters.all)
    if (dead.count < manyForgotten)
      for (const slot of dead) {
        const entry = this.entries.at(slot)!
        this.#keys.delete(slot, entry.memory)
        this.#unindexWords(entry)
      }
    else {
      this.#keys.deleteAll(dead)
      this.lexical.deleteAll(dead)
    }
    this.filters.forget(dead)
    for (const slot of dead) for (const relation of this.entries.relationsAt(slot)) this.table.unsupport(relation, slot)
    this.entries.forget(dead, at)
  }

  #unindexWords({ slot, memory }: MemoryEntry): void {
    if (memory.forgottenAt === undefined) this.lexical.delete(slot, searchTerms(memory.text))
  }

  /** What a memory has beside its record. */
  #heldBy(slot: number): HeldParts {
    const precision = this.vectors?.has(slot) ? this.embeddings!.precisionAt(slot) : undefined
    return {
      space: precision && this.space,
      ...(precision && precision !== 'f32' && { embeddingPrecision: precision }),
      ...this.grids.of(slot),
    }
  }

  #deleteMemory(id: string): void {
    const entry = this.entries.get(id)
    if (!entry) return
    this.#centred = undefined
    this.#unlink(entry)
    this.entries.delete(entry.slot)
    this.#unindexWords(entry)
    this.filters.delete(entry.slot, entry.memory)
    this.grids.put(entry.slot, {})
    this.embeddings?.delete(entry.slot)
  }

  #putVisits(id: string, visits: MemoryVisits): void {
    const slot = this.entries.slotOf(id)
    if (slot !== undefined) this.#visits.set(slot, visits)
  }

  #link(slot: number, memory: Memory): void {
    if (memory.forgottenAt === undefined) this.#keys.add(slot, memory)
    for (const relation of this.entries.relationsAt(slot)) this.table.support(relation, slot)
    this.#linkSuccessor(memory)
  }

  #linkSuccessor({ id, supersededBy }: Memory): void {
    if (supersededBy === undefined) return
    const older = this.#predecessors.get(supersededBy) ?? new CompactSet()
    older.add(id)
    this.#predecessors.set(supersededBy, older)
  }

  #unlink({ memory, slot }: MemoryEntry): void {
    if (memory.forgottenAt === undefined) this.#keys.delete(slot, memory)
    for (const relation of this.entries.relationsAt(slot)) this.table.unsupport(relation, slot)
    if (memory.supersededBy === undefined) return
    const older = this.#predecessors.get(memory.supersededBy)
    older?.delete(memory.id)
    if (older?.size === 0) this.#predecessors.delete(memory.supersededBy)
  }
}

interface SavedGraph {
  readonly space?: string
  readonly dimensions?: number
  readonly progress: readonly SourceProgress[]
}

const noVersions: readonly MemoryVersion[] = Object.freeze([])
