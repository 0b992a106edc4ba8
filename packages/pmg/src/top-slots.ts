/** A slot of a vector index and how near its vector is. */
export interface VectorMatch {
  readonly slot: number
  /** Dot product with the query, in single precision. */
  readonly score: number
}

/** The best of the slots offered, `limit` at most: a heap with the worst of them on top. Of equals, the lower slot is better. */
export class TopSlots {
  readonly #heap: VectorMatch[] = []

  constructor(readonly limit: number) {}

  /** What a higher slot must exceed to get in. */
  get floor(): number {
    if (this.#heap.length < this.limit) return Number.NEGATIVE_INFINITY
    return this.#heap[0]?.score ?? Number.POSITIVE_INFINITY
  }

  offer(slot: number, score: number): void {
    const match = { slot, score }
    if (this.#heap.length < this.limit) this.#rise(match)
    else if (this.limit > 0 && isWorse(this.#heap[0]!, match)) this.#sink(match)
  }

  /** The best, best first. */
  list(): VectorMatch[] {
    return [...this.#heap].sort((a, b) => b.score - a.score || a.slot - b.slot)
  }

  #rise(match: VectorMatch): void {
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isWorse(match, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = match
  }

  #sink(match: VectorMatch): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isWorse(heap[child + 1]!, heap[child]!)) child++
      if (!isWorse(heap[child]!, match)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = match
  }
}

function isWorse(a: VectorMatch, b: VectorMatch): boolean {
  return a.score < b.score || (a.score === b.score && a.slot > b.slot)
}
