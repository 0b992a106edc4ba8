import { emptyPartTable, precisions } from '@perstream/kit'
import type { PartTable } from '@perstream/spec'
import type { EmbeddingTable } from './embedding-table'
import type { GraphState } from './graph-state'
import type { GridPart } from './grid-table'
import { hashNumbers } from './hash-index'

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

  constructor(state: GraphState) {
    this.#state = state
    this.#table = emptyPartTable(state.entries.size * (state.grids.size > 0 ? 4 : 2))
  }

  add(slot: number, owner: number): void {
    const { grids, embeddings, entries } = this.#state
    if (grids.size > 0)
      for (const [granularity, part] of gridParts.entries()) {
        const number = grids.numberAt(slot, part)
        if (number !== undefined) this.#addGrid(owner, granularity, number)
      }
    if (embeddings?.index.has(slot)) this.#addEmbedding(owner, embeddings, slot)
    const bytes = entries.contentBytesAt(slot)
    if (bytes > 0) this.#addPart(owner, words, bytes)
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
    const part = this.#addPart(owner, granularity, this.#state.grids.bytesOf(number))
    this.#table.precision[part] = precisions.indexOf(precision)
    this.#table.rows[part] = rows * columns
    this.#table.values[part] = rows * columns * dimensions
    this.#table.shared[part] = number
  }

  #addEmbedding(owner: number, embeddings: EmbeddingTable, slot: number): void {
    const part = this.#addPart(owner, embedding, embeddings.bytesAt(slot))
    this.#table.precision[part] = precisions.indexOf(embeddings.precisionAt(slot))
    this.#table.rows[part] = 1
    this.#table.values[part] = embeddings.index.dimensions
  }

  /** Adds a part that is not shared. */
  #addPart(owner: number, granularity: number, bytes: number): number {
    const part = this.length++
    this.#table.owner[part] = owner
    this.#table.granularity[part] = granularity
    this.#table.bytes[part] = bytes
    // Numbers of what is not shared come after those of grids.
    this.#table.shared[part] = this.#state.grids.end + part
    return part
  }

  /** A number for each memory, the same for those that say nearly the same, and surely enough another for all others: a hash of 32 bits. */
  #alike(slots: Uint32Array): Uint32Array {
    const bySlot = new Uint32Array(this.#state.entries.slotCount)
    this.#state.forEachNear((key, slot) => {
      bySlot[slot] = key
    })
    return slots.map((slot) => bySlot[slot] || hashNumbers(slot))
  }
}

/** The first parts of a table. */
function cut(table: PartTable, length: number): PartTable {
  const columns = Object.entries(table).filter(([name]) => name !== 'length')
  const shorter = columns.map(([name, column]) => [name, (column as Uint32Array).subarray(0, length)])
  return { ...(Object.fromEntries(shorter) as Omit<PartTable, 'length'>), length }
}
