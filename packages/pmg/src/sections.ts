/** Named pieces of bytes that an index is kept in. */
export type Sections = ReadonlyMap<string, Uint8Array>

type Numbers = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array

/** Collects sections, each under a name. Numbers lie as they do in memory: little-endian machines alone keep indexes. */
export class SectionWriter {
  readonly sections = new Map<string, Uint8Array>()

  /** Adds numbers as they lie in memory: a view, not a copy. */
  numbers(name: string, values: Numbers): void {
    this.sections.set(name, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }

  json(name: string, value: unknown): void {
    this.sections.set(name, new TextEncoder().encode(JSON.stringify(value)))
  }
}

/** Reads what a {@link SectionWriter} collected. The numbers are views of the sections. */
export class SectionReader {
  readonly #sections: Sections

  constructor(sections: Sections) {
    this.#sections = sections
  }

  bytes(name: string): Uint8Array {
    const section = this.#sections.get(name)
    if (!section) throw new RangeError(`section "${name}" is missing`)
    return section
  }

  uint16(name: string): Uint16Array {
    const { buffer, byteOffset, byteLength } = this.bytes(name)
    return new Uint16Array(buffer, byteOffset, byteLength / 2)
  }

  uint32(name: string): Uint32Array {
    const { buffer, byteOffset, byteLength } = this.bytes(name)
    return new Uint32Array(buffer, byteOffset, byteLength / 4)
  }

  float32(name: string): Float32Array {
    const { buffer, byteOffset, byteLength } = this.bytes(name)
    return new Float32Array(buffer, byteOffset, byteLength / 4)
  }

  float64(name: string): Float64Array {
    const { buffer, byteOffset, byteLength } = this.bytes(name)
    return new Float64Array(buffer, byteOffset, byteLength / 8)
  }

  json<Value>(name: string): Value {
    return JSON.parse(new TextDecoder().decode(this.bytes(name)))
  }
}
