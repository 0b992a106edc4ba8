import type { Granularity, PartTable, TensorPrecision } from '@perstream/spec'

/** The granularities by their numbers in a part table: fine to coarse. */
export const granularities: readonly Granularity[] = ['nearestGrid', 'meanGrid', 'embedding', 'text']
/** The precisions by their numbers in a part table: finest first. */
export const precisions: readonly TensorPrecision[] = ['f32', 'f16', 'i8', 'b1']

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
