import type { Memory } from '@perstream/spec'
import { HashIndex, hashText } from './hash-index'
import type { MemoryEntry } from './memory-entry'
import type { SectionReader, SectionWriter } from './sections'
import type { SlotSet } from './slot-set'
import { nearWordsKey, sameWordsKey } from './words'

/** Finds memories by what they say and by their tracks. Holds hashes alone: what is found is compared with the memory itself. */
export class MemoryKeys {
  readonly #same = new HashIndex()
  readonly #near = new HashIndex()
  readonly #tracks = new HashIndex()

  readonly #at: (slot: number) => MemoryEntry | undefined

  /** @param at the memory in a slot */
  constructor(at: (slot: number) => MemoryEntry | undefined) {
    this.#at = at
  }

  add(slot: number, memory: Memory): void {
    this.#same.add(ownKey(memory.owner, sameWordsKey(memory.text)), slot)
    const near = nearWordsKey(memory.text)
    if (near) this.#near.add(ownKey(memory.owner, near), slot)
    for (const key of trackKeys(memory)) this.#tracks.add(key, slot)
  }

  delete(slot: number, memory: Memory): void {
    this.#same.delete(ownKey(memory.owner, sameWordsKey(memory.text)), slot)
    const near = nearWordsKey(memory.text)
    if (near) this.#near.delete(ownKey(memory.owner, near), slot)
    for (const key of trackKeys(memory)) this.#tracks.delete(key, slot)
  }

  /** Removes memories, whatever they say. Costs all keys. */
  deleteAll(dead: SlotSet): void {
    const mask = dead.mask()
    for (const index of [this.#same, this.#near, this.#tracks]) if (index.size > 0) index.deleteAll(mask)
  }

  /** Calls back with each memory that says more than common words, and a number that those share who say nearly the same. */
  forEachNear(callback: (key: number, slot: number) => void): void {
    this.#near.forEach(callback)
  }

  /** The memory that a track of a source names. */
  byTrack(owner: string, source: string, track: string): MemoryEntry | undefined {
    const found = this.#entries(this.#tracks, trackKey(owner, source, track))
    return found.find(
      ({ memory }) =>
        memory.owner === owner &&
        memory.track === track &&
        memory.evidence.some((evidence) => evidence.source === source),
    )
  }

  /** Memories of an owner with the same words whose slots pass: that is seen first, so that many of them cost little. */
  bySameWords(owner: string, text: string, passes: (slot: number) => boolean): MemoryEntry[] {
    const key = sameWordsKey(text)
    const found = this.#entries(this.#same, ownKey(owner, key), passes)
    return found.filter(({ memory }) => memory.owner === owner && sameWordsKey(memory.text) === key)
  }

  /** Memories of an owner with nearly the same words whose slots pass. */
  byNearWords(owner: string, text: string, passes: (slot: number) => boolean): MemoryEntry[] {
    const key = nearWordsKey(text)
    if (!key) return []
    const found = this.#entries(this.#near, ownKey(owner, key), passes)
    return found.filter(({ memory }) => memory.owner === owner && nearWordsKey(memory.text) === key)
  }

  save(writer: SectionWriter, name: string): void {
    this.#same.save(writer, `${name}.same`)
    this.#near.save(writer, `${name}.near`)
    this.#tracks.save(writer, `${name}.tracks`)
  }

  restore(reader: SectionReader, name: string): void {
    this.#same.restore(reader, `${name}.same`)
    this.#near.restore(reader, `${name}.near`)
    this.#tracks.restore(reader, `${name}.tracks`)
  }

  #entries(index: HashIndex, key: number, passes?: (slot: number) => boolean): MemoryEntry[] {
    return index.get(key, passes).flatMap((slot) => this.#at(slot) ?? [])
  }
}

function ownKey(owner: string, key: string): number {
  return hashText(`${owner}\0${key}`)
}

function trackKey(owner: string, source: string, track: string): number {
  return hashText(`${owner}\0${source}\0${track}`)
}

function trackKeys({ owner, track, evidence }: Memory): number[] {
  if (track === undefined) return []
  return Array.from(new Set(evidence.map(({ source }) => source)), (source) => trackKey(owner, source, track))
}
