import { dot } from '@perstream/kit'
import {
  type CreateResult,
  type EntityRecord,
  type Granularity,
  type Memory,
  type MemoryInput,
  type MemoryOperation,
  type MemoryPutChange,
  type MemoryVersion,
  type MemoryVisits,
  PerStreamError,
  type ReductionPlanner,
  type ReductionStep,
  type RelationRecord,
  type SourceProgress,
  type Triplet,
} from '@perstream/spec'
import { conflictsKept, conflictsOf, mayConflict } from './contradictions'
import { entityKey, labelKeys, ownerKey } from './entity-key'
import { keyFor } from './entity-labels'
import { EntityResolution } from './entity-resolution'
import type { GraphState } from './graph-state'
import { versionsAfter } from './history'
import { readMemory } from './introductions'
import {
  copyTriplets,
  extendedMemory,
  freshMemory,
  type GridReferences,
  type MadeInput,
  revisedMemory,
  sameTriplets,
} from './made-memory'
import type { MemoryEntry } from './memory-entry'
import { partsOf } from './part-list'
import { reductionOf } from './reduction-steps'
import { SlotSet } from './slot-set'
import { checkSuperseded, restored, type Succeeded, superseded } from './succession'

/** Two texts with nearly the same words are one memory only when their embeddings agree at least this much. */
const nearWordsAgreement = 0.9
/** How many memories are looked at anew when entities are merged or split. */
const movedRead = 256

/** An input whose embedding has been checked, copied and, where there is an encoder, made. */
interface ReadyInput {
  readonly input: MemoryInput
  readonly embedding: Float32Array | undefined
  readonly grids?: GridReferences | undefined
}

/** What a memory can be changed to; what is absent stays. */
export interface MemoryChanges {
  readonly text?: string | undefined
  readonly category?: string | undefined
  readonly confidence?: number | undefined
  readonly triplets?: readonly Triplet[] | undefined
  readonly validFrom?: number | undefined
  readonly validTo?: number | undefined
  /** The vector of the new words, and its space. */
  readonly embedding?: Float32Array | undefined
  readonly space?: string | undefined
}

interface Put {
  readonly change: MemoryPutChange
  readonly embedding?: Float32Array | undefined
  readonly versions?: readonly MemoryVersion[] | undefined
}

/** Turns intents into operations, each applied to the state as it is planned, so that the next sees it. */
export class GraphWriter {
  readonly operations: MemoryOperation[] = []
  readonly #state: GraphState
  readonly #owner: string
  readonly #now: number
  readonly #entities: EntityResolution
  /** Ids of memories that were reduced, by slot: most lose several parts. */
  readonly #ids: string[] = []

  constructor(state: GraphState, { owner, now }: { owner: string; now: number }) {
    this.#state = state
    this.#owner = owner
    this.#now = now
    this.#entities = new EntityResolution({ state, now, emit: (operation) => this.#emit(operation) })
  }

  create(ready: ReadyInput): CreateResult {
    const result = this.#create(ready)
    this.#disputeMoved()
    return result
  }

  #create({ input, embedding, grids = {} }: ReadyInput): CreateResult {
    const owner = input.owner ?? this.#owner
    const known = this.#sameTrack(owner, input)
    if (known) {
      const memory = revisedMemory(known.memory, this.#made(input, embedding, grids))
      const versions = versionsAfter(known, memory, 'revised', this.#now)
      this.#put(memory, { change: 'revised', embedding, versions })
      return this.#seenAgain(memory.id, 'revised')
    }
    const repeated = this.#sameWords(owner, input, embedding)
    if (repeated) {
      this.#put(extendedMemory(repeated.memory, this.#made(input, embedding, grids)), { change: 'extended' })
      return this.#seenAgain(repeated.memory.id, 'extended')
    }
    const memory = freshMemory(owner, this.#made(input, embedding, grids))
    this.#put(memory, { change: 'created', embedding })
    this.#dispute(memory.id)
    return { id: memory.id, outcome: 'created' }
  }

  /** Changes a memory; new words without an embedding lose the old one, which no longer says what they say. */
  update(entry: MemoryEntry, changes: MemoryChanges, embedding: Float32Array | undefined): Memory {
    const { memory: before } = entry
    const text = changes.text ?? before.text
    const memory: Memory = {
      ...before,
      text,
      category: changes.category ?? before.category,
      confidence: changes.confidence ?? before.confidence,
      triplets: changes.triplets ? copyTriplets(changes.triplets) : before.triplets,
      validFrom: changes.validFrom ?? before.validFrom,
      validTo: changes.validTo ?? before.validTo,
      ...(changes.text !== undefined && { forgottenAt: undefined }),
      ...(embedding && { embeddingPrecision: undefined }),
      space: embedding ? this.#state.space : text === before.text ? before.space : undefined,
      updatedAt: this.#now,
    }
    const versions = versionsAfter(entry, memory, 'updated', this.#now)
    this.#put(memory, { change: 'updated', embedding, versions })
    this.#dispute(memory.id)
    this.#disputeMoved()
    return this.#state.entries.get(memory.id)!.memory
  }

  /** Erases a memory with all that points to it. What it had superseded is superseded by what superseded it, or stands again. */
  delete(id: string): boolean {
    const entry = this.#state.entries.get(id)
    if (!entry) return false
    const older = this.#state.predecessors(id)
    const { supersededBy, conflicts = [] } = entry.memory
    for (const each of older) {
      const before = this.#state.entries.get(each)!
      if (supersededBy === undefined) this.#putAgain(restored(before, this.#now), 'restored')
      else
        this.#putAgain(
          { memory: { ...before.memory, supersededBy, updatedAt: this.#now }, versions: before.versions },
          'superseded',
        )
    }
    for (const other of conflicts) this.#setConflict(other, id, false)
    const isForgotten = entry.memory.forgottenAt !== undefined
    const touched = isForgotten ? this.#entities.introducedBy(id) : this.#entities.entitiesOf(entry)
    this.#emit({ type: 'memory-delete', id })
    this.#entities.prune(entry.relations)
    this.#entities.forget(entry, touched)
    if (supersededBy === undefined) for (const each of older) this.#dispute(each)
    this.#disputeMoved()
    return true
  }

  /**
   * Takes the steps that a planner chooses so that bytes become free. Relations without memories go, and entities without relations; which
   * words mean the same stays known.
   * @throws TypeError when a step names what is not there
   */
  reduce(plan: ReductionPlanner, excess: number): void {
    const list = partsOf(this.#state, this.#now)
    for (const { part, to, slots } of reductionOf(list, plan(list.table, excess))) {
      if (part === 'text') this.#forget(slots)
      else this.#reducePart(slots, part, to)
    }
  }

  /** @throws PerStreamError `memory-not-found`, `input-invalid`; nothing is changed then */
  supersede(oldIds: readonly string[], by: string, at = this.#now): Memory {
    const older = checkSuperseded(this.#state, oldIds, by)
    const { memory } = this.#state.entries.get(by)!
    for (const entry of older) {
      this.#putAgain(superseded(entry, memory, at, this.#now), 'superseded')
      this.#dispute(entry.memory.id)
    }
    return this.#state.entries.get(by)!.memory
  }

  /** Lets a superseded memory stand again. */
  restore(entry: MemoryEntry): Memory {
    const { id, supersededBy } = entry.memory
    if (supersededBy === undefined) return entry.memory
    this.#putAgain(restored(entry, this.#now), 'restored')
    this.#dispute(id)
    return this.#state.entries.get(id)!.memory
  }

  /** @throws PerStreamError `input-invalid` for entities of different owners, or an entity and itself */
  mergeEntities(a: EntityRecord, b: EntityRecord): EntityRecord {
    if (a.id === b.id || a.owner !== b.owner)
      throw new PerStreamError(
        'input-invalid',
        `entities "${a.id}" and "${b.id}" cannot be merged: they must be two, of one owner`,
        { fields: { ids: [a.id, b.id], owners: [a.owner, b.owner] } },
      )
    const merged = this.#entities.merge(a, b)
    this.#disputeMoved()
    return merged
  }

  /** @throws TypeError unless the label is one of several */
  splitEntity(record: EntityRecord, label: string): EntityRecord {
    const key = keyFor(record.owner, label)
    const keys = labelKeys(record)
    if (!keys.includes(key) || keys.length < 2 || key === ownerKey)
      throw new TypeError(
        `label is ${JSON.stringify(label)}: it must be one of the several words that the entity is called by: ${[record.label, ...record.aliases].join(', ')}`,
      )
    const split = this.#entities.split(record, key)
    this.#disputeMoved()
    return split
  }

  /** Stores a memory as it is, such as one that is imported. */
  import(memory: Memory, { embedding, versions, visits }: Imported): void {
    const known = this.#state.entries.has(memory.id)
    this.#put(memory, { change: known ? 'updated' : 'created', embedding, versions: versions ?? [] }, false)
    if (visits) this.#emit({ type: 'visit-put', id: memory.id, visits })
  }

  /** Stores an entity unless its id or its label is known. */
  importEntity(entity: EntityRecord): void {
    const known = this.#state.entityByLabel(entity.owner, entityKey(entity.label, entity))
    if (!known && !this.#state.entities.has(entity.id)) this.#emit({ type: 'entity-put', entity })
  }

  /** Stores a relation unless it is known, when its ends are. */
  importRelation(relation: RelationRecord): void {
    const { subject, predicate, object } = relation
    const ends = [subject, object].every((id) => this.#state.entities.has(id))
    const known = this.#state.table.byEnds(subject, predicate, object)
    if (ends && !known && !this.#state.relations.has(relation.id)) this.#emit({ type: 'relation-put', relation })
  }

  progress(progress: SourceProgress): void {
    this.#emit({ type: 'progress', progress: { source: progress.source, seconds: progress.seconds } })
  }

  space(id: string, dimensions: number): void {
    this.#emit({ type: 'space', id, dimensions })
  }

  /** Removes relations without memories, entities without relations, and marks that point to memories that are not there. */
  prune(): void {
    this.#entities.prune([...this.#state.relations.keys()])
    for (const id of [...this.#state.entities.keys()]) this.#entities.pruneEntity(id)
    const there = (id: string) => this.#state.entries.has(id)
    for (const entry of [...this.#state.entries.values()]) {
      const { id, supersededBy, conflicts = [] } = entry.memory
      if (supersededBy !== undefined && !there(supersededBy)) this.#putAgain(restored(entry, this.#now), 'restored')
      for (const other of conflicts) if (!there(other)) this.#setConflict(id, other, false)
    }
  }

  #emit(operation: MemoryOperation): void {
    this.#state.apply(operation)
    this.operations.push(operation)
  }

  /** Lets go of the words of memories. */
  #forget(slots: readonly number[]): void {
    const { entries, filters, table } = this.#state
    const contrary = new SlotSet(slots).and(filters.conflicting)
    for (const slot of contrary) {
      const { id, conflicts = [] } = entries.at(slot)!.memory
      for (const other of conflicts) this.#setConflict(other, id, false)
    }
    const relations = new Set<number>()
    for (const slot of slots) for (const relation of entries.relationsAt(slot)) relations.add(relation)
    const ids = Array.from(relations, (relation) => table.relationId(relation))
    this.#reducePart(slots, 'text', 'gone')
    this.#entities.prune(ids)
  }

  /** One operation for many memories, which are known by their slots already. */
  #reducePart(slots: readonly number[], part: Granularity, to: ReductionStep['to']): void {
    const at = this.#now
    const unnamed = slots.filter((slot) => this.#ids[slot] === undefined)
    const names = this.#state.entries.idsOf(unnamed)
    unnamed.forEach((slot, i) => {
      this.#ids[slot] = names[i]!
    })
    const ids = slots.map((slot) => this.#ids[slot]!)
    this.#state.reduce(slots, { part, to, at })
    this.operations.push({ type: 'memory-reduce', ids, part, to, at })
  }

  #put(memory: Memory, { change, embedding, versions }: Put, learn = true): void {
    const known = this.#state.entries.get(memory.id)?.memory
    const sameWords = known?.text === memory.text && sameTriplets(known.triplets, memory.triplets)
    const reading = sameWords ? undefined : readMemory(memory)
    if (reading && learn) this.#entities.learn(memory, reading)
    // Only now, as learning who is who may have given it other relations.
    const before = this.#state.entries.get(memory.id)
    const touched = before && reading ? this.#entities.entitiesOf(before) : undefined
    const relations = reading ? this.#entities.relationsOf(memory, reading) : before!.relations
    this.#emit({
      type: 'memory-put',
      memory,
      ...(embedding && { embedding }),
      relations,
      ...(versions && { versions }),
      change,
    })
    if (!touched) return
    this.#entities.prune(before!.relations)
    this.#entities.forget(before!, touched)
  }

  #putAgain({ memory, versions }: Succeeded, change: MemoryPutChange): void {
    this.#put(memory, { change, versions })
  }

  #seenAgain(id: string, outcome: 'extended' | 'revised'): CreateResult {
    this.#dispute(id)
    const { visits } = this.#state.visits(this.#state.entries.get(id)!)
    const next: MemoryVisits = { visits: visits + 1, lastVisitedAt: this.#now }
    this.#emit({ type: 'visit-put', id, visits: next })
    return { id, outcome }
  }

  /** Looks anew at what a memory contradicts, and marks it and the others. */
  #dispute(id: string): void {
    const entry = this.#state.entries.get(id)!
    const before = entry.memory.conflicts ?? []
    const found = conflictsOf(this.#state, entry)
    for (const other of before.filter((each) => !found.includes(each))) {
      this.#setConflict(id, other, false)
      this.#setConflict(other, id, false)
    }
    for (const other of found.filter((each) => !before.includes(each)))
      if ([id, other].every((each) => (this.#state.entries.get(each)!.memory.conflicts ?? []).length < conflictsKept)) {
        this.#setConflict(id, other, true)
        this.#setConflict(other, id, true)
      }
  }

  /** Looks anew at what memories contradict whose entities were merged or split: at 256 of those that may, for each write. */
  #disputeMoved(): void {
    let left = movedRead
    for (const id of this.#entities.takeMoved()) {
      const entry = this.#state.entries.get(id)
      if (!entry || !mayConflict(this.#state, entry)) continue
      if (left-- === 0) return
      this.#dispute(id)
    }
  }

  #setConflict(id: string, other: string, marked: boolean): void {
    const { memory } = this.#state.entries.get(id)!
    const conflicts = (memory.conflicts ?? []).filter((each) => each !== other)
    if (marked) conflicts.push(other)
    this.#put({ ...memory, conflicts, updatedAt: this.#now }, { change: 'disputed' })
  }

  #made(input: MemoryInput, embedding: Float32Array | undefined, grids: GridReferences): MadeInput {
    return { input, space: embedding && this.#state.space, grids, now: this.#now }
  }

  #sameTrack(owner: string, input: MemoryInput): MemoryEntry | undefined {
    const source = input.evidence?.[0]?.source
    if (input.track === undefined || source === undefined) return undefined
    return standing(this.#state.byTrack(owner, source, input.track))
  }

  /** Two memories of the same words are one only when the times they are true in meet. */
  #sameWords(owner: string, input: MemoryInput, embedding: Float32Array | undefined): MemoryEntry | undefined {
    const [same] = this.#state.bySameWords(owner, input.text, input)
    if (same || !embedding) return same
    return this.#state.byNearWords(owner, input.text, input).find(({ slot }) => {
      const known = this.#state.vectors?.get(slot)
      return known && dot(known, embedding) >= nearWordsAgreement
    })
  }
}

/** What comes with an imported memory. */
interface Imported {
  readonly embedding: Float32Array | undefined
  readonly versions?: readonly MemoryVersion[] | undefined
  readonly visits?: MemoryVisits | undefined
}

/** What was superseded is not added to: what is said again then has become true again. */
function standing(entry: MemoryEntry | undefined): MemoryEntry | undefined {
  return entry?.memory.supersededBy === undefined ? entry : undefined
}
