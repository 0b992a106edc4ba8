import { createRandom } from '@perstream/kit'
import { createPartTable, granularities, type Part } from '@perstream/reduction'
import type { PartTable } from '@perstream/spec'

/** Two grids of 4 x 4 patches with 3584 numbers each, as the prototype keeps them. */
const values = 4 * 4 * 3584
const rows = 4 * 4

/** A table that tells of grids too. */
export interface GridTable {
  readonly table: PartTable
  /** By its parts: the part of the table it was made of; -1 for grids. */
  readonly from: Int32Array
}

/**
 * Gives the memories of a table grids of true size, which no one has to hold: bytes alone. One or two memories in turn, drawn by lot, are of one moment and share
 * its two grids.
 */
export function withGrids(table: PartTable, seed: number): GridTable {
  const random = createRandom(seed)
  const from: number[] = []
  let moment = 0
  let left = 0
  const owners = ownersOf(table).map((parts) => {
    if (left === 0) {
      moment++
      left = random.integer(1, 3)
    }
    left--
    from.push(-1, -1, ...parts)
    const first = parts[0]!
    return {
      heat: table.heat[first]!,
      learnedAt: table.learnedAt[first]!,
      visitedAt: table.visitedAt[first]!,
      alike: String(table.alike[first]!),
      parts: [grid('nearestGrid', moment), grid('meanGrid', moment), ...parts.map((part) => partOf(table, part))],
    }
  })
  return { table: createPartTable(owners), from: Int32Array.from(from) }
}

function grid(granularity: 'nearestGrid' | 'meanGrid', moment: number): Part {
  return { granularity, bytes: 4 * values, values, rows, shared: `${granularity} of ${moment}` }
}

function partOf({ granularity, bytes, values, rows }: PartTable, part: number): Part {
  return {
    granularity: granularities[granularity[part]!]!,
    ...{ bytes: bytes[part]!, values: values[part]!, rows: rows[part]! },
  }
}

function ownersOf({ owner }: PartTable): number[][] {
  const owners: number[][] = []
  owner.forEach((number, part) => {
    owners[number] ??= []
    owners[number]!.push(part)
  })
  return owners
}
