import type { SectionReader, SectionWriter } from './sections'

/** Numbers for names, densely from 0; those of deleted names are given again. */
export class NameTable {
  readonly #numbers = new Map<string, number>()
  #names: (string | null)[] = []
  #free: number[] = []

  /** All numbers are below this. */
  get end(): number {
    return this.#names.length
  }

  numberOf(name: string): number | undefined {
    return this.#numbers.get(name)
  }

  /** The name of a number that is in use. */
  nameOf(number: number): string {
    return this.#names[number]!
  }

  /** The number of a name, which is given one when it has none. */
  add(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    const number = this.#free.pop() ?? this.#names.length
    this.#names[number] = name
    this.#numbers.set(name, number)
    return number
  }

  delete(name: string): void {
    const number = this.#numbers.get(name)
    if (number === undefined) return
    this.#numbers.delete(name)
    this.#names[number] = null
    this.#free.push(number)
  }

  /** Names with their numbers, in the order they came. */
  [Symbol.iterator](): IterableIterator<[name: string, number: number]> {
    return this.#numbers[Symbol.iterator]()
  }

  save(writer: SectionWriter, name: string): void {
    writer.json(`${name}.names`, { names: this.#names, free: this.#free })
  }

  restore(reader: SectionReader, name: string): void {
    const { names, free } = reader.json<{ names: (string | null)[]; free: number[] }>(`${name}.names`)
    this.#names = names
    this.#free = free
    for (let number = 0; number < names.length; number++) {
      const each = names[number]!
      if (each !== null) this.#numbers.set(each, number)
    }
  }
}
