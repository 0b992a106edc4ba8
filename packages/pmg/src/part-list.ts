import { emptyPartTable } from '@perstream/kit'
import type { PartTable } from '@perstream/spec'
import type { GraphState } from './graph-state'
import type { GridPart } from './grid-table'
import { precisions } from './tensors/grid-codec'

/** What can be taken from the memories of a graph. */
export interface PartList {
  readonly table: PartTable
  /** The slot of each memory of the table. */
  readonly slots: Uint32Array
}

/** The parts of a memory that are grids, by their numbers in a table. */
const gridParts: readonly GridPart[] = ['nearestGrid', 'meanGrid']
const embedding = 2
const words = 3

/** Lists what can be taken from each memory, fine to coarse. Linear. @param now milliseconds since 1970 UTC */
export function partsOf(state: GraphState, now: number): PartList {
  const list = new PartWriter(state)
  const owners: number[] = []
  for (const slot of state.entries.slots()) {
    const before = list.length
    list.add(slot, owners.length)
    if (list.length > before) owners.push(slot)
  }
  const slots = Uint32Array.from(owners)
  const idOf = (owner: number) => state.entries.idOf(slots[owner]!)
  return { table: { ...list.finish(slots, now), idOf }, slots }
}

/** Fills a table that has room for all that there may be. */
class PartWriter {
  length = 0
  readonly #state: GraphState
  readonly #table: PartTable
  /** Numbers of what is not shared come after those of grids. */
  #unshared: number

  constructor(state: GraphState) {
    this.#state = state
    this.#table = emptyPartTable(state.entries.size * (state.grids.size > 0 ? 4 : 2))
    this.#unshared = state.grids.end
  }

  add(slot: number, owner: number): void {
    const { grids, embeddings, entries } = this.#state
    for (const [granularity, part] of gridParts.entries()) {
      const number = grids.size > 0 ? grids.numberAt(slot, part) : undefined
      if (number !== undefined) this.#addGrid(owner, granularity, number)
    }
    if (embeddings?.index.has(slot)) {
      const { dimensions } = embeddings.index
      const precision = precisions.indexOf(embeddings.precisionAt(slot))
      this.#add(owner, embedding, { bytes: embeddings.bytesAt(slot), precision, values: dimensions, rows: 1 })
    }
    const bytes = entries.contentBytesAt(slot)
    if (bytes > 0) this.#add(owner, words, { bytes, precision: 0, values: 0, rows: 0 })
  }

  /** The table, with what all parts of a memory have in common. */
  finish(slots: Uint32Array, now: number): PartTable {
    const { filters } = this.#state
    const table = cut(this.#table, this.length)
    const alike = this.#alike(slots)
    let part = 0
    for (let owner = 0; owner < slots.length; owner++) {
      const slot = slots[owner]!
      const { heat, visitedAt } = this.#state.warmthAt(slot, now)
      for (; part < table.length && table.owner[part] === owner; part++) {
        table.heat[part] = heat
        table.learnedAt[part] = filters.learnedAt(slot)
        table.visitedAt[part] = visitedAt
        table.alike[part] = alike[owner]!
      }
    }
    return table
  }

  #addGrid(owner: number, granularity: number, number: number): void {
    const { rows, columns, dimensions, precision = 'f32' } = this.#state.grids.shapeOf(number)
    const patches = rows * columns
    const part = this.length
    this.#add(owner, granularity, {
      bytes: this.#state.grids.bytesOf(number),
      precision: precisions.indexOf(precision),
      values: patches * dimensions,
      rows: patches,
    })
    this.#unshared--
    this.#table.shared[part] = number
  }

  #add(owner: number, granularity: number, { bytes, precision, values, rows }: Sizes): void {
    const table = this.#table
    const part = this.length++
    table.owner[part] = owner
    table.granularity[part] = granularity
    table.bytes[part] = bytes
    table.shared[part] = this.#unshared++
    table.precision[part] = precision
    table.values[part] = values
    table.rows[part] = rows
  }

  /** A number for each memory, the same for those that say nearly the same. */
  #alike(slots: Uint32Array): Uint32Array {
    const keys = new Map<number, number>()
    const bySlot = new Uint32Array(this.#state.entries.slotCount)
    this.#state.forEachNear((key, slot) => {
      const known = keys.get(key)
      if (known === undefined) keys.set(key, keys.size + 1)
      bySlot[slot] = known ?? keys.size
    })
    let next = keys.size + 1
    return slots.map((slot) => bySlot[slot] || next++)
  }
}

type Sizes = Record<'bytes' | 'precision' | 'values' | 'rows', number>

/** The first parts of a table. */
function cut(table: PartTable, length: number): PartTable {
  const columns = Object.entries(table).filter(([name]) => name !== 'length')
  const shorter = columns.map(([name, column]) => [name, (column as Uint32Array).subarray(0, length)])
  return { ...(Object.fromEntries(shorter) as Omit<PartTable, 'length'>), length }
}
