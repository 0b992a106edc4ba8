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
import { CentredSpace } from './centred-space'
import { CompactSet } from './compact-set'
import { EntityTable } from './entity-table'
import { LexicalIndex } from './lexical-index'
import type { MemoryEntry } from './memory-entry'
import { MemoryFilters, type Window } from './memory-filters'
import { MemoryKeys } from './memory-keys'
import { MemoryTable } from './memory-table'
import type { SectionReader, SectionWriter } from './sections'
import { VectorIndex } from './vector-index'
import { VisitTable } from './visits'
import { searchTerms } from './words'

type MemoryPut = Extract<MemoryOperation, { type: 'memory-put' }>

/**
 * The whole graph in memory: what the operations of a store say, with the indexes over it. Applying the same operations
 * gives the same state, so that opening a store, following another process and writing are one code path.
 */
export class GraphState {
  readonly table: EntityTable = new EntityTable((slot) => this.entries.idOf(slot))
  readonly entries: MemoryTable = new MemoryTable((relation) => this.table.relationId(relation))
  readonly lexical = new LexicalIndex()
  readonly filters = new MemoryFilters()
  readonly progress = new Map<string, SourceProgress>()
  /** How many memories refer to each grid. */
  readonly grids = new Map<string, number>()
  vectors: VectorIndex | undefined
  /** Bytes of the words of all memories, in UTF-8. */
  textBytes = 0
  /** How many memories have conflicts. */
  conflicting = 0
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
    this.#keys.save(writer, 'keys')
    this.#visits.save(writer, 'visits')
    writer.json('graph', {
      ...{ space: this.space, dimensions: this.vectors?.dimensions },
      ...{ progress: [...this.progress.values()], grids: [...this.grids] },
      ...{ textBytes: this.textBytes, conflicting: this.conflicting },
    })
  }

  /** Reads what `save` wrote into a state that is empty. */
  restore(reader: SectionReader): void {
    const { space, dimensions, progress, grids, textBytes, conflicting } = reader.json<SavedGraph>('graph')
    this.entries.restore(reader, 'memories')
    this.table.restore(reader, 'entities')
    this.lexical.restore(reader, 'words')
    this.filters.restore(reader, 'filters')
    this.#keys.restore(reader, 'keys')
    this.#visits.restore(reader, 'visits')
    if (space !== undefined) this.apply({ type: 'space', id: space, dimensions: dimensions! })
    this.textBytes = textBytes
    this.conflicting = conflicting
    for (const each of progress) this.progress.set(each.source, each)
    for (const [id, references] of grids) this.grids.set(id, references)
    for (const slot of this.filters.superseded) this.#linkSuccessor(this.entries.at(slot)!.memory)
  }

  #putMemory({ memory, embedding, relations = [], versions }: MemoryPut): void {
    this.#centred = undefined
    const before = this.entries.get(memory.id)
    const slot = before?.slot ?? this.entries.add(memory.id)
    try {
      if (embedding) this.vectors!.put(slot, embedding)
      else if (memory.space === undefined) this.vectors?.delete(slot)
    } catch (error) {
      if (!before) this.entries.delete(slot)
      throw error
    }
    if (before) this.#unlink(before)
    else this.#visits.set(slot, { visits: 0, lastVisitedAt: 0 })
    this.entries.put(slot, {
      memory,
      relations: relations.map((id) => this.table.relationNumber(id)!),
      versions: versions ?? before?.versions ?? noVersions,
    })
    this.#link(slot, memory)
    if (before) this.filters.delete(slot, before.memory)
    this.filters.put(slot, memory)
    if (before?.memory.text === memory.text) return
    if (before) this.lexical.delete(slot, searchTerms(before.memory.text))
    this.lexical.put(slot, searchTerms(memory.text))
  }

  #deleteMemory(id: string): void {
    const entry = this.entries.get(id)
    if (!entry) return
    this.#centred = undefined
    this.#unlink(entry)
    this.entries.delete(entry.slot)
    this.lexical.delete(entry.slot, searchTerms(entry.memory.text))
    this.filters.delete(entry.slot, entry.memory)
    this.vectors?.delete(entry.slot)
  }

  #putVisits(id: string, visits: MemoryVisits): void {
    const slot = this.entries.slotOf(id)
    if (slot !== undefined) this.#visits.set(slot, visits)
  }

  #link(slot: number, memory: Memory): void {
    this.#keys.add(slot, memory)
    this.textBytes += utf8Length(memory.text)
    if (memory.conflicts?.length) this.conflicting++
    for (const relation of this.entries.relationsAt(slot)) this.table.support(relation, slot)
    for (const { id } of gridsOf(memory)) this.grids.set(id, (this.grids.get(id) ?? 0) + 1)
    this.#linkSuccessor(memory)
  }

  #linkSuccessor({ id, supersededBy }: Memory): void {
    if (supersededBy === undefined) return
    const older = this.#predecessors.get(supersededBy) ?? new CompactSet()
    older.add(id)
    this.#predecessors.set(supersededBy, older)
  }

  #unlink({ memory, slot }: MemoryEntry): void {
    this.#keys.delete(slot, memory)
    this.textBytes -= utf8Length(memory.text)
    if (memory.conflicts?.length) this.conflicting--
    for (const relation of this.entries.relationsAt(slot)) this.table.unsupport(relation, slot)
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

interface SavedGraph {
  readonly space?: string
  readonly dimensions?: number
  readonly progress: readonly SourceProgress[]
  readonly grids: readonly (readonly [id: string, references: number])[]
  readonly textBytes: number
  readonly conflicting: number
}

const noVersions: readonly MemoryVersion[] = Object.freeze([])

/** The grids a memory refers to. */
export function gridsOf({ meanGrid, nearestGrid }: Memory): GridReference[] {
  return [meanGrid, nearestGrid].filter((grid) => grid !== undefined)
}

function utf8Length(text: string): number {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0)!
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}
