import type { SectionReader, SectionWriter } from './sections'

/** Numbers for names, densely from 0; those of deleted names are given again. */
export class NameTable {
  #table: Names | undefined = { numbers: new Map(), names: [], free: [] }
  #saved: (() => SavedNames) | undefined

  /** All numbers are below this. */
  get end(): number {
    return this.#open.names.length
  }

  numberOf(name: string): number | undefined {
    return this.#open.numbers.get(name)
  }

  /** The name of a number that is in use. */
  nameOf(number: number): string {
    return this.#open.names[number]!
  }

  /** The number of a name, which is given one when it has none. */
  add(name: string): number {
    const { numbers, names, free } = this.#open
    const known = numbers.get(name)
    if (known !== undefined) return known
    const number = free.pop() ?? names.length
    names[number] = name
    numbers.set(name, number)
    return number
  }

  delete(name: string): void {
    const { numbers, names, free } = this.#open
    const number = numbers.get(name)
    if (number === undefined) return
    numbers.delete(name)
    names[number] = null
    free.push(number)
  }

  /** Deletes the names whose numbers are dead. Costs all names. */
  deleteAll(isDead: (number: number) => boolean): void {
    const { names, free } = this.#open
    const numbers = new Map<string, number>()
    for (let number = 0; number < names.length; number++) {
      const name = names[number]!
      if (name === null) continue
      if (!isDead(number)) numbers.set(name, number)
      else {
        names[number] = null
        free.push(number)
      }
    }
    this.#table = { numbers, names, free }
  }

  /** Names with their numbers, in no order. */
  [Symbol.iterator](): IterableIterator<[name: string, number: number]> {
    return this.#open.numbers[Symbol.iterator]()
  }

  save(writer: SectionWriter, name: string): void {
    const { names, free } = this.#open
    writer.json(`${name}.names`, { names, free })
  }

  /** What was saved is read when it is asked for: that takes as long as all the rest of opening a large graph. */
  restore(reader: SectionReader, name: string): void {
    this.#table = undefined
    this.#saved = () => reader.json<SavedNames>(`${name}.names`)
  }

  get #open(): Names {
    this.#table ??= namesOf(this.#saved!())
    return this.#table
  }
}

interface SavedNames {
  readonly names: (string | null)[]
  readonly free: number[]
}

interface Names extends SavedNames {
  readonly numbers: Map<string, number>
}

function namesOf(saved: SavedNames): Names {
  const numbers = new Map<string, number>()
  for (let number = 0; number < saved.names.length; number++) {
    const name = saved.names[number]!
    if (name !== null) numbers.set(name, number)
  }
  return { ...saved, numbers }
}
