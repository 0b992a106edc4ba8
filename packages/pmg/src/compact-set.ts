/** Up to this many are kept in an array. */
const few = 8

/** A set in insertion order that takes little memory while it is small: most entities and relations have one memory. */
export class CompactSet<Value> implements Iterable<Value> {
  #values: Value[] | Set<Value> = []

  get size(): number {
    return Array.isArray(this.#values) ? this.#values.length : this.#values.size
  }

  has(value: Value): boolean {
    return Array.isArray(this.#values) ? this.#values.includes(value) : this.#values.has(value)
  }

  add(value: Value): void {
    if (!Array.isArray(this.#values)) this.#values.add(value)
    else if (this.#values.includes(value)) return
    else if (this.#values.length < few) this.#values.push(value)
    else this.#values = new Set(this.#values).add(value)
  }

  delete(value: Value): void {
    if (!Array.isArray(this.#values)) {
      this.#values.delete(value)
      return
    }
    const place = this.#values.indexOf(value)
    if (place >= 0) this.#values.splice(place, 1)
  }

  [Symbol.iterator](): IterableIterator<Value> {
    return this.#values[Symbol.iterator]()
  }
}
