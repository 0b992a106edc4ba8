import { PerStreamError } from '@perstream/spec'
import { type PreparedQuery, plainQuery, prepareQuery } from './prepared-query'
import { SlotSet } from './slot-set'
import { TopSlots, type VectorMatch } from './top-slots'
import { TypeScriptBank } from './typescript-bank'
import { segmentRows, type VectorBank } from './vector-bank'
import { wasmBanks } from './wasm-bank'

/** How a {@link VectorIndex} is made. */
export interface VectorIndexOptions {
  /** 'wasm' or 'typescript'. Default: WASM SIMD where it can run, else the TypeScript twin. */
  readonly engine?: 'wasm' | 'typescript' | undefined
  /** The most bytes that one WASM memory may take; what does not fit goes to a further one. Default: 4 GiB. */
  readonly memoryLimit?: number | undefined
}

/** How {@link VectorIndex.search} goes about. */
export interface VectorSearchOptions {
  /** How many slots to return, `Infinity` for all. Default 10. */
  readonly limit?: number | undefined
  /** The slots that may be returned; no others are read. Default: all. */
  readonly allowed?: SlotSet | undefined
  /**
   * 'f32' reads all vectors; 'int8' reads a quarter of the bytes, and the vectors of those rows only that may be among the
   * best. Both return the same. Default: whichever should be faster.
   */
  readonly scan?: 'f32' | 'int8' | undefined
}

/** Makes another vector of one, of the same width, and finite. */
export type VectorChange = (vector: Float32Array) => Float32Array

/** Rows in a contiguous range of slots. */
interface PlacedBank {
  readonly bank: VectorBank
  readonly firstSlot: number
}

/** A search under way. */
interface Search {
  readonly query: PreparedQuery
  readonly used: SlotSet
  readonly allowed: SlotSet | undefined
  readonly byCodes: boolean
  readonly top: TopSlots
}

/** The widest vectors an index takes. */
const widest = 8192
const segmentWords = segmentRows / 32

/**
 * Vectors of one width, one a slot, searched exactly. They are held twice, as 32-bit floats and as 8-bit codes (5 bytes an
 * element, rows padded to 16 elements), in memory that grows in place. Slots should be dense from 0: room is made up to the highest.
 */
export class VectorIndex {
  readonly engine: 'wasm' | 'typescript'
  readonly #openBank: () => VectorBank
  readonly #banks: PlacedBank[] = []
  readonly #used = new SlotSet()
  /** Slots whose codes are still to be made. */
  #withoutCodes = new SlotSet()
  /** Empty slots that are still to be filled with zeros. */
  #unclean = new SlotSet()
  /** What vectors are changed into before they are next read. */
  readonly #pending = new Map<number, VectorChange>()
  /** No vector is longer. Not lowered by deletions. */
  #longest = 0

  /** @throws TypeError when `dimensions` is not a whole number of 1..8192, or 'wasm' is asked for where it cannot run */
  constructor(
    readonly dimensions: number,
    options: VectorIndexOptions = {},
  ) {
    if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > widest)
      throw new TypeError(`dimensions is ${dimensions}: it must be a whole number of 1 to ${widest}`)
    const banks = options.engine === 'typescript' ? undefined : wasmBanks(dimensions, options.memoryLimit)
    if (!banks && options.engine === 'wasm')
      throw new TypeError(
        'engine is "wasm", but WASM SIMD is missing or not allowed here: leave it out to fall back to TypeScript',
      )
    this.engine = banks ? 'wasm' : 'typescript'
    this.#openBank = banks ?? (() => new TypeScriptBank(dimensions))
  }

  /** How many slots are in use. */
  get count(): number {
    return this.#used.count
  }

  /** The slots in use, ascending. */
  get slots(): Iterable<number> {
    return this.#used
  }

  /** Bytes of all rows, used or not. */
  get byteLength(): number {
    return this.#banks.reduce((sum, { bank }) => sum + bank.byteLength, 0)
  }

  /**
   * Writes a slot.
   * @throws TypeError when the slot is not a whole number from 0, or the vector has another width; and when the vector is not
   * finite: then the slot is empty
   * @throws PerStreamError 'out-of-memory' when there is no room for the slot
   */
  put(slot: number, vector: Float32Array): void {
    if (!Number.isInteger(slot) || slot < 0)
      throw new TypeError(`slot is ${slot}: it must be a whole number, 0 or more`)
    if (vector.length !== this.dimensions)
      throw new TypeError(`vector has ${vector.length} elements: it must have ${this.dimensions}`)
    const { bank, row } = this.#locate(slot) ?? this.#makeRoom(slot)
    this.#pending.delete(slot)
    const squares = bank.write(row, vector)
    if (!Number.isFinite(squares)) {
      this.delete(slot)
      bank.clear(row)
      throw new TypeError(`vector has a squared length of ${squares}: it must be finite`)
    }
    this.#used.add(slot)
    this.#unclean.delete(slot)
    this.#withoutCodes.delete(slot)
    this.#noteLength(squares)
  }

  /**
   * Writes vectors that were in an index before, one behind the other, into slots that follow each other. That they are finite is not
   * checked again, and their codes are made by the first search.
   * @throws PerStreamError 'out-of-memory' when there is no room for a slot
   */
  putBack(slot: number, vectors: Float32Array): void {
    const count = vectors.length / this.dimensions
    for (let done = 0; done < count; ) {
      const { bank, row } = this.#locate(slot + done) ?? this.#makeRoom(slot + done)
      const some = Math.min(count - done, segmentRows - (row % segmentRows))
      bank.writeValues(row, vectors.subarray(done * this.dimensions, (done + some) * this.dimensions))
      for (const end = done + some; done < end; done++) {
        this.#used.add(slot + done)
        this.#unclean.delete(slot + done)
        this.#withoutCodes.add(slot + done)
      }
    }
  }

  /** Changes the vector of a slot that is in use before it is next read: until then that takes no time. Changes of one slot are made in order. */
  changeLater(slot: number, change: VectorChange): void {
    this.#settle(slot)
    this.#pending.set(slot, change)
  }

  /** Empties a slot and fills its memory with zeros. */
  delete(slot: number): void {
    this.deleteLater(slot)
    this.#clear(slot)
  }

  /** Empties a slot at once, and fills its memory with zeros before anything is next searched: until then that takes no time. */
  deleteLater(slot: number): void {
    if (!this.#used.has(slot)) return
    this.#pending.delete(slot)
    this.#used.delete(slot)
    this.#withoutCodes.delete(slot)
    this.#unclean.add(slot)
  }

  /** Whether a slot is in use. */
  has(slot: number): boolean {
    return this.#used.has(slot)
  }

  /** Takes memory for so many slots at once, as far as one bank can have them: an index that is filled is faster then. */
  reserve(slots: number): void {
    if (this.#banks.length > 0 || slots === 0) return
    this.#grow(0)
    this.#banks[0]!.bank.reserve(slots)
  }

  /** A copy of a slot's vector, undefined when it is empty. */
  get(slot: number): Float32Array | undefined {
    if (!this.#used.has(slot)) return undefined
    this.#settle(slot)
    const { bank, row } = this.#locate(slot)!
    return bank.read(row)
  }

  /**
   * Finds the slots whose vectors have the highest dot product with a query, best first; of equals, the lower slot. Exact.
   * @throws TypeError when the query has another width or is not finite, or `limit` is not a whole number
   */
  search(query: Float32Array, options: VectorSearchOptions = {}): VectorMatch[] {
    const { limit = 10, allowed } = options
    if (!(Number.isInteger(limit) || limit === Number.POSITIVE_INFINITY) || limit < 0)
      throw new TypeError(`limit is ${limit}: it must be a whole number, 0 or more, or Infinity`)
    const rows = Math.min(this.count, allowed?.count ?? this.count)
    const { scan = this.#fasterScan(rows, limit) } = options
    const byCodes = scan === 'int8'
    const prepared = this.#prepare(query, byCodes)
    const search = { query: prepared, used: this.#used, allowed, byCodes, top: new TopSlots(limit) }
    for (const placed of limit > 0 ? this.#banks : []) searchBank(placed, search)
    return search.top.list()
  }

  /**
   * Dot products of a query with the vectors of some slots, in their order; NaN for those that are empty.
   * @throws TypeError when the query has another width or is not finite
   */
  scoresOf(query: Float32Array, slots: ArrayLike<number>): Float32Array {
    const prepared = this.#prepare(query, false)
    for (const { bank } of this.#banks) bank.setQuery(prepared)
    const scores = new Float32Array(slots.length).fill(Number.NaN)
    let done = 0
    while (done < slots.length) done += this.#scoreSome(slots, done, scores)
    return scores
  }

  /** Scores the next slots of a list that lie in one bank; returns how far it got. */
  #scoreSome(slots: ArrayLike<number>, start: number, scores: Float32Array): number {
    const first = this.#used.has(slots[start]!) ? this.#locate(slots[start]!) : undefined
    if (!first) return 1
    const { bank, row } = first
    const offset = slots[start]! - row
    let count = 0
    for (; count < segmentRows && start + count < slots.length; count++) {
      const slot = slots[start + count]!
      if (slot < offset || slot >= offset + bank.capacity || !this.#used.has(slot)) break
      bank.rows[count] = slot - offset
    }
    bank.keepAbove(count, Number.NEGATIVE_INFINITY)
    for (let i = 0; i < count; i++) scores[start + i] = bank.scores[i]!
    return count
  }

  #prepare(query: Float32Array, byCodes: boolean): PreparedQuery {
    if (query.length !== this.dimensions)
      throw new TypeError(`query has ${query.length} elements: it must have ${this.dimensions}`)
    for (const slot of this.#pending.keys()) this.#settle(slot)
    for (const slot of this.#unclean) this.#clear(slot)
    this.#makeCodes()
    return byCodes ? prepareQuery(query, this.#longest) : plainQuery(query)
  }

  /** Makes the change of a slot that waits. */
  #settle(slot: number): void {
    const change = this.#pending.get(slot)
    if (!change) return
    const { bank, row } = this.#locate(slot)!
    this.put(slot, change(bank.read(row)))
  }

  /** Fills the memory of an empty slot with zeros, where they are not there yet. */
  #clear(slot: number): void {
    if (!this.#unclean.has(slot)) return
    const { bank, row } = this.#locate(slot)!
    bank.clear(row)
    this.#unclean.delete(slot)
  }

  #makeCodes(): void {
    if (this.#withoutCodes.count === 0) return
    for (const slot of this.#withoutCodes) {
      const { bank, row } = this.#locate(slot)!
      this.#noteLength(bank.encode(row))
    }
    this.#withoutCodes = new SlotSet()
  }

  /** Single-precision sums may come out a little short. */
  #noteLength(squares: number): void {
    this.#longest = Math.max(this.#longest, Math.sqrt(squares) * 1.001)
  }

  #fasterScan(rows: number, limit: number): 'f32' | 'int8' {
    return this.engine === 'wasm' && rows >= 16 * limit ? 'int8' : 'f32'
  }

  #locate(slot: number): { readonly bank: VectorBank; readonly row: number } | undefined {
    for (const { bank, firstSlot } of this.#banks)
      if (slot < firstSlot + bank.capacity) return { bank, row: slot - firstSlot }
    return undefined
  }

  #makeRoom(slot: number): { readonly bank: VectorBank; readonly row: number } {
    for (;;) {
      this.#grow(slot)
      const place = this.#locate(slot)
      if (place) return place
    }
  }

  /** Adds a segment to the last bank, or where that can take no more, to a new one. */
  #grow(slot: number): void {
    const last = this.#banks.at(-1)
    if (last && tryToGrow(last.bank)) return
    try {
      const bank = this.#openBank()
      bank.grow()
      this.#banks.push({ bank, firstSlot: last ? last.firstSlot + last.bank.capacity : 0 })
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause
      const { byteLength } = this
      throw new PerStreamError(
        'out-of-memory',
        `there is no memory for slot ${slot} of a vector index of ${byteLength} bytes: delete memories, or use a larger machine`,
        { fields: { slot, byteLength }, cause },
      )
    }
  }
}

function tryToGrow(bank: VectorBank): boolean {
  try {
    bank.grow()
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** Offers the rows of a bank that are in use and allowed to the best so far, some hundred at a time. */
function searchBank({ bank, firstSlot }: PlacedBank, { query, used, allowed, byCodes, top }: Search): void {
  bank.setQuery(query)
  const first = firstSlot / 32
  const end = Math.min(first + bank.capacity / 32, used.words.length, allowed?.words.length ?? Number.POSITIVE_INFINITY)
  let listed = 0
  for (let word = first; ; ) {
    word = nextCommon(used.words, allowed?.words, word, end)
    if (word >= end) break
    const segment = Math.floor((word - first) / segmentWords)
    word = first + (segment + 1) * segmentWords
    copyCommon(used.words, allowed?.words, word - segmentWords, bank.mask)
    listed = bank.listRows(segment, listed)
    if (listed < segmentRows) continue
    offerListed(bank, listed, firstSlot, top, byCodes)
    listed = 0
  }
  offerListed(bank, listed, firstSlot, top, byCodes)
}

function offerListed(bank: VectorBank, listed: number, firstSlot: number, top: TopSlots, byCodes: boolean): void {
  let left = listed
  while (left > 0) {
    const { floor } = top
    // Until there are enough, codes can rule nothing out: a few rows are scored to begin with.
    const start = byCodes && floor === Number.NEGATIVE_INFINITY
    const count = start ? Math.min(left, Math.max(32, 4 * top.limit)) : left
    const kept = byCodes && !start ? bank.keepAboveByCodes(count, floor) : bank.keepAbove(count, floor)
    for (let i = 0; i < kept; i++) top.offer(firstSlot + bank.rows[i]!, bank.scores[i]!)
    left -= count
    if (left > 0) bank.rows.copyWithin(0, count, count + left)
  }
}

/** The next word, from one on, in which two sets have a bit in common; `end` when there is none. */
function nextCommon(a: Uint32Array, b: Uint32Array | undefined, word: number, end: number): number {
  if (b) while (word < end && (a[word]! & b[word]!) === 0) word++
  else while (word < end && a[word] === 0) word++
  return word
}

/** Copies the bits of a segment that two sets have in common. */
function copyCommon(a: Uint32Array, b: Uint32Array | undefined, start: number, target: Uint32Array): void {
  for (let i = 0; i < segmentWords; i++) target[i] = (a[start + i] ?? 0) & (b ? (b[start + i] ?? 0) : -1)
}
