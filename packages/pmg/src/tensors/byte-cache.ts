/** Keeps values up to a number of bytes; the one that was used longest ago goes first. */
export class ByteCache<Value> {
  readonly #kept = new Map<string, { value: Value; bytes: number }>()
  readonly #most: number
  #bytes = 0

  /** @param most bytes; a value that is larger alone is not kept */
  constructor(most: number) {
    this.#most = most
  }

  get(key: string): Value | undefined {
    const kept = this.#kept.get(key)
    if (!kept) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept.value
  }

  set(key: string, value: Value, bytes: number): void {
    this.delete(key)
    if (bytes > this.#most) return
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes + bytes <= this.#most) break
      this.delete(oldest)
    }
    this.#kept.set(key, { value, bytes })
    this.#bytes += bytes
  }

  delete(key: string): void {
    const kept = this.#kept.get(key)
    if (!kept) return
    this.#bytes -= kept.bytes
    this.#kept.delete(key)
  }

  clear(): void {
    this.#kept.clear()
    this.#bytes = 0
  }

  get bytes(): number {
    return this.#bytes
  }
}
