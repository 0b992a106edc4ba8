/** Up to this many are kept in an array. */
const few = 8

/** A set of strings in insertion order that takes little memory while it is small: most entities and relations have one memory. */
export class CompactSet implements Iterable<string> {
  #values: string | string[] | Set<string> | undefined

  get size(): number {
    const values = this.#values
    if (values === undefined) return 0
    return typeof values === 'string' ? 1 : Array.isArray(values) ? values.length : values.size
  }

  has(value: string): boolean {
    const values = this.#values
    if (values === undefined || typeof values === 'string') return values === value
    return Array.isArray(values) ? values.includes(value) : values.has(value)
  }

  add(value: string): void {
    const values = this.#values
    if (values === undefined) this.#values = value
    else if (values instanceof Set) values.add(value)
    else if (this.has(value)) return
    else if (typeof values === 'string') this.#values = [values, value]
    else if (values.length < few) values.push(value)
    else this.#values = new Set(values).add(value)
  }

  delete(value: string): void {
    const values = this.#values
    if (values instanceof Set) values.delete(value)
    else if (values === value) this.#values = undefined
    else if (Array.isArray(values) && values.includes(value)) values.splice(values.indexOf(value), 1)
  }

  [Symbol.iterator](): IterableIterator<string> {
    const values = this.#values
    return (typeof values === 'string' ? [values] : (values ?? []))[Symbol.iterator]()
  }
}
