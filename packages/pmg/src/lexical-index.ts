import { PerStreamError } from '@perstream/spec'
import { grown } from './grown'
import { NameTable } from './name-table'
import { NumberLists } from './number-lists'
import type { SectionReader, SectionWriter } from './sections'
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

/** A posting is a slot times this, and how often the term occurs there (255 at most). */
const slotBits = 8
const perSlot = 2 ** slotBits
const mostSlots = 2 ** 32 / perSlot

/**
 * An inverted index over short documents, scored by BM25 (Robertson and Zaragoza 2009). Documents are numbered slots, 16,777,216 at
 * most. A posting takes 4 bytes.
 */
export class LexicalIndex {
  readonly #terms = new NameTable()
  readonly #postings = new NumberLists()
  /** Terms by the character trigrams they contain; made when a word is looked for that no document has. */
  #byTrigram: Map<string, Set<string>> | undefined
  #lengths: Uint16Array = new Uint16Array(64)
  #documents = 0
  #totalLength = 0

  /**
   * Adds a document at a slot that is empty.
   * @throws PerStreamError 'out-of-memory' for a slot beyond the last
   */
  put(slot: number, terms: readonly string[]): void {
    if (slot >= mostSlots)
      throw new PerStreamError('out-of-memory', `a graph holds at most ${mostSlots} memories: use several graphs`, {
        fields: { slot },
      })
    const counts = new Map<string, number>()
    for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
    for (const [term, count] of counts) this.#postings.add(this.#addTerm(term), slot * perSlot + Math.min(255, count))
    this.#lengths = grown(this.#lengths, slot + 1)
    this.#lengths[slot] = Math.min(65_535, terms.length)
    this.#totalLength += this.#lengths[slot]!
    this.#documents++
  }

  /** Removes the document at a slot, which must be of these terms. */
  delete(slot: number, terms: readonly string[]): void {
    for (const term of new Set(terms)) {
      const number = this.#terms.numberOf(term)
      if (number === undefined) continue
      this.#postings.delete(number, slot * perSlot, (slot + 1) * perSlot)
      if (this.#postings.lengthOf(number) === 0) this.#forget(term)
    }
    this.#totalLength -= this.#lengths[slot] ?? 0
    this.#lengths[slot] = 0
    this.#documents--
  }

  /** Removes documents that are there, whatever their terms. Costs all postings. */
  deleteAll(dead: SlotSet): void {
    const mask = dead.mask()
    for (let number = 0; number < this.#terms.end; number++) this.#postings.deleteAll(number, mask, slotBits)
    this.#terms.deleteAll((number) => this.#postings.lengthOf(number) === 0)
    this.#byTrigram = undefined
    for (const slot of dead) {
      this.#totalLength -= this.#lengths[slot]!
      this.#lengths[slot] = 0
    }
    this.#documents -= dead.count
  }

  /** How many documents have a term. */
  frequency(term: string): number {
    return this.#of(term).length
  }

  /** Whether any of the allowed documents has a term. */
  occurs(term: string, allowed: SlotSet | undefined): boolean {
    const postings = this.#of(term)
    return allowed ? postings.some((posting) => allowed.has(slotIn(posting))) : postings.length > 0
  }

  /** How much a term tells: the logarithm of its rarity. */
  rarity(term: string): number {
    const holding = this.frequency(term)
    return Math.log(1 + (this.#documents - holding + 0.5) / (holding + 0.5))
  }

  /** Known terms that share character trigrams with a word, most shared first. */
  lookAlikes(word: string, limit: number): string[] {
    this.#byTrigram ??= trigramsOf(this.#terms)
    const byTrigram = this.#byTrigram
    const shared = new Map<string, number>()
    const all = trigrams(word)
    for (const trigram of all)
      for (const term of byTrigram.get(trigram) ?? []) shared.set(term, (shared.get(term) ?? 0) + 1)
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
      this.#add(this.#of(term), gain, sums)
    }
    const { scores, touched } = sums
    const top = new TopSlots(limit)
    for (const slot of touched) if (scores[slot]! > top.floor) top.offer(slot, scores[slot]!)
    return { top: top.list(), scoreOf: (slot) => scores[slot] ?? 0, whole }
  }

  save(writer: SectionWriter, name: string): void {
    this.#terms.save(writer, name)
    this.#postings.save(writer, name, this.#terms.end)
    writer.numbers(`${name}.words`, this.#lengths)
    writer.json(`${name}.totals`, [this.#documents, this.#totalLength])
  }

  restore(reader: SectionReader, name: string): void {
    this.#terms.restore(reader, name)
    this.#postings.restore(reader, name)
    this.#lengths = reader.uint16(`${name}.words`)
    const [documents, totalLength] = reader.json<[number, number]>(`${name}.totals`)
    this.#documents = documents
    this.#totalLength = totalLength
  }

  #of(term: string): Uint32Array {
    const number = this.#terms.numberOf(term)
    return number === undefined ? noPostings : this.#postings.get(number)
  }

  #add(postings: Uint32Array, gain: number, { scores, touched, allowed }: Sums): void {
    const lengths = this.#lengths
    const perTerm = (k1 * b * this.#documents) / Math.max(1, this.#totalLength)
    for (let i = 0; i < postings.length; i++) {
      const slot = slotIn(postings[i]!)
      if (allowed && !allowed.has(slot)) continue
      const count = postings[i]! % perSlot
      const part = (gain * count * (k1 + 1)) / (count + k1 * (1 - b) + perTerm * lengths[slot]!)
      if (scores[slot] === 0) touched.push(slot)
      scores[slot]! += part
    }
  }

  #addTerm(term: string): number {
    const known = this.#terms.numberOf(term)
    if (known === undefined && this.#byTrigram) addTrigrams(this.#byTrigram, term)
    return known ?? this.#terms.add(term)
  }

  #forget(term: string): void {
    this.#terms.delete(term)
    for (const trigram of this.#byTrigram ? trigrams(term) : []) {
      const terms = this.#byTrigram!.get(trigram)
      terms?.delete(term)
      if (terms?.size === 0) this.#byTrigram!.delete(trigram)
    }
  }
}

const noPostings = new Uint32Array(0)

function slotIn(posting: number): number {
  return Math.floor(posting / perSlot)
}

function trigramsOf(terms: NameTable): Map<string, Set<string>> {
  const byTrigram = new Map<string, Set<string>>()
  for (const [term] of terms) addTrigrams(byTrigram, term)
  return byTrigram
}

function addTrigrams(byTrigram: Map<string, Set<string>>, term: string): void {
  for (const trigram of trigrams(term)) {
    const terms = byTrigram.get(trigram)
    if (terms) terms.add(term)
    else byTrigram.set(trigram, new Set([term]))
  }
}

/** The runs of three letters of a word, its ends marked; none of what is short or has digits: those must be exact. */
function trigrams(word: string): Set<string> {
  if (word.length < 4 || /\p{N}/u.test(word)) return new Set()
  const marked = `^${word}$`
  return new Set(Array.from({ length: marked.length - 2 }, (_, i) => marked.slice(i, i + 3)))
}
