import { emptyPartTable, gone, granularities, outcomes, precisions } from '@perstream/kit'
import type { Granularity, PartTable, ReductionStep, TensorPrecision } from '@perstream/spec'

/** A part as a row. */
export interface Part {
  readonly granularity: Granularity
  readonly bytes: number
  /** Names the bytes it lies on, where other parts lie on them too. */
  readonly shared?: string | undefined
  /** Default 'f32'. */
  readonly precision?: TensorPrecision | undefined
  /** Numbers in it. Default: as many as its bytes can be at its precision; 0 for text. */
  readonly values?: number | undefined
  /** Rows with a scale each when it is kept as i8 or b1. Default 1; 0 for text. */
  readonly rows?: number | undefined
}

/** A memory with what can be taken from it. */
export interface PartOwner {
  /** Names it in reports. Default: its number. */
  readonly id?: string | undefined
  readonly parts: readonly Part[]
  readonly heat: number
  readonly learnedAt: number
  /** Default: when it was learned. */
  readonly visitedAt?: number | undefined
  /** The same for memories that say nearly the same. Default: like no other. */
  readonly alike?: string | undefined
}

/**
 * Makes a table of rows, for whatever holds memories of its own. Linear.
 * @throws TypeError for bytes that are not a number of 0 or more
 */
export function createPartTable(owners: readonly PartOwner[]): PartTable {
  const length = owners.reduce((sum, { parts }) => sum + parts.length, 0)
  const table = emptyPartTable(length)
  const [shared, alike] = [new Numbering(), new Numbering()]
  let part = 0
  for (const [number, owner] of owners.entries()) {
    const like = alike.of(owner.alike)
    for (const row of sortedParts(owner)) {
      table.owner[part] = number
      table.heat[part] = owner.heat
      table.learnedAt[part] = owner.learnedAt
      table.visitedAt[part] = owner.visitedAt ?? owner.learnedAt
      table.alike[part] = like
      table.shared[part] = shared.of(row.shared)
      writePart(table, part++, row)
    }
  }
  return { ...table, idOf: (number) => owners[number]!.id ?? String(number) }
}

/** Bytes of a part once it is kept otherwise. */
export function bytesAs(table: PartTable, part: number, to: ReductionStep['to']): number {
  return bytesAfter(table, part, outcomes.indexOf(to))
}

/** Bytes of a part after what becomes of it, by the number of that. */
export function bytesAfter(table: PartTable, part: number, outcome: number): number {
  if (outcome === gone) return 0
  return table.bytes[part]! - valueBytes(table, part, table.precision[part]!) + valueBytes(table, part, outcome)
}

/** All numbers of shared bytes are below this. */
export function groupsOf(shared: Uint32Array): number {
  let end = 0
  for (const group of shared) if (group >= end) end = group + 1
  return end
}

function valueBytes({ values, rows }: PartTable, part: number, precision: number): number {
  const count = values[part]!
  if (precision === 0) return 4 * count
  if (precision === 1) return 2 * count
  const many = rows[part]!
  return 4 * many + (precision === 2 ? count : many * Math.ceil(count / many / 8))
}

function sortedParts({ parts }: PartOwner): Part[] {
  return [...parts].sort((a, b) => granularities.indexOf(a.granularity) - granularities.indexOf(b.granularity))
}

function writePart(table: PartTable, part: number, row: Part): void {
  const { granularity, bytes, precision = 'f32' } = row
  if (!(bytes >= 0 && bytes < Number.POSITIVE_INFINITY))
    throw new TypeError(`bytes of a ${granularity} is ${bytes}: it must be a number of 0 or more`)
  const isText = granularity === 'text'
  const { rows = isText ? 0 : 1 } = row
  const perValue = { f32: 4, f16: 2, i8: 1, b1: 1 / 8 }[precision]
  const payload = perValue > 1 ? bytes : bytes - 4 * rows
  table.granularity[part] = granularities.indexOf(granularity)
  table.bytes[part] = bytes
  table.precision[part] = precisions.indexOf(precision)
  table.rows[part] = rows
  table.values[part] = row.values ?? (isText ? 0 : Math.max(0, Math.floor(payload / perValue)))
}

/** Numbers for names, and a number of its own for each that has none. */
class Numbering {
  readonly #known = new Map<string, number>()
  #next = 0

  of(name: string | undefined): number {
    if (name === undefined) return this.#next++
    const known = this.#known.get(name)
    if (known !== undefined) return known
    this.#known.set(name, this.#next)
    return this.#next++
  }
}
