const rowsPerSegment = 1024

/**
 * Unit vectors of one width in fixed segments of typed arrays, one row a slot. Segments never grow, so a view of a row
 * stays good until the row is written again.
 */
export class VectorIndex {
  readonly #segments: { readonly data: Float32Array; readonly used: Uint8Array }[] = []
  #count = 0

  constructor(readonly dimensions: number) {}

  /** How many rows are in use. */
  get count(): number {
    return this.#count
  }

  /** Bytes that the segments take. */
  get byteLength(): number {
    return this.#segments.length * rowsPerSegment * (this.dimensions * 4 + 1)
  }

  /** Writes a row. The vector has `dimensions` elements. */
  put(slot: number, vector: Float32Array): void {
    while (this.#segments.length * rowsPerSegment <= slot)
      this.#segments.push({
        data: new Float32Array(rowsPerSegment * this.dimensions),
        used: new Uint8Array(rowsPerSegment),
      })
    const { segment, row } = this.#locate(slot)
    segment!.data.set(vector, row * this.dimensions)
    this.#count += 1 - segment!.used[row]!
    segment!.used[row] = 1
  }

  /** Clears a row, values too. */
  delete(slot: number): void {
    const { segment, row } = this.#locate(slot)
    if (!segment?.used[row]) return
    segment.data.fill(0, row * this.dimensions, (row + 1) * this.dimensions)
    segment.used[row] = 0
    this.#count--
  }

  /** A view of a row, or undefined when it is empty. */
  get(slot: number): Float32Array | undefined {
    const { segment, row } = this.#locate(slot)
    if (!segment?.used[row]) return undefined
    return segment.data.subarray(row * this.dimensions, (row + 1) * this.dimensions)
  }

  /** Dot products of a query with the rows that are in use and allowed; NaN for the others. Exact, linear in the rows. */
  search(query: Float32Array, allowed: (slot: number) => boolean): Float32Array {
    const scores = new Float32Array(this.#segments.length * rowsPerSegment).fill(Number.NaN)
    this.#segments.forEach(({ data, used }, index) => {
      const base = index * rowsPerSegment
      for (let row = 0; row < rowsPerSegment; row++)
        if (used[row] && allowed(base + row)) scores[base + row] = dotAt(query, data, row * this.dimensions)
    })
    return scores
  }

  #locate(slot: number) {
    return { segment: this.#segments[Math.floor(slot / rowsPerSegment)], row: slot % rowsPerSegment }
  }
}

/** Four accumulators let the processor overlap the additions: twice as fast as one (ceilings: section C). */
function dotAt(query: Float32Array, data: Float32Array, offset: number): number {
  const whole = query.length & ~3
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  for (let i = 0; i < whole; i += 4) {
    a += query[i]! * data[offset + i]!
    b += query[i + 1]! * data[offset + i + 1]!
    c += query[i + 2]! * data[offset + i + 2]!
    d += query[i + 3]! * data[offset + i + 3]!
  }
  for (let i = whole; i < query.length; i++) a += query[i]! * data[offset + i]!
  return a + b + c + d
}
