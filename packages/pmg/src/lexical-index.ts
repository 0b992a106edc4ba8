/** An inverted index over small documents, scored by BM25 (Robertson; k1 1.2, b 0.75). Documents are numbered slots. */
export class LexicalIndex {
  readonly #postings = new Map<string, Map<number, number>>()
  readonly #documents = new Map<number, ReadonlyMap<string, number>>()
  readonly #lengths = new Map<number, number>()
  #totalLength = 0

  /** Replaces the document at a slot. */
  put(slot: number, terms: readonly string[]): void {
    this.delete(slot)
    const counts = new Map<string, number>()
    for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
    for (const [term, count] of counts) {
      const posting = this.#postings.get(term)
      if (posting) posting.set(slot, count)
      else this.#postings.set(term, new Map([[slot, count]]))
    }
    this.#documents.set(slot, counts)
    this.#lengths.set(slot, terms.length)
    this.#totalLength += terms.length
  }

  /** Removes the document at a slot, if there is one. */
  delete(slot: number): void {
    for (const term of this.#documents.get(slot)?.keys() ?? []) {
      const posting = this.#postings.get(term)!
      posting.delete(slot)
      if (posting.size === 0) this.#postings.delete(term)
    }
    this.#totalLength -= this.#lengths.get(slot) ?? 0
    this.#documents.delete(slot)
    this.#lengths.delete(slot)
  }

  /** The distinct terms of the document at a slot. */
  terms(slot: number): ReadonlyMap<string, number> {
    return this.#documents.get(slot) ?? noTerms
  }

  /** BM25 of every document that has one of the terms. Costs the lengths of the terms' posting lists. */
  search(terms: readonly string[], allowed: (slot: number) => boolean): Map<number, number> {
    const scores = new Map<number, number>()
    const average = this.#totalLength / Math.max(1, this.#documents.size)
    for (const term of new Set(terms)) {
      const posting = this.#postings.get(term)
      if (!posting) continue
      const weight = this.#rarity(posting.size)
      for (const [slot, count] of posting) {
        if (!allowed(slot)) continue
        const length = this.#lengths.get(slot)! / average
        const gain = (weight * count * (k1 + 1)) / (count + k1 * (1 - b + b * length))
        scores.set(slot, (scores.get(slot) ?? 0) + gain)
      }
    }
    return scores
  }

  #rarity(documents: number): number {
    return Math.log(1 + (this.#documents.size - documents + 0.5) / (documents + 0.5))
  }
}

const k1 = 1.2
const b = 0.75
const noTerms: ReadonlyMap<string, number> = new Map()
