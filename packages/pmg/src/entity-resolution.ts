import type { EntityMerge, EntityRecord, Memory, MemoryOperation, RelationRecord, Triplet } from '@perstream/spec'
import { createId } from './create-id'
import { labelKeys, ownerKey } from './entity-key'
import {
  addMerge,
  areApart,
  groupLabels,
  isApart,
  keyFor,
  labelsOf,
  linksSame,
  mergedRecord,
  namesDiffer,
  withLabels,
} from './entity-labels'
import { firstNameOf, isFullName } from './entity-table'
import type { GraphState } from './graph-state'
import { type Introduction, type Reading, readMemory } from './introductions'
import type { MemoryEntry } from './memory-entry'
import { isPerson, isPersonAfter, isPersonBefore } from './person-names'

/** What is being planned: operations, each applied to the state at once. */
export interface Plan {
  readonly state: GraphState
  readonly now: number
  emit(operation: MemoryOperation): void
}

/**
 * Finds or makes the entities and relations that memories speak of. Two labels become one entity by label evidence alone: the words of
 * a memory introduce one as the other, or a first name belongs to the only full name known. Every such merge is recorded in the entity, and
 * is undone when its reasons are gone, or a second bearer of the label appears.
 */
export class EntityResolution {
  readonly #plan: Plan
  readonly #keys = new Map<string, string>()
  readonly #moved = new Set<string>()

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** Takes in what a memory says of who is who, and makes the entities it speaks of. To be called before `relationsOf`. */
  learn(memory: Memory, { introductions, claims }: Reading): void {
    for (const introduction of introductions) this.#introduce(memory, introduction)
    for (const { subject, predicate, object } of claims) {
      const read = this.#state.table.predicates.read(predicate)
      this.#meet(memory.owner, subject, isPersonBefore(read, object))
      this.#meet(memory.owner, object, isPersonAfter(read))
    }
  }

  /** The ids of the relations that a memory supports, made where they are not there. */
  relationsOf({ owner }: Memory, { claims }: Reading): string[] {
    return [...new Set(claims.map((triplet) => this.#relation(owner, triplet)))]
  }

  /** Entities that a memory speaks of. */
  entitiesOf({ relations }: MemoryEntry): Set<string> {
    const ids = new Set<string>()
    for (const relation of relations) {
      const { record } = this.#state.relations.get(relation)!
      ids.add(record.subject).add(record.object)
    }
    return ids
  }

  /**
   * Undoes what rested on words that are gone: merges that only they gave reason for, and labels that no memory uses any more.
   * @param before the memory as it was
   * @param touched the entities it spoke of
   */
  forget({ memory: before }: MemoryEntry, touched: ReadonlySet<string>): void {
    const after = this.#state.entries.get(before.id)?.memory
    const stands = after ? readMemory(after).introductions : []
    const words = new Set(readMemory(before).claims.flatMap(({ subject, object }) => [subject, object]))
    const keys = new Set(Array.from(words, (each) => this.#key(before.owner, each)))
    for (const id of touched) {
      const record = this.#state.entities.get(id)?.record
      if (!record) continue
      const merges = (record.merges ?? []).flatMap((merge) => withoutSupport(merge, before.id, stands))
      const recordKeys = labelKeys(record)
      const renamed = new Map<string, string>()
      const labels = labelsOf(record).flatMap((label, i) => {
        const key = recordKeys[i]!
        if (key === ownerKey || !keys.has(key)) return [label]
        const still = this.#wordsFor(id, key, label)
        if (still !== undefined && still !== label) renamed.set(label, still)
        return still === undefined ? [] : [still]
      })
      const called = (words: string) => renamed.get(words) ?? words
      const kept = merges.map((each) => ({ ...each, label: called(each.label), with: called(each.with) }))
      if (labels.length > 0) this.#reshape(record, labels, renamed.size > 0 ? kept : merges)
    }
  }

  /** Makes one entity of two by hand. */
  merge(a: EntityRecord, b: EntityRecord): EntityRecord {
    const label = (record: EntityRecord) => (record.kind === 'owner' ? 'I' : record.label)
    return this.#unite(a, b, { label: label(b), with: label(a), reason: 'by-hand', memories: [], at: this.#plan.now })
  }

  /** Takes a label out of an entity, with what was merged by way of it; what was split is not merged again. */
  split(record: EntityRecord, key: string): EntityRecord {
    const labels = labelsOf(record)
    const keys = labelKeys(record)
    const label = labels[keys.indexOf(key)]!
    const rest = labels.filter((each) => each !== label)
    const without = (record.merges ?? []).filter((merge) => !touches(merge, record.owner, key))
    const [kept] = groupLabels(record, rest, without)
    const keptKeys = new Set(kept!.map((each) => keys[labels.indexOf(each)]!))
    const merges = (record.merges ?? []).filter(
      (merge) =>
        !touches(merge, record.owner, key) ||
        ![merge.label, merge.with].some((each) => keptKeys.has(this.#key(record.owner, each))),
    )
    const order = [...kept!, ...labels.filter((each) => !kept!.includes(each))]
    const [split] = this.#reshape(record, order, merges, true)
    return this.#state.entities.get(split!)!.record
  }

  /** Ids of memories whose entities were merged or split since this was last called: what they contradict may have changed. */
  takeMoved(): string[] {
    const ids = [...this.#moved]
    this.#moved.clear()
    return ids
  }

  /** Gives memories their relations anew. */
  relink(ids: Iterable<string>): void {
    for (const id of ids) {
      const { memory, relations: before } = this.#state.entries.get(id)!
      this.#plan.emit({
        type: 'memory-put',
        memory,
        relations: this.relationsOf(memory, readMemory(memory)),
        change: 'relinked',
      })
      this.prune(before)
    }
  }

  /** Ids of the entities whose words are known to be one by a memory, found by looking at all. */
  introducedBy(memory: string): Set<string> {
    const found = new Set<string>()
    for (const { record } of this.#state.entities.values())
      if (record.merges?.some(({ memories }) => memories.includes(memory))) found.add(record.id)
    return found
  }

  /** Removes those of the relations that no memory supports, and their ends when they have no others. */
  prune(relations: Iterable<string>): void {
    for (const id of relations) {
      const node = this.#state.relations.get(id)
      if (!node || node.memories.size > 0) continue
      this.#plan.emit({ type: 'relation-delete', id })
      for (const end of new Set([node.record.subject, node.record.object])) this.pruneEntity(end)
    }
  }

  /** The key of words as an owner's memories use them. */
  #key(owner: string, words: string): string {
    const own = `${owner}\0${words}`
    const known = this.#keys.get(own)
    if (known !== undefined) return known
    const key = keyFor(owner, words)
    this.#keys.set(own, key)
    return key
  }

  get #state(): GraphState {
    return this.#plan.state
  }

  /** Removes an entity that no relation has as an end. */
  pruneEntity(id: string): void {
    const node = this.#state.entities.get(id)
    if (!node || node.relations.size > 0) return
    this.#plan.emit({ type: 'entity-delete', id })
    this.#forgetApart(node.record, labelKeys(node.record))
  }

  /** Takes labels that are gone out of what others were found not to be. */
  #forgetApart({ owner, apart = [] }: EntityRecord, gone: readonly string[]): void {
    for (const key of gone.length > 0 ? apart : []) {
      const other = this.#state.entityByLabel(owner, key)
      if (!other?.apart?.some((each) => gone.includes(each))) continue
      const { apart: before, ...rest } = other
      const left = before!.filter((each) => !gone.includes(each))
      this.#put(left.length > 0 ? { ...rest, apart: left } : rest)
    }
  }

  #relation(owner: string, triplet: Triplet): string {
    const subject = this.#entity(owner, triplet.subject).id
    const object = this.#entity(owner, triplet.object).id
    const known = this.#state.table.byEnds(subject, triplet.predicate, object)
    if (known) return known.id
    const predicate = triplet.predicate.trim().replace(/\s+/gu, ' ').toLowerCase()
    const relation: RelationRecord = { id: createId(), subject, predicate, object, createdAt: this.#plan.now }
    this.#plan.emit({ type: 'relation-put', relation })
    return relation.id
  }

  #entity(owner: string, words: string): EntityRecord {
    const key = this.#key(owner, words)
    const known = this.#state.entityByLabel(owner, key)
    return known ?? this.#put(this.#fresh(owner, key === ownerKey ? owner : words.trim(), key))
  }

  #fresh(owner: string, label: string, key: string): EntityRecord {
    const kind = key === ownerKey ? 'owner' : 'thing'
    return { id: createId(), label, aliases: noAliases, owner, kind, createdAt: this.#plan.now }
  }

  #put(entity: EntityRecord): EntityRecord {
    this.#plan.emit({ type: 'entity-put', entity })
    return entity
  }

  #introduce({ owner, id }: Memory, { name, label }: Introduction): void {
    const [nameKey, labelKey] = [this.#key(owner, name), this.#key(owner, label)]
    const [named, labelled] = [nameKey, labelKey].map((key) => this.#state.entityByLabel(owner, key))
    if (named && isApart(named, [labelKey])) return
    if (labelled && isApart(labelled, [nameKey])) return
    const merge: EntityMerge = { label, with: name, reason: 'introduced', memories: [id], at: this.#plan.now }
    if (labelled && named?.id !== labelled.id && isTaken(labelled, labelKey, name)) {
      const split = this.split(labelled, labelKey)
      this.#put({ ...split, apart: [...(split.apart ?? []), nameKey] })
      const bearer = named ?? this.#entity(owner, name)
      this.#put({ ...bearer, apart: [...(bearer.apart ?? []), labelKey] })
    } else if (named && labelled && named?.id !== labelled.id) {
      if (!areApart(named, labelled)) this.#unite(named, labelled, merge)
    } else {
      const known = named ?? labelled ?? this.#fresh(owner, nameKey === ownerKey ? owner : name, nameKey)
      this.#put(
        withLabels(
          known,
          [...labelsOf(known), ...(nameKey === ownerKey ? [] : [name]), ...(labelKey === ownerKey ? [] : [label])],
          addMerge(known.merges ?? [], merge),
        ),
      )
    }
  }

  /** Finds or makes an entity, and sees whether its name is the first name of someone known, or was taken for one. */
  #meet(owner: string, words: string, isPersonHere: boolean): void {
    const isNew = this.#state.entityByLabel(owner, this.#key(owner, words)) === undefined
    const met = this.#entity(owner, words)
    if (met.kind === 'owner') return
    if (isFullName(words)) this.#meetFullName(met, words, isNew, isPersonHere)
    else if (isPersonHere && /^\p{Lu}[\p{L}'’-]+$/u.test(words)) this.#meetFirstName(met, words)
  }

  /** A first name that was taken for the only one who had it means nobody in particular once there is another. */
  #meetFullName(met: EntityRecord, words: string, isNew: boolean, isPersonHere: boolean): void {
    const first = firstNameOf(words)
    const short = this.#state.entityByLabel(met.owner, first)
    if (!short || short.id === met.id) return
    const isGuess = short.merges?.some((merge) => merge.reason === 'first-name' && touches(merge, short.owner, first))
    if (isNew && isGuess) this.split(short, first)
    else if (isPersonHere && isPerson(this.#state, short.id)) this.#meetFirstName(short, short.label, true)
  }

  #meetFirstName(met: EntityRecord, words: string, fullIsPerson = false): void {
    const full = this.#state.table.byFirstName(met.owner, this.#key(met.owner, words))
    if (!full || full === 'several' || full.id === met.id || met.aliases.length > 0) return
    if (areApart(full, met) || !(fullIsPerson || isPerson(this.#state, full.id))) return
    const name = labelsOf(full).find(
      (label) => isFullName(label) && firstNameOf(label) === this.#key(met.owner, words),
    )!
    this.#unite(full, met, { label: words, with: name, reason: 'first-name', memories: [], at: this.#plan.now })
  }

  /** Makes one entity of two; the owner's, or else the elder, stays. */
  #unite(a: EntityRecord, b: EntityRecord, merge: EntityMerge): EntityRecord {
    const first = b.kind === 'owner' || (a.kind !== 'owner' && b.createdAt < a.createdAt)
    const [kept, gone] = first ? [b, a] : [a, b]
    const record = mergedRecord(kept, gone, merge)
    const crowded = new Set<string>()
    for (const memory of this.#state.memoriesOf(gone.id)) this.#moved.add(memory)
    for (const id of [...this.#state.entities.get(gone.id)!.relations]) {
      const { record: relation, memories } = this.#state.relations.get(id)!
      const end = (each: string) => (each === gone.id ? kept.id : each)
      const moved = { ...relation, subject: end(relation.subject), object: end(relation.object) }
      if (this.#state.table.byEnds(moved.subject, moved.predicate, moved.object))
        for (const memory of memories) crowded.add(memory)
      else this.#plan.emit({ type: 'relation-put', relation: moved })
    }
    this.#put(record)
    this.relink(crowded)
    this.pruneEntity(gone.id)
    return record
  }

  /**
   * Gives an entity fewer labels or fewer reasons to have them. Labels that nothing holds to the first of them become entities of
   * their own, with the memories that use them.
   * @returns the ids of the new entities
   */
  #reshape(record: EntityRecord, labels: readonly string[], merges: readonly EntityMerge[], apart = false): string[] {
    const same = <Each>(a: readonly Each[], b: readonly Each[]) =>
      a.length === b.length && a.every((each, i) => each === b[i])
    if (!apart && same(labels, labelsOf(record)) && same(merges, record.merges ?? [])) return []
    const left = new Set(labels.map((label) => this.#key(record.owner, label)))
    const dropped = labelKeys(record).filter((key) => key !== ownerKey && !left.has(key))
    const [kept, ...others] = groupLabels(record, labels, merges)
    const key = (label: string) => (label === record.label ? labelKeys(record)[0]! : this.#key(record.owner, label))
    const mergesOf = (group: readonly string[]) => {
      const keys = new Set(group.map(key))
      return merges.filter((merge) =>
        [merge.label, merge.with].every((each) => keys.has(this.#key(record.owner, each))),
      )
    }
    const moved = others.flat().map(key)
    const memories = moved.length > 0 ? this.#usersOf(record, new Set(moved)) : []
    this.#put(
      withLabels(apart ? { ...record, apart: [...(record.apart ?? []), ...moved] } : record, kept!, mergesOf(kept!)),
    )
    this.#forgetApart(record, dropped)
    const ids = others.map((group) => {
      const fresh = this.#fresh(record.owner, group[0]!, key(group[0]!))
      const marks = [...(record.apart ?? []), ...(apart ? kept!.map(key) : [])]
      return this.#put(withLabels({ ...fresh, apart: marks }, group, mergesOf(group))).id
    })
    this.relink(memories)
    for (const memory of memories) this.#moved.add(memory)
    for (const id of apart ? [record.id] : [record.id, ...ids]) this.pruneEntity(id)
    return ids
  }

  #usersOf({ id, owner }: EntityRecord, keys: ReadonlySet<string>): string[] {
    return [...this.#state.memoriesOf(id)].filter((memory) => this.#uses(memory, owner, keys))
  }

  /** The words that memories use for a label: the preferred ones when any memory does, others that mean the same, or none. */
  #wordsFor(entity: string, key: string, preferred: string): string | undefined {
    const { relations, record } = this.#state.entities.get(entity)!
    let other: string | undefined
    for (const relation of relations)
      for (const memory of this.#state.relations.get(relation)!.memories)
        for (const triplet of readMemory(this.#state.entries.get(memory)!.memory).claims)
          for (const words of [triplet.subject.trim(), triplet.object.trim()]) {
            if (words === preferred) return preferred
            if (this.#key(record.owner, words) === key) other ??= words
          }
    return other
  }

  #uses(memory: string, owner: string, keys: ReadonlySet<string>): boolean {
    const { claims } = readMemory(this.#state.entries.get(memory)!.memory)
    return claims.some(
      ({ subject, object }) => keys.has(this.#key(owner, subject)) || keys.has(this.#key(owner, object)),
    )
  }
}

const noAliases: readonly string[] = Object.freeze([])

function touches({ label, with: other }: EntityMerge, owner: string, key: string): boolean {
  return keyFor(owner, label) === key || keyFor(owner, other) === key
}

/** Whether a label is already what somebody of another name is called. */
function isTaken(record: EntityRecord, key: string, name: string): boolean {
  const keys = labelKeys(record)
  return labelsOf(record).some((label, i) => keys[i] !== key && /^\p{Lu}/u.test(label) && namesDiffer(label, name))
}

function withoutSupport(merge: EntityMerge, memory: string, stands: readonly Introduction[]): EntityMerge[] {
  if (merge.reason !== 'introduced' || !merge.memories.includes(memory)) return [merge]
  if (stands.some(({ name, label }) => linksSame(merge, { label, with: name }))) return [merge]
  const memories = merge.memories.filter((id) => id !== memory)
  return memories.length > 0 ? [{ ...merge, memories }] : []
}
