import type {
  Entity,
  EntityRecord,
  GridReference,
  Memory,
  MemoryOperation,
  MemoryVersion,
  MemoryVisits,
  Relation,
  SourceProgress,
} from '@perstream/spec'
import { compactMemory, SharedStrings } from './compact-memory'
import { CompactSet } from './compact-set'
import { type EntityNode, EntityTable, type RelationNode } from './entity-table'
import { LexicalIndex } from './lexical-index'
import type { MemoryEntry } from './memory-entry'
import { MemoryFilters } from './memory-filters'
import { MemoryKeys } from './memory-keys'
import { VectorIndex } from './vector-index'
import { VisitTable } from './visits'
import { searchTerms } from './words'

type MemoryPut = Extract<MemoryOperation, { type: 'memory-put' }>

/**
 * The whole graph in memory: what the operations of a store say, with the indexes over it. Applying the same operations
 * gives the same state, so that opening a store, following another process and writing are one code path.
 */
export class GraphState {
  readonly entries = new Map<string, MemoryEntry>()
  readonly lexical = new LexicalIndex()
  readonly filters = new MemoryFilters()
  readonly progress = new Map<string, SourceProgress>()
  readonly table = new EntityTable()
  /** How many memories refer to each grid. */
  readonly grids = new Map<string, number>()
  vectors: VectorIndex | undefined
  space: string | undefined
  readonly #slots: (MemoryEntry | undefined)[] = []
  readonly #visits = new VisitTable()
  readonly #freeSlots: number[] = []
  readonly #keys = new MemoryKeys(this.#slots)
  readonly #strings = new SharedStrings()
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
        this.vectors = new VectorIndex(operation.dimensions)
        this.space = operation.id
    }
  }

  /** The memory in a slot. */
  at(slot: number): MemoryEntry | undefined {
    return this.#slots[slot]
  }

  /** Slots in use and free: all are below this. */
  get slotCount(): number {
    return this.#slots.length
  }

  get entities(): ReadonlyMap<string, EntityNode> {
    return this.table.entities
  }

  get relations(): ReadonlyMap<string, RelationNode> {
    return this.table.relations
  }

  /** The memory that a track of a source names. */
  byTrack(owner: string, source: string, track: string): MemoryEntry | undefined {
    return this.#keys.byTrack(owner, source, track)
  }

  /** Memories of an owner with the same words. */
  bySameWords(owner: string, text: string): MemoryEntry[] {
    return this.#keys.bySameWords(owner, text)
  }

  /** Memories of an owner with nearly the same words. */
  byNearWords(owner: string, text: string): MemoryEntry[] {
    return this.#keys.byNearWords(owner, text)
  }

  embedding(id: string): Float32Array | undefined {
    const entry = this.entries.get(id)
    return entry && this.vectors?.get(entry.slot)
  }

  /** How often and when a memory was visited; of its creation while it was not. */
  visits({ slot, memory }: MemoryEntry): MemoryVisits {
    const { visits, lastVisitedAt } = this.#visits.get(slot)
    return visits > 0 ? { visits, lastVisitedAt } : { visits: 0, lastVisitedAt: memory.learnedAt }
  }

  /** Ids of the memories that a memory took the place of, in the order it did. */
  predecessors(id: string): string[] {
    return [...(this.#predecessors.get(id) ?? [])]
  }

  /** The entity that an owner's memories call by a label, normalised by `entityKey`. */
  entityByLabel(owner: string, key: string): EntityRecord | undefined {
    return this.table.byLabel(owner, key)
  }

  /** Ids of the memories that speak of an entity, in the order of its relations, `limit` at most. */
  memoriesOf(entityId: string, limit = Number.POSITIVE_INFINITY): Set<string> {
    const memories = new Set<string>()
    for (const relation of this.entities.get(entityId)?.relations ?? [])
      for (const id of this.relations.get(relation)!.memories) {
        if (memories.size >= limit) return memories
        memories.add(id)
      }
    return memories
  }

  entity(id: string): Entity {
    const { record } = this.entities.get(id)!
    return { ...record, memories: [...this.memoriesOf(id)] }
  }

  relation(id: string): Relation {
    const { record, memories } = this.relations.get(id)!
    return { ...record, memories: [...memories] }
  }

  #putMemory(operation: MemoryPut): void {
    const { memory: given, embedding } = operation
    const before = this.entries.get(given.id)
    const slot = before?.slot ?? this.#freeSlots.at(-1) ?? this.#slots.length
    // First, as only this can fail.
    if (embedding) this.vectors!.put(slot, embedding)
    else if (given.space === undefined) this.vectors?.delete(slot)
    if (before) this.#unlink(before)
    else {
      this.#freeSlots.pop()
      this.#visits.set(slot, { visits: 0, lastVisitedAt: 0 })
    }
    const memory = compactMemory(given, this.#strings)
    const relations = (operation.relations ?? []).map((id) => this.relations.get(id)!.record.id)
    const versions = operation.versions ?? before?.versions ?? noVersions
    const entry = { memory, slot, relations: relations.length > 0 ? relations : noRelations, versions }
    this.entries.set(memory.id, entry)
    this.#slots[slot] = entry
    this.#link(entry)
    if (before) this.filters.delete(slot, before.memory)
    this.filters.put(slot, memory)
    if (before?.memory.text === memory.text) return
    if (before) this.lexical.delete(slot, searchTerms(before.memory.text))
    this.lexical.put(slot, searchTerms(memory.text))
  }

  #deleteMemory(id: string): void {
    const entry = this.entries.get(id)
    if (!entry) return
    this.#unlink(entry)
    this.entries.delete(id)
    this.#slots[entry.slot] = undefined
    this.#freeSlots.push(entry.slot)
    this.lexical.delete(entry.slot, searchTerms(entry.memory.text))
    this.filters.delete(entry.slot, entry.memory)
    this.vectors?.delete(entry.slot)
  }

  #putVisits(id: string, visits: MemoryVisits): void {
    const entry = this.entries.get(id)
    if (entry) this.#visits.set(entry.slot, visits)
  }

  #link({ memory, slot, relations }: MemoryEntry): void {
    this.#keys.add(slot, memory)
    for (const relation of relations) this.table.support(relation, memory.id)
    for (const { id } of gridsOf(memory)) this.grids.set(id, (this.grids.get(id) ?? 0) + 1)
    if (memory.supersededBy === undefined) return
    const older = this.#predecessors.get(memory.supersededBy) ?? new CompactSet()
    older.add(memory.id)
    this.#predecessors.set(memory.supersededBy, older)
  }

  #unlink({ memory, slot, relations }: MemoryEntry): void {
    this.#keys.delete(slot, memory)
    for (const relation of relations) this.table.unsupport(relation, memory.id)
    for (const { id } of gridsOf(memory)) {
      const references = this.grids.get(id)! - 1
      if (references > 0) this.grids.set(id, references)
      else this.grids.delete(id)
    }
    if (memory.supersededBy === undefined) return
    const older = this.#predecessors.get(memory.supersededBy)
    older?.delete(memory.id)
    if (older?.size === 0) this.#predecessors.delete(memory.supersededBy)
  }
}

const noVersions: readonly MemoryVersion[] = Object.freeze([])
const noRelations: readonly string[] = Object.freeze([])

/** The grids a memory refers to. */
export function gridsOf({ meanGrid, nearestGrid }: Memory): GridReference[] {
  return [meanGrid, nearestGrid].filter((grid) => grid !== undefined)
}
