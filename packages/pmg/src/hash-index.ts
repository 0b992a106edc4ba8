/**
 * Numbers by the hash of a key that is not kept itself, which spares its memory. What is found under a key may belong to
 * another one of the same hash: whoever looks up compares.
 */
export class HashIndex {
  readonly #byHash = new Map<number, number | number[]>()

  /** What was added under the key, or one of its hash, in the order it came. */
  get(key: string): readonly number[] {
    const found = this.#byHash.get(hash(key))
    return found === undefined ? none : typeof found === 'number' ? [found] : found
  }

  add(key: string, value: number): void {
    const code = hash(key)
    const found = this.#byHash.get(code)
    if (found === undefined) this.#byHash.set(code, value)
    else if (typeof found !== 'number') found.push(value)
    else this.#byHash.set(code, [found, value])
  }

  delete(key: string, value: number): void {
    const code = hash(key)
    const found = this.#byHash.get(code)
    if (found === value) this.#byHash.delete(code)
    if (found === undefined || typeof found === 'number') return
    const place = found.indexOf(value)
    if (place >= 0) found.splice(place, 1)
    if (found.length === 0) this.#byHash.delete(code)
  }
}

const none: readonly number[] = []

/** FNV-1a over UTF-16 code units. */
function hash(text: string): number {
  let code = 0x811c9dc5
  for (let i = 0; i < text.length; i++) code = Math.imul(code ^ text.charCodeAt(i), 0x01000193)
  return code | 0
}
