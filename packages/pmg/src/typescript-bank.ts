import type { PreparedQuery } from './prepared-query'
import { roundingShare } from './rounding-share'
import { listLength, segmentRows, type VectorBank } from './vector-bank'

interface Segment {
  readonly values: Float32Array
  readonly codes: Int8Array
  readonly scales: Float32Array
  /** Length of what the codes of each row miss, or a little more. */
  readonly missed: Float32Array
}

/** Rows in typed arrays: the twin that says what the WASM kernels compute, and serves where they cannot run. */
export class TypeScriptBank implements VectorBank {
  readonly mask = new Uint32Array(segmentRows / 32)
  readonly rows = new Uint32Array(listLength)
  readonly scores = new Float32Array(listLength)
  readonly #segments: Segment[] = []
  #query: PreparedQuery | undefined

  constructor(readonly dimensions: number) {}

  get capacity(): number {
    return this.#segments.length * segmentRows
  }

  get byteLength(): number {
    return this.capacity * (this.dimensions * 5 + 8)
  }

  /** Nothing to gain: segments have buffers of their own. */
  reserve(): void {}

  grow(): void {
    this.#segments.push({
      values: new Float32Array(segmentRows * this.dimensions),
      codes: new Int8Array(segmentRows * this.dimensions),
      scales: new Float32Array(segmentRows),
      missed: new Float32Array(segmentRows),
    })
  }

  write(row: number, vector: Float32Array): number {
    this.writeValues(row, vector)
    return this.encode(row)
  }

  writeValues(row: number, vectors: Float32Array): void {
    const { segment, at } = this.#locate(row)
    segment.values.set(vectors, at * this.dimensions)
  }

  encode(row: number): number {
    const { segment, at } = this.#locate(row)
    return encode(segment, at, this.dimensions)
  }

  clear(row: number): void {
    this.write(row, new Float32Array(this.dimensions))
  }

  read(row: number): Float32Array {
    const { segment, at } = this.#locate(row)
    return segment.values.slice(at * this.dimensions, (at + 1) * this.dimensions)
  }

  setQuery(query: PreparedQuery): void {
    this.#query = query
  }

  listRows(segment: number, listed: number): number {
    for (let i = 0; i < segmentRows; i++)
      if ((this.mask[i >>> 5]! >>> (i & 31)) & 1) this.rows[listed++] = segment * segmentRows + i
    return listed
  }

  keepAbove(count: number, floor: number): number {
    let kept = 0
    for (let i = 0; i < count; i++) {
      this.scores[kept] = this.#score(this.rows[i]!)
      if (this.scores[kept]! > floor) this.rows[kept++] = this.rows[i]!
    }
    return kept
  }

  keepAboveByCodes(count: number, floor: number): number {
    let kept = 0
    for (let i = 0; i < count; i++) if (this.#upperBound(this.rows[i]!) > floor) this.rows[kept++] = this.rows[i]!
    return this.keepAbove(kept, floor)
  }

  #score(row: number): number {
    const { segment, at } = this.#locate(row)
    return dotAt(this.#query!.values, segment.values, at * this.dimensions)
  }

  #upperBound(row: number): number {
    const { segment, at } = this.#locate(row)
    const { codes, scale, length, slack } = this.#query!
    const estimate = codeDotAt(codes, segment.codes, at * this.dimensions) * segment.scales[at]! * scale
    return estimate + segment.missed[at]! * length + slack
  }

  #locate(row: number): { readonly segment: Segment; readonly at: number } {
    return { segment: this.#segments[Math.floor(row / segmentRows)]!, at: row % segmentRows }
  }
}

/** Makes the codes of a row from its values; returns the square of its length. */
function encode({ values, codes, scales, missed }: Segment, row: number, dimensions: number): number {
  const start = row * dimensions
  let most = 0
  let squares = 0
  for (let i = start; i < start + dimensions; i++) {
    const value = values[i]!
    most = Math.max(most, Math.abs(value))
    squares += value * value
  }
  scales[row] = most / 127
  const scale = scales[row]!
  let missing = 0
  for (let i = start; i < start + dimensions; i++) {
    const code = scale > 0 ? Math.max(-127, Math.min(127, Math.round(values[i]! / scale))) : 0
    codes[i] = code
    missing += (values[i]! - scale * code) ** 2
  }
  const safety = roundingShare(dimensions)
  missed[row] = (Math.sqrt(missing) + Math.sqrt(squares) * safety) * (1 + safety)
  return Math.fround(squares)
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

function codeDotAt(query: Int16Array, data: Int8Array, offset: number): number {
  let sum = 0
  for (let i = 0; i < query.length; i++) sum = (sum + query[i]! * data[offset + i]!) | 0
  return sum
}
