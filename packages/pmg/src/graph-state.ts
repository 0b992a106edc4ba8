import type {
  Entity,
  EntityRecord,
  Memory,
  MemoryOperation,
  Relation,
  RelationRecord,
  SourceProgress,
} from '@perstream/spec'
import { LexicalIndex } from './lexical-index'
import { MemoryFilters } from './memory-filters'
import { VectorIndex } from './vector-index'
import { nearWordsKey, sameWordsKey, searchTerms } from './words'

/** A memory in its slot, with what it is found by. */
export interface MemoryEntry {
  readonly memory: Memory
  readonly slot: number
  /** Ids of the relations it supports. */
  readonly relations: readonly string[]
}

interface EntityNode {
  record: EntityRecord
  /** Ids of the relations it is an end of. */
  readonly relations: Set<string>
}

interface RelationNode {
  record: RelationRecord
  readonly memories: Set<string>
}

/**
 * The whole graph in memory: what the operations of a store say, with the indexes over it. Applying the same operations
 * gives the same state, so that opening a store, following another process and writing are one code path.
 */
export class GraphState {
  readonly entries = new Map<string, MemoryEntry>()
  readonly slots: (MemoryEntry | undefined)[] = []
  readonly lexical = new LexicalIndex()
  readonly filters = new MemoryFilters()
  readonly progress = new Map<string, SourceProgress>()
  readonly entities = new Map<string, EntityNode>()
  readonly relations = new Map<string, RelationNode>()
  vectors: VectorIndex | undefined
  space: string | undefined
  readonly #freeSlots: number[] = []
  readonly #keys = new Map<string, Set<string>>()
  readonly #entityByLabel = new Map<string, string>()
  readonly #relationByEnds = new Map<string, string>()

  /** Applies one operation. `reset` has no meaning here: whoever reads it starts a new state. */
  apply(operation: MemoryOperation): void {
    switch (operation.type) {
      case 'memory-put':
        this.#putMemory(operation.memory, operation.embedding, operation.relations ?? [])
        break
      case 'memory-delete':
        this.#deleteMemory(operation.id)
        break
      case 'entity-put':
        this.#putEntity(operation.entity)
        break
      case 'entity-delete':
        this.#deleteEntity(operation.id)
        break
      case 'relation-put':
        this.#putRelation(operation.relation)
        break
      case 'relation-delete':
        this.#deleteRelation(operation.id)
        break
      case 'progress':
        this.progress.set(operation.progress.source, operation.progress)
        break
      case 'space':
        this.vectors = new VectorIndex(operation.dimensions)
        this.space = operation.id
    }
  }

  /** The memory that a track of a source names. */
  byTrack(owner: string, source: string, track: string): MemoryEntry | undefined {
    return this.#lookUp(trackKey(owner, source, track))[0]
  }

  /** Memories of an owner with the same words. */
  bySameWords(owner: string, text: string): MemoryEntry[] {
    return this.#lookUp(`same\0${owner}\0${sameWordsKey(text)}`)
  }

  /** Memories of an owner with nearly the same words. */
  byNearWords(owner: string, text: string): MemoryEntry[] {
    const key = nearWordsKey(text)
    return key ? this.#lookUp(`near\0${owner}\0${key}`) : []
  }

  embedding(id: string): Float32Array | undefined {
    const entry = this.entries.get(id)
    return entry && this.vectors?.get(entry.slot)
  }

  /** The entity that an owner's memories call by a label, normalised by `entityKey`. */
  entityByLabel(owner: string, key: string): EntityRecord | undefined {
    const id = this.#entityByLabel.get(`${owner}\0${key}`)
    return id === undefined ? undefined : this.entities.get(id)!.record
  }

  relationByEnds(subject: string, predicate: string, object: string): RelationRecord | undefined {
    const id = this.#relationByEnds.get(endsKey({ subject, predicate, object }))
    return id === undefined ? undefined : this.relations.get(id)!.record
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

  #putMemory(memory: Memory, embedding: Float32Array | undefined, relations: readonly string[]): void {
    const before = this.entries.get(memory.id)
    const slot = before?.slot ?? this.#freeSlots.at(-1) ?? this.slots.length
    // First, as only this can fail.
    if (embedding) this.vectors!.put(slot, embedding)
    else if (memory.space === undefined) this.vectors?.delete(slot)
    if (!before) this.#freeSlots.pop()
    const entry = { memory, slot, relations }
    if (before) this.#unlink(before)
    this.entries.set(memory.id, entry)
    this.slots[slot] = entry
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
    this.slots[entry.slot] = undefined
    this.#freeSlots.push(entry.slot)
    this.lexical.delete(entry.slot, searchTerms(entry.memory.text))
    this.filters.delete(entry.slot, entry.memory)
    this.vectors?.delete(entry.slot)
  }

  #link({ memory, relations }: MemoryEntry): void {
    for (const key of keysOf(memory)) {
      const ids = this.#keys.get(key)
      if (ids) ids.add(memory.id)
      else this.#keys.set(key, new Set([memory.id]))
    }
    for (const relation of relations) this.relations.get(relation)!.memories.add(memory.id)
  }

  #unlink({ memory, relations }: MemoryEntry): void {
    for (const key of keysOf(memory)) {
      const ids = this.#keys.get(key)!
      ids.delete(memory.id)
      if (ids.size === 0) this.#keys.delete(key)
    }
    for (const relation of relations) this.relations.get(relation)?.memories.delete(memory.id)
  }

  #lookUp(key: string): MemoryEntry[] {
    return Array.from(this.#keys.get(key) ?? [], (id) => this.entries.get(id)!)
  }

  #putEntity(record: EntityRecord): void {
    const node = this.entities.get(record.id)
    if (node) this.#forgetLabels(node.record)
    if (node) node.record = record
    else this.entities.set(record.id, { record, relations: new Set() })
    for (const label of [record.label, ...record.aliases])
      this.#entityByLabel.set(`${record.owner}\0${entityKey(label, record)}`, record.id)
  }

  #deleteEntity(id: string): void {
    const node = this.entities.get(id)
    if (!node) return
    this.#forgetLabels(node.record)
    this.entities.delete(id)
  }

  #forgetLabels(record: EntityRecord): void {
    for (const label of [record.label, ...record.aliases])
      this.#entityByLabel.delete(`${record.owner}\0${entityKey(label, record)}`)
  }

  #putRelation(record: RelationRecord): void {
    const memories = this.relations.get(record.id)?.memories ?? new Set<string>()
    this.relations.set(record.id, { record, memories })
    this.#relationByEnds.set(endsKey(record), record.id)
    for (const end of [record.subject, record.object]) this.entities.get(end)!.relations.add(record.id)
  }

  #deleteRelation(id: string): void {
    const node = this.relations.get(id)
    if (!node) return
    this.relations.delete(id)
    this.#relationByEnds.delete(endsKey(node.record))
    for (const end of [node.record.subject, node.record.object]) this.entities.get(end)?.relations.delete(id)
  }
}

/** The label that stands for the owner among their entities. */
export const ownerKey = 'i'

/** The label of an entity as it is looked up: case, determiners and outer punctuation do not matter. */
export function entityKey(label: string, context?: { readonly kind: EntityRecord['kind'] }): string {
  if (context?.kind === 'owner') return ownerKey
  const key = sameWordsKey(label)
    .replace(/^(?:(?:the|an?|my|your|his|her|its|our|their|this|that|these|those) )+/u, '')
    .replace(/^[\p{P}\s]+|[\p{P}\s]+$/gu, '')
  return ownerWords.has(key) ? ownerKey : key || label.toLowerCase()
}

const ownerWords = new Set(['i', 'me', 'my', 'mine', 'myself', 'user', 'wearer', 'camera wearer'])

function keysOf(memory: Memory): string[] {
  const keys = [`same\0${memory.owner}\0${sameWordsKey(memory.text)}`]
  const near = nearWordsKey(memory.text)
  if (near) keys.push(`near\0${memory.owner}\0${near}`)
  if (memory.track !== undefined)
    for (const source of new Set(memory.evidence.map((evidence) => evidence.source)))
      keys.push(trackKey(memory.owner, source, memory.track))
  return keys
}

function trackKey(owner: string, source: string, track: string): string {
  return `track\0${owner}\0${source}\0${track}`
}

function endsKey({ subject, predicate, object }: Pick<RelationRecord, 'subject' | 'predicate' | 'object'>): string {
  return `${subject}\0${predicate}\0${object}`
}
