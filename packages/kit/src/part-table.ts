import type { PartTable } from '@perstream/spec'

/** Makes a part table of zeros, to be filled. */
export function emptyPartTable(length: number): PartTable {
  return {
    length,
    owner: new Uint32Array(length),
    granularity: new Uint8Array(length),
    bytes: new Float64Array(length),
    shared: new Uint32Array(length),
    precision: new Uint8Array(length),
    values: new Uint32Array(length),
    rows: new Uint32Array(length),
    heat: new Float64Array(length),
    learnedAt: new Float64Array(length),
    visitedAt: new Float64Array(length),
    alike: new Uint32Array(length),
  }
}
