import type { SlotSet } from './slot-set'
import { TopSlots } from './top-slots'

/** A search by words: what each document has of them. */
export interface LexicalMatches {
  /** The best documents, best first. */
  readonly top: readonly { readonly slot: number; readonly score: number }[]
  /** The score of any document, 0 when it has none of the terms. */
  scoreOf(slot: number): number
  /** What a document with all terms, once each, and no other would score, near enough: what scores are measured by. */
  readonly whole: number
}

/** A term as it is asked for; `weight` 1 for a word itself, less for one that only resembles it. */
export interface WeightedTerm {
  readonly term: string
  readonly weight: number
  /** Whether it is a word of the question itself. */
  readonly asked?: boolean
}

/** Where a term occurs: slots ascending, and how often there (255 at most). */
interface Posting {
  slots: Uint32Array
  counts: Uint8Array
  length: number
}

/** What a search adds up. */
interface Sums {
  /** By slot. */
  readonly scores: Float32Array
  /** The slots that have a score. */
  readonly touched: number[]
  readonly allowed: SlotSet | undefined
}

const k1 = 1.2
/** Memories are sentences: a longer one tells more, it does not ramble, so length counts for less than in documents (0.75). */
const b = 0.25

/** An inverted index over short documents, scored by BM25 (Robertson and Zaragoza 2009). Documents are numbered slots. */
export class LexicalIndex {
  readonly #postings = new Map<string, Posting>()
  /** Terms by the character trigrams they contain. */
  readonly #byTrigram = new Map<string, Set<string>>()
  #lengths = new Uint16Array(64)
  #documents = 0
  #totalLength = 0

  /** Adds a document at a slot that is empty. */
  put(slot: number, terms: readonly string[]): void {
    const counts = new Map<string, number>()
    for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
    for (const [term, count] of counts) insert(this.#posting(term), slot, Math.min(255, count))
    if (slot >= this.#lengths.length) this.#grow(slot)
    this.#lengths[slot] = Math.min(65_535, terms.length)
    this.#totalLength += this.#lengths[slot]!
    this.#documents++
  }

  /** Removes the document at a slot, which must be of these terms. */
  delete(slot: number, terms: readonly string[]): void {
    for (const term of new Set(terms)) {
      const posting = this.#postings.get(term)
      if (posting && remove(posting, slot) && posting.length === 0) this.#forget(term)
    }
    this.#totalLength -= this.#lengths[slot] ?? 0
    this.#lengths[slot] = 0
    this.#documents--
  }

  /** How many documents have a term. */
  frequency(term: string): number {
    return this.#postings.get(term)?.length ?? 0
  }

  /** Whether any of the allowed documents has a term. */
  occurs(term: string, allowed: SlotSet | undefined): boolean {
    const posting = this.#postings.get(term)
    if (!posting || !allowed) return posting !== undefined
    for (let i = 0; i < posting.length; i++) if (allowed.has(posting.slots[i]!)) return true
    return false
  }

  /** How much a term tells: the logarithm of its rarity. */
  rarity(term: string): number {
    const holding = this.frequency(term)
    return Math.log(1 + (this.#documents - holding + 0.5) / (holding + 0.5))
  }

  /** The slots of the documents that have a term, ascending, `limit` at most. */
  slotsOf(term: string, limit: number): Uint32Array {
    const posting = this.#postings.get(term)
    return posting ? posting.slots.slice(0, Math.min(limit, posting.length)) : new Uint32Array(0)
  }

  /** Known terms that share character trigrams with a word, most shared first. */
  lookAlikes(word: string, limit: number): string[] {
    const shared = new Map<string, number>()
    const all = trigrams(word)
    for (const trigram of all)
      for (const term of this.#byTrigram.get(trigram) ?? []) shared.set(term, (shared.get(term) ?? 0) + 1)
    return [...shared]
      .filter(([, count]) => count >= all.size / 3)
      .sort((x, y) => y[1] - x[1])
      .slice(0, limit)
      .map(([term]) => term)
  }

  /** BM25 of every document that has one of the terms. Costs the lengths of the terms' posting lists. */
  search(terms: readonly WeightedTerm[], limit: number, allowed?: SlotSet): LexicalMatches {
    const sums: Sums = { scores: new Float32Array(this.#lengths.length), touched: [], allowed }
    let whole = 0
    for (const { term, weight, asked } of terms) {
      const gain = weight * this.rarity(term)
      if (asked) whole += gain
      const posting = this.#postings.get(term)
      if (posting) this.#add(posting, gain, sums)
    }
    const { scores, touched } = sums
    const top = new TopSlots(limit)
    for (const slot of touched) if (scores[slot]! > top.floor) top.offer(slot, scores[slot]!)
    return { top: top.list(), scoreOf: (slot) => scores[slot] ?? 0, whole }
  }

  #add({ slots, counts, length }: Posting, gain: number, { scores, touched, allowed }: Sums): void {
    const lengths = this.#lengths
    const perTerm = (k1 * b * this.#documents) / Math.max(1, this.#totalLength)
    for (let i = 0; i < length; i++) {
      const slot = slots[i]!
      if (allowed && !allowed.has(slot)) continue
      const count = counts[i]!
      const part = (gain * count * (k1 + 1)) / (count + k1 * (1 - b) + perTerm * lengths[slot]!)
      if (scores[slot] === 0) touched.push(slot)
      scores[slot]! += part
    }
  }

  #posting(term: string): Posting {
    const known = this.#postings.get(term)
    if (known) return known
    const posting = { slots: new Uint32Array(2), counts: new Uint8Array(2), length: 0 }
    this.#postings.set(term, posting)
    for (const trigram of trigrams(term)) {
      const terms = this.#byTrigram.get(trigram)
      if (terms) terms.add(term)
      else this.#byTrigram.set(trigram, new Set([term]))
    }
    return posting
  }

  #forget(term: string): void {
    this.#postings.delete(term)
    for (const trigram of trigrams(term)) {
      const terms = this.#byTrigram.get(trigram)
      terms?.delete(term)
      if (terms?.size === 0) this.#byTrigram.delete(trigram)
    }
  }

  #grow(slot: number): void {
    const capacity = Math.max(slot + 1, this.#lengths.length * 2)
    const lengths = new Uint16Array(capacity)
    lengths.set(this.#lengths)
    this.#lengths = lengths
  }
}

/** The runs of three letters of a word, its ends marked; none of what is short or has digits: those must be exact. */
function trigrams(word: string): Set<string> {
  if (word.length < 4 || /\p{N}/u.test(word)) return new Set()
  const marked = `^${word}$`
  return new Set(Array.from({ length: marked.length - 2 }, (_, i) => marked.slice(i, i + 3)))
}

function insert(posting: Posting, slot: number, count: number): void {
  const { length } = posting
  if (length === posting.slots.length) {
    const slots = new Uint32Array(length * 2)
    const counts = new Uint8Array(length * 2)
    slots.set(posting.slots)
    counts.set(posting.counts)
    posting.slots = slots
    posting.counts = counts
  }
  const at = lowerBound(posting, slot)
  posting.slots.copyWithin(at + 1, at, length)
  posting.counts.copyWithin(at + 1, at, length)
  posting.slots[at] = slot
  posting.counts[at] = count
  posting.length++
}

function remove(posting: Posting, slot: number): boolean {
  const at = lowerBound(posting, slot)
  if (at === posting.length || posting.slots[at] !== slot) return false
  posting.slots.copyWithin(at, at + 1, posting.length)
  posting.counts.copyWithin(at, at + 1, posting.length)
  posting.length--
  return true
}

/** The first place whose slot is not below; documents mostly come in order, so the end is tried first. */
function lowerBound({ slots, length }: Posting, slot: number): number {
  if (length === 0 || slots[length - 1]! < slot) return length
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    if (slots[middle]! < slot) low = middle + 1
    else high = middle
  }
  return low
}
