import type { EntityRecord, RelationRecord } from '@perstream/spec'
import { ByteArena } from './byte-arena'
import { EntityCodec } from './entity-codec'
import { labelKeys } from './entity-key'
import { HashIndex, hashText } from './hash-index'
import { IdTable } from './id-table'
import { NumberLists } from './number-lists'
import type { Predicates } from './predicates'
import { keyOf, RelationTable } from './relation-table'
import type { SectionReader, SectionWriter } from './sections'

/** Ids that are looked up when they are asked for. */
interface Ids extends Iterable<string> {
  readonly size: number
}

/** An entity with the ids of the relations it is an end of. */
export interface EntityNode {
  readonly record: EntityRecord
  readonly relations: Ids
}

/** A relation with the ids of the memories that support it. */
export interface RelationNode {
  readonly record: RelationRecord
  readonly memories: Ids
}

/** Records by id. */
interface Nodes<Node> {
  readonly size: number
  get(id: string): Node | undefined
  has(id: string): boolean
  keys(): Iterable<string>
  values(): Iterable<Node>
}

/**
 * Entities by id and label, relations by id and ends, and which memories speak of them. All are numbers inside: their records are packed,
 * and decoded when they are asked for.
 */
export class EntityTable {
  readonly entities: Nodes<EntityNode>
  readonly relations: Nodes<RelationNode>
  readonly #ids = new IdTable(hashText)
  readonly #records = new ByteArena()
  readonly #codec = new EntityCodec()
  /** Entities by owner and label. */
  readonly #byLabel = new HashIndex()
  /** Entities by owner and the first word of their full names. */
  readonly #byFirstName = new HashIndex()
  /** The relations that an entity is an end of. */
  readonly #ends = new NumberLists()
  readonly #relations = new RelationTable()

  /** @param memoryId the id of the memory in a slot */
  constructor(memoryId: (slot: number) => string) {
    const relationId = (relation: number) => this.#relations.ids.idOf(relation)
    this.entities = nodesOf(this.#ids, (entity) => ({
      record: this.#record(entity),
      relations: idsOf(this.#ends.get(entity), relationId),
    }))
    this.relations = nodesOf(this.#relations.ids, (relation) => ({
      record: this.#relationRecord(relation),
      memories: idsOf(this.#relations.memoriesOf(relation), memoryId),
    }))
  }

  get predicates(): Predicates {
    return this.#relations.predicates
  }

  /** The entity that an owner's memories call by a label, normalised by `entityKey`. */
  byLabel(owner: string, key: string): EntityRecord | undefined {
    return this.#labelled(owner, key)[0]
  }

  /** The one entity of an owner with a full name that begins with this word; 'several' when there are more. */
  byFirstName(owner: string, word: string): EntityRecord | 'several' | undefined {
    const [found, second] = this.#byFirstName
      .get(labelHash(owner, word))
      .map((entity) => this.#record(entity))
      .filter((record) => record.owner === owner && firstNames(record).includes(word))
    return second ? 'several' : found
  }

  /** The relation of two entities by a predicate, inflections folded. */
  byEnds(subject: string, predicate: string, object: string): RelationRecord | undefined {
    return this.byKeys(subject, keyOf(this.predicates.read(predicate)), object)
  }

  /** @param predicate folded, "not " before it when it is negated */
  byKeys(subject: string, predicate: string, object: string): RelationRecord | undefined {
    const [from, to] = [this.#ids.numberOf(subject), this.#ids.numberOf(object)]
    if (from === undefined || to === undefined) return undefined
    const relation = this.#relations.byEnds(from, predicate, to)
    return relation === undefined ? undefined : this.#relationRecord(relation)
  }

  /** The last relations of a subject and a predicate, 64 at most. */
  valuesOf(subject: string, predicate: string): RelationRecord[] {
    const from = this.#ids.numberOf(subject)
    if (from === undefined) return []
    return this.#relations.valuesOf(from, predicate).map((relation) => this.#relationRecord(relation))
  }

  putEntity(record: EntityRecord): void {
    const known = this.#ids.numberOf(record.id)
    if (known !== undefined) this.#forgetLabels(known)
    const entity = known ?? this.#ids.add(record.id)
    this.#records.put(entity, this.#codec.encode(record))
    for (const key of new Set(labelKeys(record))) {
      const hash = labelHash(record.owner, key)
      for (const other of this.#labelled(record.owner, key)) this.#byLabel.delete(hash, this.#ids.numberOf(other.id)!)
      this.#byLabel.add(hash, entity)
    }
    for (const first of new Set(firstNames(record))) this.#byFirstName.add(labelHash(record.owner, first), entity)
  }

  deleteEntity(id: string): void {
    const entity = this.#ids.numberOf(id)
    if (entity === undefined) return
    this.#forgetLabels(entity)
    this.#records.delete(entity)
    this.#ends.clear(entity)
    this.#ids.delete(entity)
  }

  putRelation(record: RelationRecord): void {
    const known = this.#relations.ids.numberOf(record.id)
    if (known !== undefined) this.#unlink(known)
    const relation = known ?? this.#relations.ids.add(record.id)
    const [subject, object] = [this.#ids.numberOf(record.subject)!, this.#ids.numberOf(record.object)!]
    this.#relations.put(relation, record, subject, object)
    for (const end of [subject, object]) this.#ends.add(end, relation)
  }

  deleteRelation(id: string): void {
    const relation = this.#relations.ids.numberOf(id)
    if (relation === undefined) return
    this.#unlink(relation)
    this.#relations.delete(relation)
  }

  /** The number of a relation. */
  relationNumber(id: string): number | undefined {
    return this.#relations.ids.numberOf(id)
  }

  relationId(relation: number): string {
    return this.#relations.ids.idOf(relation)
  }

  support(relation: number, slot: number): void {
    this.#relations.support(relation, slot)
  }

  unsupport(relation: number, slot: number): void {
    this.#relations.unsupport(relation, slot)
  }

  /** The numbers of the entities at the ends of a relation. */
  endsOf(relation: number): readonly [subject: number, object: number] {
    return [this.#relations.subjectOf(relation), this.#relations.objectOf(relation)]
  }

  entityId(entity: number): string {
    return this.#ids.idOf(entity)
  }

  isOwner(entity: number): boolean {
    return this.#codec.isOwner(this.#records.get(entity)!)
  }

  /** The slots of the memories that speak of an entity, in the order of its relations, `limit` at most. */
  slotsOf(id: string | number, limit = Number.POSITIVE_INFINITY): Set<number> {
    const slots = new Set<number>()
    const entity = typeof id === 'number' ? id : this.#ids.numberOf(id)
    if (entity === undefined) return slots
    for (const relation of this.#ends.get(entity))
      for (const slot of this.#relations.memoriesOf(relation)) {
        if (slots.size >= limit) return slots
        slots.add(slot)
      }
    return slots
  }

  save(writer: SectionWriter, name: string): void {
    this.#ids.save(writer, `${name}.ids`)
    this.#records.save(writer, `${name}.records`, this.#ids.end)
    this.#codec.save(writer, `${name}.strings`)
    this.#byLabel.save(writer, `${name}.labels`)
    this.#byFirstName.save(writer, `${name}.firstNames`)
    this.#ends.save(writer, `${name}.ends`, this.#ids.end)
    this.#relations.save(writer, `${name}.relations`)
  }

  restore(reader: SectionReader, name: string): void {
    this.#ids.restore(reader, `${name}.ids`)
    this.#records.restore(reader, `${name}.records`)
    this.#codec.restore(reader, `${name}.strings`)
    this.#byLabel.restore(reader, `${name}.labels`)
    this.#byFirstName.restore(reader, `${name}.firstNames`)
    this.#ends.restore(reader, `${name}.ends`)
    this.#relations.restore(reader, `${name}.relations`)
  }

  #record(entity: number): EntityRecord {
    return this.#codec.decode(this.#ids.idOf(entity), this.#records.get(entity)!)
  }

  #relationRecord(relation: number): RelationRecord {
    const [subject, object] = this.endsOf(relation)
    return {
      id: this.#relations.ids.idOf(relation),
      subject: this.#ids.idOf(subject),
      predicate: this.#relations.predicateOf(relation),
      object: this.#ids.idOf(object),
      createdAt: this.#relations.createdAtOf(relation),
    }
  }

  #labelled(owner: string, key: string): EntityRecord[] {
    return this.#byLabel
      .get(labelHash(owner, key))
      .map((entity) => this.#record(entity))
      .filter((record) => record.owner === owner && labelKeys(record).includes(key))
  }

  #unlink(relation: number): void {
    this.#relations.unlink(relation)
    for (const end of this.endsOf(relation)) this.#ends.delete(end, relation)
  }

  #forgetLabels(entity: number): void {
    const record = this.#record(entity)
    for (const key of labelKeys(record)) this.#byLabel.delete(labelHash(record.owner, key), entity)
    for (const first of firstNames(record)) this.#byFirstName.delete(labelHash(record.owner, first), entity)
  }
}

function nodesOf<Node>(ids: IdTable, node: (number: number) => Node): Nodes<Node> {
  return {
    get size() {
      return ids.size
    },
    get(id) {
      const number = ids.numberOf(id)
      return number === undefined ? undefined : node(number)
    },
    has: (id) => ids.numberOf(id) !== undefined,
    *keys() {
      for (const number of ids.numbers()) yield ids.idOf(number)
    },
    *values() {
      for (const number of ids.numbers()) yield node(number)
    },
  }
}

function idsOf(numbers: Uint32Array, idOf: (number: number) => string): Ids {
  return {
    size: numbers.length,
    *[Symbol.iterator]() {
      for (const number of numbers) yield idOf(number)
    },
  }
}

function labelHash(owner: string, key: string): number {
  return hashText(`${owner}\0${key}`)
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
