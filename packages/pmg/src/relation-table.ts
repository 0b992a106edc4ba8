import type { RelationRecord } from '@perstream/spec'
import { grown } from './grown'
import { HashIndex, hashNumbers, hashText } from './hash-index'
import { IdTable } from './id-table'
import { NameTable } from './name-table'
import { NumberLists } from './number-lists'
import { type PredicateKey, Predicates } from './predicates'
import type { SectionReader, SectionWriter } from './sections'

/** How many values of one subject and predicate are looked back at. */
const valuesKept = 64

/** The relations of a graph by number, with the slots of the memories that support them. Ends are numbers of entities. */
export class RelationTable {
  readonly ids = new IdTable(hashText)
  readonly predicates = new Predicates()
  /** Predicates, and what they fold to. */
  readonly #words = new NameTable()
  #subjects: Uint32Array = new Uint32Array(16)
  #objects: Uint32Array = new Uint32Array(16)
  #predicates: Uint32Array = new Uint32Array(16)
  #createdAt: Float64Array = new Float64Array(16)
  readonly #memories = new NumberLists()
  readonly #byEnds = new HashIndex()
  /** Lists of the last relations of a subject and a predicate whose values may exclude each other. */
  readonly #valueLists = new HashIndex()
  readonly #values = new NumberLists()
  #valueListCount = 0

  subjectOf(relation: number): number {
    return this.#subjects[relation]!
  }

  objectOf(relation: number): number {
    return this.#objects[relation]!
  }

  predicateOf(relation: number): string {
    return this.#words.nameOf(this.#predicates[relation]!)
  }

  createdAtOf(relation: number): number {
    return this.#createdAt[relation]!
  }

  /** The slots of the memories that support it, ascending. A view, good until the next change. */
  memoriesOf(relation: number): Uint32Array {
    return this.#memories.get(relation)
  }

  support(relation: number, slot: number): void {
    this.#memories.add(relation, slot)
  }

  unsupport(relation: number, slot: number): void {
    this.#memories.delete(relation, slot)
  }

  /** @param predicate folded, "not " before it when it is negated */
  byEnds(subject: number, predicate: string, object: number): number | undefined {
    const key = this.#words.numberOf(predicate)
    if (key === undefined) return undefined
    return this.#byEnds
      .get(hashNumbers(subject, key, object))
      .find(
        (each) => this.#subjects[each] === subject && this.#objects[each] === object && this.keyOf(each) === predicate,
      )
  }

  /** The last relations of a subject and a predicate (folded), 64 at most. */
  valuesOf(subject: number, predicate: string): number[] {
    const key = this.#words.numberOf(predicate)
    if (key === undefined) return []
    const [list] = this.#valueLists.get(hashNumbers(subject, key))
    if (list === undefined) return []
    return Array.from(this.#values.get(list)).filter(
      (each) => this.#subjects[each] === subject && this.keyOf(each) === predicate,
    )
  }

  /** What a relation's predicate folds to. */
  keyOf(relation: number): string {
    return keyOf(this.predicates.read(this.predicateOf(relation)))
  }

  /** Writes a relation that is new, or was unlinked. */
  put(relation: number, { predicate, createdAt }: RelationRecord, subject: number, object: number): void {
    this.#subjects = grown(this.#subjects, relation + 1)
    this.#objects = grown(this.#objects, relation + 1)
    this.#predicates = grown(this.#predicates, relation + 1)
    this.#createdAt = grown(this.#createdAt, relation + 1)
    this.#subjects[relation] = subject
    this.#objects[relation] = object
    this.#predicates[relation] = this.#words.add(predicate)
    this.#createdAt[relation] = createdAt
    this.#link(relation)
  }

  /** Takes a relation out of what it is found by. */
  unlink(relation: number): void {
    const subject = this.#subjects[relation]!
    const key = this.#words.add(this.keyOf(relation))
    this.#byEnds.delete(hashNumbers(subject, key, this.#objects[relation]!), relation)
    const [list] = this.#valueLists.get(hashNumbers(subject, key))
    if (list !== undefined) this.#values.delete(list, relation)
  }

  delete(relation: number): void {
    this.unlink(relation)
    this.#memories.clear(relation)
    this.ids.delete(relation)
  }

  save(writer: SectionWriter, name: string): void {
    const { end } = this.ids
    this.ids.save(writer, `${name}.ids`)
    this.#words.save(writer, `${name}.words`)
    writer.numbers(`${name}.subjects`, this.#subjects.subarray(0, end))
    writer.numbers(`${name}.objects`, this.#objects.subarray(0, end))
    writer.numbers(`${name}.predicates`, this.#predicates.subarray(0, end))
    writer.numbers(`${name}.createdAt`, this.#createdAt.subarray(0, end))
    this.#memories.save(writer, `${name}.memories`, end)
    this.#byEnds.save(writer, `${name}.ends`)
    this.#valueLists.save(writer, `${name}.valueLists`)
    this.#values.save(writer, `${name}.values`, this.#valueListCount)
    writer.json(`${name}.valueListCount`, this.#valueListCount)
  }

  restore(reader: SectionReader, name: string): void {
    this.ids.restore(reader, `${name}.ids`)
    this.#words.restore(reader, `${name}.words`)
    this.#subjects = reader.uint32(`${name}.subjects`)
    this.#objects = reader.uint32(`${name}.objects`)
    this.#predicates = reader.uint32(`${name}.predicates`)
    this.#createdAt = reader.float64(`${name}.createdAt`)
    this.#memories.restore(reader, `${name}.memories`)
    this.#byEnds.restore(reader, `${name}.ends`)
    this.#valueLists.restore(reader, `${name}.valueLists`)
    this.#values.restore(reader, `${name}.values`)
    this.#valueListCount = reader.json(`${name}.valueListCount`)
  }

  #link(relation: number): void {
    const subject = this.#subjects[relation]!
    const folded = this.keyOf(relation)
    const key = this.#words.add(folded)
    this.#byEnds.add(hashNumbers(subject, key, this.#objects[relation]!), relation)
    if (!mayExclude(folded)) return
    const list = this.#valueList(hashNumbers(subject, key))
    this.#values.add(list, relation)
    const values = this.#values.get(list)
    if (values.length > valuesKept) this.#values.delete(list, values[0]!)
  }

  #valueList(hash: number): number {
    const [known] = this.#valueLists.get(hash)
    if (known !== undefined) return known
    const list = this.#valueListCount++
    this.#valueLists.add(hash, list)
    return list
  }
}

/** A folded predicate as relations are found by it: "not " before it when it is negated. */
export function keyOf({ key, negated }: PredicateKey): string {
  return negated ? `not ${key}` : key
}

/** Whether there may be one value at a time: what contradictions look at. */
function mayExclude(key: string): boolean {
  return /\bbe\b|^park |^live |^resid /.test(key)
}
