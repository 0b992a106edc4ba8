import type { EntityRecord, RelationRecord } from '@perstream/spec'
import { CompactSet } from './compact-set'
import { labelKeys } from './entity-key'
import { predicateKey } from './predicates'

/** An entity with the ids of the relations it is an end of. */
export interface EntityNode {
  record: EntityRecord
  readonly relations: CompactSet<string>
}

/** A relation with the ids of the memories that support it. */
export interface RelationNode {
  record: RelationRecord
  readonly memories: CompactSet<string>
}

/** How many values of one subject and predicate are looked back at. */
const valuesKept = 64

/** Entities by id and label, relations by id and ends, and which memories speak of them. */
export class EntityTable {
  readonly entities = new Map<string, EntityNode>()
  readonly relations = new Map<string, RelationNode>()
  readonly #byLabel = new Map<string, string>()
  /** Ids of entities by the first word of their full names. */
  readonly #byFirstName = new Map<string, CompactSet<string>>()
  readonly #byEnds = new Map<string, string>()
  /** Ids of the last relations of a subject and a predicate. */
  readonly #bySubject = new Map<string, string[]>()

  /** The entity that an owner's memories call by a label, normalised by `entityKey`. */
  byLabel(owner: string, key: string): EntityRecord | undefined {
    const id = this.#byLabel.get(`${owner}\0${key}`)
    return id === undefined ? undefined : this.entities.get(id)!.record
  }

  /** The one entity of an owner with a full name that begins with this word; 'several' when there are more. */
  byFirstName(owner: string, word: string): EntityRecord | 'several' | undefined {
    const bucket = this.#byFirstName.get(`${owner}\0${word}`)
    if (!bucket || bucket.size > 1) return bucket && 'several'
    const [id] = bucket
    return this.entities.get(id!)!.record
  }

  /** @param predicate as `predicateKey` gives it */
  byEnds(subject: string, predicate: string, object: string): RelationRecord | undefined {
    const id = this.#byEnds.get(`${subject}\0${predicate}\0${object}`)
    return id === undefined ? undefined : this.relations.get(id)!.record
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
    for (const key of labelKeys(record)) this.#byLabel.set(`${record.owner}\0${key}`, record.id)
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
    const key = predicateKey(record.predicate)
    this.#byEnds.set(`${record.subject}\0${key}\0${record.object}`, record.id)
    const values = this.#bySubject.get(`${record.subject}\0${key}`)
    if (!values) this.#bySubject.set(`${record.subject}\0${key}`, [record.id])
    else if (values.push(record.id) > valuesKept) values.shift()
    for (const end of [record.subject, record.object]) this.entities.get(end)!.relations.add(record.id)
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
    const key = predicateKey(predicate)
    const ends = `${subject}\0${key}\0${object}`
    if (this.#byEnds.get(ends) === id) this.#byEnds.delete(ends)
    const values = this.#bySubject.get(`${subject}\0${key}`)
    const place = values?.indexOf(id) ?? -1
    if (place >= 0) values!.splice(place, 1)
    if (values?.length === 0) this.#bySubject.delete(`${subject}\0${key}`)
    for (const end of [subject, object]) this.entities.get(end)?.relations.delete(id)
  }

  #forgetLabels(record: EntityRecord): void {
    for (const key of labelKeys(record)) {
      const own = `${record.owner}\0${key}`
      if (this.#byLabel.get(own) === record.id) this.#byLabel.delete(own)
    }
    for (const first of firstNames(record)) {
      const bucket = this.#byFirstName.get(`${record.owner}\0${first}`)
      bucket?.delete(record.id)
      if (bucket?.size === 0) this.#byFirstName.delete(`${record.owner}\0${first}`)
    }
  }
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
