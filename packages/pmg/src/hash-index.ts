import type { SectionReader, SectionWriter } from './sections'

const smallest = 16
const mostFilled = 0.8
const growth = 1.6
/** Spreads hashes whose high bits are alike: 2^32 divided by the golden ratio (Knuth, TAOCP 6.4). */
const spread = 0x9e3779b1

/**
 * Numbers by the hash of a key that is not kept itself, which spares its memory (about 12 bytes a number). What is found under a key may
 * belong to another one of the same hash: whoever looks up compares. An open hash table with linear probing.
 */
export class HashIndex {
  /** A hash, and its number plus 1; 0 where the place is empty. */
  #pairs: Uint32Array = new Uint32Array(2 * smallest)
  #count = 0

  /** How many numbers are in. */
  get size(): number {
    return this.#count
  }

  /** What was added under a hash and passes, ascending. */
  get(hash: number, passes: (value: number) => boolean = () => true): readonly number[] {
    const pairs = this.#pairs
    const found: number[] = []
    for (let place = this.#home(hash); pairs[place + 1] !== 0; place = this.#next(place))
      if (pairs[place] === hash && passes(pairs[place + 1]! - 1)) found.push(pairs[place + 1]! - 1)
    return found.length < 2 ? found : found.sort((a, b) => a - b)
  }

  /** What was added under a hash, where it is the only one. */
  only(hash: number): number | undefined {
    const pairs = this.#pairs
    let found: number | undefined
    for (let place = this.#home(hash); pairs[place + 1] !== 0; place = this.#next(place)) {
      if (pairs[place] !== hash) continue
      if (found !== undefined) return undefined
      found = pairs[place + 1]! - 1
    }
    return found
  }

  /** @param hash a whole number of 0..2^32-1 */
  add(hash: number, value: number): void {
    if (this.#count + 1 > (this.#pairs.length / 2) * mostFilled) this.#grow()
    this.#insert(hash, value + 1)
    this.#count++
  }

  delete(hash: number, value: number): void {
    const pairs = this.#pairs
    let place = this.#home(hash)
    while (pairs[place + 1] !== 0 && !(pairs[place] === hash && pairs[place + 1] === value + 1))
      place = this.#next(place)
    if (pairs[place + 1] === 0) return
    this.#close(place)
    this.#count--
  }

  /** Deletes all numbers that a mask marks, whatever their hashes. Costs the table. */
  deleteAll(dead: Uint8Array): void {
    const before = this.#pairs
    this.#pairs = new Uint32Array(before.length)
    this.#count = 0
    for (let place = 0; place < before.length; place += 2) {
      if (before[place + 1] === 0 || dead[before[place + 1]! - 1]) continue
      this.#insert(before[place]!, before[place + 1]!)
      this.#count++
    }
  }

  /** Calls back with each hash and its number, in no order. */
  forEach(callback: (hash: number, value: number) => void): void {
    for (let place = 0; place < this.#pairs.length; place += 2)
      if (this.#pairs[place + 1] !== 0) callback(this.#pairs[place]!, this.#pairs[place + 1]! - 1)
  }

  /** Hashes that more than one number has. */
  shared(): Set<number> {
    const seen = new Set<number>()
    const twice = new Set<number>()
    for (let place = 0; place < this.#pairs.length; place += 2) {
      if (this.#pairs[place + 1] === 0) continue
      const hash = this.#pairs[place]!
      if (seen.has(hash)) twice.add(hash)
      seen.add(hash)
    }
    return twice
  }

  save(writer: SectionWriter, name: string): void {
    writer.numbers(`${name}.pairs`, this.#pairs)
    writer.json(`${name}.count`, this.#count)
  }

  restore(reader: SectionReader, name: string): void {
    this.#pairs = reader.uint32(`${name}.pairs`)
    this.#count = reader.json(`${name}.count`)
  }

  #home(hash: number): number {
    return 2 * Math.floor(((Math.imul(hash, spread) >>> 0) / 0x100000000) * (this.#pairs.length / 2))
  }

  #next(place: number): number {
    return place + 2 === this.#pairs.length ? 0 : place + 2
  }

  #insert(hash: number, stored: number): void {
    const pairs = this.#pairs
    let place = this.#home(hash)
    while (pairs[place + 1] !== 0) place = this.#next(place)
    pairs[place] = hash
    pairs[place + 1] = stored
  }

  /** Empties a place and moves up what would not be found behind the gap. */
  #close(start: number): void {
    const pairs = this.#pairs
    let gap = start
    for (let place = this.#next(gap); pairs[place + 1] !== 0; place = this.#next(place)) {
      const home = this.#home(pairs[place]!)
      const stays = gap <= place ? gap < home && home <= place : gap < home || home <= place
      if (stays) continue
      pairs[gap] = pairs[place]!
      pairs[gap + 1] = pairs[place + 1]!
      gap = place
    }
    pairs[gap] = 0
    pairs[gap + 1] = 0
  }

  #grow(): void {
    const before = this.#pairs
    this.#pairs = new Uint32Array(2 * Math.ceil((before.length / 2) * growth))
    for (let place = 0; place < before.length; place += 2)
      if (before[place + 1] !== 0) this.#insert(before[place]!, before[place + 1]!)
  }
}

/** FNV-1a over UTF-16 code units: 0..2^32-1. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** A hash of whole numbers below 2^32, in their order. */
export function hashNumbers(...values: readonly number[]): number {
  let hash = 0x811c9dc5
  for (const value of values) {
    hash = Math.imul(hash ^ value, 0x85ebca6b)
    hash ^= hash >>> 13
  }
  return hash >>> 0
}
