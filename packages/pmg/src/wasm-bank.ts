import { compileKernel, type WasmKernel, type WasmMemory } from '@perstream/kit'
import { vectorsWasm } from './generated/vectors-wasm'
import type { PreparedQuery } from './prepared-query'
import { roundingShare } from './rounding-share'
import { listLength, segmentRows, type VectorBank } from './vector-bank'

interface Kernel {
  configure(
    width: number,
    query: number,
    queryCodes: number,
    mask: number,
    rows: number,
    scores: number,
    segments: number,
  ): void
  encode(row: number, safety: number): number
  clear(row: number): void
  listRows(segment: number, listed: number): number
  keepAbove(count: number, floor: number): number
  keepAboveByCodes(count: number, floor: number, scale: number, length: number, slack: number): number
}

const pageBytes = 65536
const cacheLine = 64
/** The last page of the 4 GiB is left out, so that the address behind a row is always a number. */
const mostPages = 65535

/** Makes banks in WASM memories of `limit` bytes at most; undefined where WASM SIMD is missing or not allowed. */
export function wasmBanks(dimensions: number, limit = mostPages * pageBytes): (() => VectorBank) | undefined {
  const kernel = compileKernel(vectorsWasm)
  return kernel && (() => new WasmBank(kernel, dimensions, Math.min(mostPages, Math.floor(limit / pageBytes))))
}

/** Rows in one WASM memory that grows in place; assembly/vectors.ts says how they lie. */
class WasmBank implements VectorBank {
  capacity = 0
  mask!: Uint32Array
  rows!: Uint32Array
  scores!: Float32Array
  readonly #memory: WasmMemory
  readonly #kernel: Kernel
  readonly #width: number
  readonly #safety: number
  readonly #segments: number
  readonly #segmentBytes: number
  /** Pages the memory may have. */
  readonly #maximum: number
  #floats!: Float32Array
  #query: PreparedQuery | undefined

  constructor(
    kernel: WasmKernel,
    readonly dimensions: number,
    maximum: number,
  ) {
    this.#maximum = maximum
    const width = Math.ceil(dimensions / 16) * 16
    this.#width = width
    this.#safety = roundingShare(width)
    this.#segmentBytes = segmentRows * (width * 5 + 8)
    this.#segments = Math.ceil((addressOf.query + width * 6) / cacheLine) * cacheLine
    const instance = kernel.instantiate({ initial: Math.ceil(this.#segments / pageBytes), maximum })
    this.#memory = instance.memory
    this.#kernel = instance.exports as Kernel
    const { query, mask, rows, scores } = addressOf
    this.#kernel.configure(width, query, query + width * 4, mask, rows, scores, this.#segments)
    this.#view()
  }

  get byteLength(): number {
    return this.#segments + (this.capacity / segmentRows) * this.#segmentBytes
  }

  reserve(rows: number): void {
    const bytes = this.#segments + Math.ceil(rows / segmentRows) * this.#segmentBytes
    const pages = Math.min(this.#maximum, Math.ceil(bytes / pageBytes)) - this.#memory.buffer.byteLength / pageBytes
    if (pages > 0) this.#growMemory(0, pages)
  }

  grow(): void {
    const { byteLength } = this.#memory.buffer
    const pages = Math.ceil((this.byteLength + this.#segmentBytes - byteLength) / pageBytes)
    if (pages > 0) this.#growMemory(pages, Math.floor(byteLength / pageBytes / 8))
    this.capacity += segmentRows
  }

  /** Growing makes a new buffer, whose size an engine may take for a reason to collect all garbage: so it is done seldom. */
  #growMemory(needed: number, wanted: number): void {
    try {
      this.#memory.grow(Math.max(needed, wanted))
    } catch (error) {
      if (!(error instanceof RangeError) || wanted <= needed) throw error
      this.#memory.grow(needed)
    }
    this.#view()
  }

  write(row: number, vector: Float32Array): number {
    this.#floats.set(vector, this.#valuesOf(row))
    return this.encode(row)
  }

  writeValues(row: number, vectors: Float32Array): void {
    const { dimensions } = this
    if (dimensions === this.#width) this.#floats.set(vectors, this.#valuesOf(row))
    else
      for (let i = 0; i * dimensions < vectors.length; i++)
        this.#floats.set(vectors.subarray(i * dimensions, (i + 1) * dimensions), this.#valuesOf(row + i))
  }

  encode(row: number): number {
    return this.#kernel.encode(row, this.#safety)
  }

  clear(row: number): void {
    this.#kernel.clear(row)
  }

  read(row: number): Float32Array {
    const values = this.#valuesOf(row)
    return this.#floats.slice(values, values + this.dimensions)
  }

  setQuery(query: PreparedQuery): void {
    const { buffer } = this.#memory
    new Float32Array(buffer, addressOf.query, this.#width).set(query.values)
    new Int16Array(buffer, addressOf.query + this.#width * 4, this.#width).set(query.codes)
    this.#query = query
  }

  listRows(segment: number, listed: number): number {
    return this.#kernel.listRows(segment, listed)
  }

  keepAbove(count: number, floor: number): number {
    return this.#kernel.keepAbove(count, floor)
  }

  keepAboveByCodes(count: number, floor: number): number {
    const { scale, length, slack } = this.#query!
    return this.#kernel.keepAboveByCodes(count, floor, scale, length, slack)
  }

  /** Where the values of a row begin, in floats. */
  #valuesOf(row: number): number {
    const segment = Math.floor(row / segmentRows)
    return (this.#segments + segment * this.#segmentBytes) / 4 + (row % segmentRows) * this.#width
  }

  #view(): void {
    const { buffer } = this.#memory
    this.#floats = new Float32Array(buffer)
    this.mask = new Uint32Array(buffer, addressOf.mask, segmentRows / 32)
    this.rows = new Uint32Array(buffer, addressOf.rows, listLength)
    this.scores = new Float32Array(buffer, addressOf.scores, listLength)
  }
}

const addressOf = { mask: 1024, rows: 1088, scores: 3136, query: 5184 }
