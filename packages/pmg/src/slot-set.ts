/** A growing set of slots, one bit each: what a filter leaves. */
export class SlotSet implements Iterable<number> {
  #words: Uint32Array
  #count: number

  /** Makes a set of the slots given; empty without. */
  constructor(slots: Iterable<number> = []) {
    const most = Array.isArray(slots) ? slots.reduce((most, slot) => Math.max(most, slot), -1) : -1
    this.#words = new Uint32Array(Math.ceil((most + 1) / 32) || 0)
    this.#count = 0
    for (const slot of slots) this.add(slot)
  }

  /** How many slots are in. */
  get count(): number {
    return this.#count
  }

  /** The bits, 32 slots a word, lowest first. A view, good until the next `add`; words behind the last are 0. */
  get words(): Uint32Array {
    return this.#words
  }

  /** @throws TypeError when the slot is not a whole number from 0 */
  add(slot: number): void {
    if (!Number.isInteger(slot) || slot < 0)
      throw new TypeError(`slot is ${slot}: it must be a whole number, 0 or more`)
    const word = Math.floor(slot / 32)
    if (word >= this.#words.length) {
      const grown = new Uint32Array(Math.max(8, word + 1, Math.ceil(this.#words.length * 1.5)))
      grown.set(this.#words)
      this.#words = grown
    }
    if (this.has(slot)) return
    this.#words[word]! |= 1 << (slot % 32)
    this.#count++
  }

  delete(slot: number): void {
    if (!this.has(slot)) return
    this.#words[Math.floor(slot / 32)]! &= ~(1 << (slot % 32))
    this.#count--
  }

  has(slot: number): boolean {
    return (((this.#words[Math.floor(slot / 32)] ?? 0) >>> (slot % 32)) & 1) === 1
  }

  /** A new set of what is in both. */
  and(other: SlotSet): SlotSet {
    const length = Math.min(this.#words.length, other.#words.length)
    return SlotSet.#of(this.#words.slice(0, length), (word, i) => word & other.#words[i]!)
  }

  /** A new set of what is in one or both. */
  or(other: SlotSet): SlotSet {
    const [long, short] = this.#words.length < other.#words.length ? [other, this] : [this, other]
    return SlotSet.#of(long.#words.slice(), (word, i) => word | (short.#words[i] ?? 0))
  }

  /** A new set of what is in this one and not in the other. */
  andNot(other: SlotSet): SlotSet {
    return SlotSet.#of(this.#words.slice(), (word, i) => word & ~(other.#words[i] ?? 0))
  }

  /** A new set of the slots that pass. */
  filter(passes: (slot: number) => boolean): SlotSet {
    return SlotSet.#of(this.#words.slice(), (word, i) => {
      let left = word
      for (let bits = word; bits !== 0; bits &= bits - 1) {
        const bit = 31 - Math.clz32(bits & -bits)
        if (!passes(i * 32 + bit)) left &= ~(1 << bit)
      }
      return left
    })
  }

  /** A byte for each slot up to the highest, 1 where it is in: what loops over many ask. */
  mask(): Uint8Array {
    const mask = new Uint8Array(this.#words.length * 32)
    for (const slot of this) mask[slot] = 1
    return mask
  }

  /** The slots, ascending. */
  *[Symbol.iterator](): Iterator<number> {
    for (let word = 0; word < this.#words.length; word++)
      for (let bits = this.#words[word]!; bits !== 0; bits &= bits - 1) yield word * 32 + 31 - Math.clz32(bits & -bits)
  }

  /** A set of these bits, which it keeps: as `words` gives them. */
  static ofWords(words: Uint32Array): SlotSet {
    return SlotSet.#of(words, (word) => word)
  }

  static #of(words: Uint32Array, change: (word: number, index: number) => number): SlotSet {
    const set = new SlotSet()
    for (let i = 0; i < words.length; i++) {
      const word = change(words[i]!, i)
      words[i] = word
      set.#count += countBits(word)
    }
    set.#words = words
    return set
  }
}

/** How many bits of a 32-bit word are 1 (Hacker's Delight, section 5-1). */
function countBits(word: number): number {
  word -= (word >>> 1) & 0x55555555
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333)
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
