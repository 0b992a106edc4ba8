import { dot } from '@perstream/kit'
import type {
  CreateResult,
  EntityRecord,
  Memory,
  MemoryInput,
  MemoryOperation,
  RelationRecord,
  SourceProgress,
  Triplet,
} from '@perstream/spec'
import { mergeEvidence } from './evidence'
import { entityKey, type GraphState, type MemoryEntry, ownerKey } from './graph-state'

/** Two texts with nearly the same words are one memory only when their embeddings agree at least this much. */
const nearWordsAgreement = 0.9

/** An input whose embedding has been checked, copied and, where there is an encoder, made. */
export interface ReadyInput {
  readonly input: MemoryInput
  readonly embedding: Float32Array | undefined
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

/** Turns intents into operations, each applied to the state as it is planned, so that the next sees it. */
export class GraphWriter {
  readonly operations: MemoryOperation[] = []
  readonly #state: GraphState
  readonly #owner: string
  readonly #now: number

  constructor(state: GraphState, { owner, now }: { owner: string; now: number }) {
    this.#state = state
    this.#owner = owner
    this.#now = now
  }

  create({ input, embedding }: ReadyInput): CreateResult {
    const owner = input.owner ?? this.#owner
    const revised = this.#sameTrack(owner, input)
    if (revised) {
      this.#put(this.#revise(revised.memory, input, embedding), embedding)
      return { id: revised.memory.id, outcome: 'revised' }
    }
    const repeated = this.#sameWords(owner, input, embedding)
    if (repeated) {
      this.#put(this.#extend(repeated.memory, input), undefined)
      return { id: repeated.memory.id, outcome: 'extended' }
    }
    const memory = this.#fresh(owner, input, embedding)
    this.#put(memory, embedding)
    return { id: memory.id, outcome: 'created' }
  }

  /** Changes a memory; new words without an embedding lose the old one, which no longer says what they say. */
  update({ memory: before }: MemoryEntry, changes: MemoryChanges, embedding: Float32Array | undefined): Memory {
    const text = changes.text ?? before.text
    const memory: Memory = {
      ...before,
      text,
      category: changes.category ?? before.category,
      confidence: changes.confidence ?? before.confidence,
      triplets: changes.triplets ? copyTriplets(changes.triplets) : before.triplets,
      validFrom: changes.validFrom ?? before.validFrom,
      validTo: changes.validTo ?? before.validTo,
      space: embedding ? this.#state.space : text === before.text ? before.space : undefined,
      updatedAt: this.#now,
    }
    this.#put(memory, embedding)
    return memory
  }

  delete(id: string): boolean {
    const entry = this.#state.entries.get(id)
    if (!entry) return false
    this.#emit({ type: 'memory-delete', id })
    this.#prune(entry.relations)
    return true
  }

  /** Stores a memory as it is, such as one that is imported. */
  restore(memory: Memory, embedding: Float32Array | undefined): void {
    this.#put(memory, embedding)
  }

  /** Stores an entity unless its id or its label is known. */
  restoreEntity(entity: EntityRecord): void {
    const known = this.#state.entityByLabel(entity.owner, entityKey(entity.label, entity))
    if (!known && !this.#state.entities.has(entity.id)) this.#emit({ type: 'entity-put', entity })
  }

  /** Stores a relation unless it is known, when its ends are. */
  restoreRelation(relation: RelationRecord): void {
    const ends = [relation.subject, relation.object].every((id) => this.#state.entities.has(id))
    const known = this.#state.relationByEnds(relation.subject, relation.predicate, relation.object)
    if (ends && !known && !this.#state.relations.has(relation.id)) this.#emit({ type: 'relation-put', relation })
  }

  progress(progress: SourceProgress): void {
    this.#emit({ type: 'progress', progress: { source: progress.source, seconds: progress.seconds } })
  }

  space(id: string, dimensions: number): void {
    this.#emit({ type: 'space', id, dimensions })
  }

  /** Removes relations without memories and entities without relations. */
  prune(): void {
    this.#prune([...this.#state.relations.keys()])
    for (const [id, { relations }] of this.#state.entities)
      if (relations.size === 0) this.#emit({ type: 'entity-delete', id })
  }

  #emit(operation: MemoryOperation): void {
    this.#state.apply(operation)
    this.operations.push(operation)
  }

  #put(memory: Memory, embedding: Float32Array | undefined): void {
    const before = this.#state.entries.get(memory.id)?.relations ?? []
    const relations = [...new Set(memory.triplets.map((triplet) => this.#relation(memory.owner, triplet)))]
    this.#emit({ type: 'memory-put', memory: Object.freeze(memory), ...(embedding && { embedding }), relations })
    this.#prune(before)
  }

  #prune(relations: readonly string[]): void {
    for (const id of relations) {
      const node = this.#state.relations.get(id)
      if (!node || node.memories.size > 0) continue
      this.#emit({ type: 'relation-delete', id })
      for (const end of new Set([node.record.subject, node.record.object]))
        if (this.#state.entities.get(end)?.relations.size === 0) this.#emit({ type: 'entity-delete', id: end })
    }
  }

  #relation(owner: string, triplet: Triplet): string {
    const subject = this.#entity(owner, triplet.subject)
    const object = this.#entity(owner, triplet.object)
    const predicate = triplet.predicate.trim().replace(/\s+/gu, ' ').toLowerCase()
    const known = this.#state.relationByEnds(subject, predicate, object)
    if (known) return known.id
    const relation = { id: crypto.randomUUID(), subject, predicate, object, createdAt: this.#now }
    this.#emit({ type: 'relation-put', relation })
    return relation.id
  }

  #entity(owner: string, words: string): string {
    const called = entityKey(words)
    const key = called === entityKey(owner) ? ownerKey : called
    const known = this.#state.entityByLabel(owner, key)
    if (known) return known.id
    const kind = key === ownerKey ? 'owner' : 'thing'
    const label = kind === 'owner' ? owner : words.trim()
    const entity: EntityRecord = { id: crypto.randomUUID(), label, aliases: [], owner, kind, createdAt: this.#now }
    this.#emit({ type: 'entity-put', entity })
    return entity.id
  }

  #sameTrack(owner: string, input: MemoryInput): MemoryEntry | undefined {
    const source = input.evidence?.[0]?.source
    if (input.track === undefined || source === undefined) return undefined
    return this.#state.byTrack(owner, source, input.track)
  }

  #sameWords(owner: string, input: MemoryInput, embedding: Float32Array | undefined): MemoryEntry | undefined {
    const meets = (entry: MemoryEntry) => windowsMeet(entry.memory, input)
    const same = this.#state.bySameWords(owner, input.text).find(meets)
    if (same || !embedding) return same
    return this.#state.byNearWords(owner, input.text).find((entry) => {
      const known = this.#state.vectors?.get(entry.slot)
      return known && dot(known, embedding) >= nearWordsAgreement && meets(entry)
    })
  }

  #fresh(owner: string, input: MemoryInput, embedding: Float32Array | undefined): Memory {
    return {
      id: crypto.randomUUID(),
      text: input.text,
      category: input.category,
      origin: input.origin,
      owner,
      confidence: input.confidence ?? 1,
      evidence: mergeEvidence(input.evidence ?? []),
      triplets: copyTriplets(input.triplets),
      space: embedding && this.#state.space,
      validFrom: input.validFrom,
      validTo: input.validTo,
      learnedAt: input.learnedAt ?? this.#now,
      updatedAt: this.#now,
      track: input.track,
    }
  }

  #revise(memory: Memory, input: MemoryInput, embedding: Float32Array | undefined): Memory {
    const fresh = this.#fresh(memory.owner, input, embedding)
    return {
      ...fresh,
      id: memory.id,
      evidence: mergeEvidence(memory.evidence, fresh.evidence),
      validFrom: earlier(memory.validFrom, input.validFrom),
      learnedAt: memory.learnedAt,
    }
  }

  #extend(memory: Memory, input: MemoryInput): Memory {
    return {
      ...memory,
      confidence: Math.max(memory.confidence, input.confidence ?? 1),
      evidence: mergeEvidence(memory.evidence, input.evidence ?? []),
      triplets: memory.triplets.length > 0 ? memory.triplets : copyTriplets(input.triplets),
      validFrom: earlier(memory.validFrom, input.validFrom),
      validTo: later(memory.validTo, input.validTo),
      learnedAt: Math.min(memory.learnedAt, input.learnedAt ?? this.#now),
      updatedAt: this.#now,
    }
  }
}

/** Two memories of the same words are one only when the times they are true in meet. */
function windowsMeet(a: Window, b: Window): boolean {
  return (a.validFrom ?? -Infinity) <= (b.validTo ?? Infinity) && (b.validFrom ?? -Infinity) <= (a.validTo ?? Infinity)
}

type Window = Pick<MemoryInput, 'validFrom' | 'validTo'>

/** The earlier of two beginnings that may be unknown: what is known wins. */
function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b)
}

/** The later of two ends; an open end stays open. */
function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.max(a, b)
}

function copyTriplets(triplets: readonly Triplet[] | undefined): Triplet[] {
  return (triplets ?? []).map(({ subject, predicate, object }) => ({ subject, predicate, object }))
}
