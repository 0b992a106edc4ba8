import type { EntityRecord, RelationRecord } from '@perstream/spec'
import { CompactSet } from './compact-set'
import { labelKeys } from './entity-key'
import { HashIndex } from './hash-index'
import { type PredicateKey, Predicates } from './predicates'

/** An entity with the ids of the relations it is an end of. */
export interface EntityNode {
  record: EntityRecord
  readonly relations: CompactSet
}

/** A relation with the ids of the memories that support it. */
export interface RelationNode {
  record: RelationRecord
  readonly memories: CompactSet
}

/** How many values of one subject and predicate are looked back at. */
const valuesKept = 64

/** Entities by id and label, relations by id and ends, and which memories speak of them. */
export class EntityTable {
  readonly entities = new Map<string, EntityNode>()
  readonly relations = new Map<string, RelationNode>()
  readonly predicates = new Predicates()
  /** Ids of entities by owner and label. */
  readonly #byLabel = new Map<string, Map<string, string>>()
  /** Ids of entities by the first word of their full names. */
  readonly #byFirstName = new Map<string, CompactSet>()
  readonly #byEnds = new HashIndex<string>()
  /** Ids of the last relations of a subject and a predicate whose values may exclude each other. */
  readonly #bySubject = new Map<string, string[]>()

  /** The entity that an owner's memories call by a label, normalised by `entityKey`. */
  byLabel(owner: string, key: string): EntityRecord | undefined {
    const id = this.#byLabel.get(owner)?.get(key)
    return id === undefined ? undefined : this.entities.get(id)!.record
  }

  /** The one entity of an owner with a full name that begins with this word; 'several' when there are more. */
  byFirstName(owner: string, word: string): EntityRecord | 'several' | undefined {
    const bucket = this.#byFirstName.get(`${owner}\0${word}`)
    if (!bucket || bucket.size > 1) return bucket && 'several'
    const [id] = bucket
    return this.entities.get(id!)!.record
  }

  /** The relation of two entities by a predicate, inflections folded. */
  byEnds(subject: string, predicate: string, object: string): RelationRecord | undefined {
    return this.byKeys(subject, keyOf(this.predicates.read(predicate)), object)
  }

  /** @param predicate folded, "not " before it when it is negated */
  byKeys(subject: string, predicate: string, object: string): RelationRecord | undefined {
    for (const id of this.#byEnds.get(`${subject}\0${predicate}\0${object}`)) {
      const { record } = this.relations.get(id)!
      const isIt = record.subject === subject && record.object === object
      if (isIt && keyOf(this.predicates.read(record.predicate)) === predicate) return record
    }
    return undefined
  }

  /** The last relations of a subject and a predicate, 64 at most. */
  valuesOf(subject: string, predicate: string): RelationRecord[] {
    return (this.#bySubject.get(`${subject}\0${predicate}`) ?? []).map((id) => this.relations.get(id)!.record)
  }

  putEntity(record: EntityRecord): void {
    const node = this.entities.get(record.id)
    if (node) this.#forgetLabels(node.record)
    if (node) node.record = record
    else this.entities.set(record.id, { record, relations: new CompactSet() })
    const labels = this.#byLabel.get(record.owner) ?? new Map<string, string>()
    this.#byLabel.set(record.owner, labels)
    for (const key of labelKeys(record)) labels.set(key, record.id)
    for (const first of firstNames(record)) {
      const bucket = this.#byFirstName.get(`${record.owner}\0${first}`) ?? new CompactSet()
      bucket.add(record.id)
      this.#byFirstName.set(`${record.owner}\0${first}`, bucket)
    }
  }

  deleteEntity(id: string): void {
    const node = this.entities.get(id)
    if (!node) return
    this.#forgetLabels(node.record)
    this.entities.delete(id)
  }

  putRelation(record: RelationRecord): void {
    const before = this.relations.get(record.id)
    if (before) this.#unlinkRelation(before.record)
    if (before) before.record = record
    else this.relations.set(record.id, { record, memories: new CompactSet() })
    const key = keyOf(this.predicates.read(record.predicate))
    this.#byEnds.add(`${record.subject}\0${key}\0${record.object}`, record.id)
    for (const end of [record.subject, record.object]) this.entities.get(end)!.relations.add(record.id)
    if (!mayExclude(key)) return
    const values = this.#bySubject.get(`${record.subject}\0${key}`)
    if (!values) this.#bySubject.set(`${record.subject}\0${key}`, [record.id])
    else if (values.push(record.id) > valuesKept) values.shift()
  }

  deleteRelation(id: string): void {
    const node = this.relations.get(id)
    if (!node) return
    this.#unlinkRelation(node.record)
    this.relations.delete(id)
  }

  support(relation: string, memory: string): void {
    this.relations.get(relation)!.memories.add(memory)
  }

  unsupport(relation: string, memory: string): void {
    this.relations.get(relation)?.memories.delete(memory)
  }

  #unlinkRelation({ id, subject, predicate, object }: RelationRecord): void {
    const key = keyOf(this.predicates.read(predicate))
    this.#byEnds.delete(`${subject}\0${key}\0${object}`, id)
    const values = this.#bySubject.get(`${subject}\0${key}`)
    const place = values?.indexOf(id) ?? -1
    if (place >= 0) values!.splice(place, 1)
    if (values?.length === 0) this.#bySubject.delete(`${subject}\0${key}`)
    for (const end of [subject, object]) this.entities.get(end)?.relations.delete(id)
  }

  #forgetLabels(record: EntityRecord): void {
    const labels = this.#byLabel.get(record.owner)
    for (const key of labelKeys(record)) if (labels?.get(key) === record.id) labels.delete(key)
    for (const first of firstNames(record)) {
      const bucket = this.#byFirstName.get(`${record.owner}\0${first}`)
      bucket?.delete(record.id)
      if (bucket?.size === 0) this.#byFirstName.delete(`${record.owner}\0${first}`)
    }
  }
}

/** Whether there may be one value at a time: what contradictions look at. */
function mayExclude(key: string): boolean {
  return /\bbe\b|^park |^live |^resid /.test(key)
}

function keyOf({ key, negated }: PredicateKey): string {
  return negated ? `not ${key}` : key
}

/** The first words, normalised, of labels that look like a person's full name. */
function firstNames({ label, aliases }: EntityRecord): string[] {
  return [label, ...aliases].filter((words) => isFullName(words)).map((words) => firstNameOf(words))
}

export function isFullName(words: string): boolean {
  return /^\p{Lu}[\p{Ll}'’-]+(?: \p{Lu}[\p{L}'’-]+){1,2}$/u.test(words)
}

export function firstNameOf(words: string): string {
  return words.slice(0, words.indexOf(' ')).toLowerCase()
}
