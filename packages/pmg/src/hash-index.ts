/**
 * Values by the hash of a key that is not kept itself, which spares its memory. What is found under a key may belong to
 * another one of the same hash: whoever looks up compares.
 */
export class HashIndex<Value extends number | string> {
  readonly #byHash = new Map<number, Value | Value[]>()

  /** What was added under the key, or one of its hash, in the order it came. */
  get(key: string): readonly Value[] {
    const found = this.#byHash.get(hash(key))
    return found === undefined ? [] : Array.isArray(found) ? found : [found]
  }

  add(key: string, value: Value): void {
    const code = hash(key)
    const found = this.#byHash.get(code)
    if (found === undefined) this.#byHash.set(code, value)
    else if (Array.isArray(found)) found.push(value)
    else this.#byHash.set(code, [found, value])
  }

  delete(key: string, value: Value): void {
    const code = hash(key)
    const found = this.#byHash.get(code)
    if (found === value) this.#byHash.delete(code)
    if (!Array.isArray(found)) return
    const place = found.indexOf(value)
    if (place >= 0) found.splice(place, 1)
    if (found.length === 0) this.#byHash.delete(code)
  }
}

/** FNV-1a over UTF-16 code units. */
function hash(text: string): number {
  let code = 0x811c9dc5
  for (let i = 0; i < text.length; i++) code = Math.imul(code ^ text.charCodeAt(i), 0x01000193)
  return code | 0
}
