import type { EntityMerge, EntityRecord } from '@perstream/spec'
import { NameTable } from './name-table'
import type { SectionReader, SectionWriter } from './sections'

/** The numbers are those of shared strings; "o" is for the owner. */
type Packed = readonly [
  kind: 'o' | 't',
  owner: number,
  createdAt: number,
  label: string,
  aliases?: readonly string[],
  merges?: readonly EntityMerge[] | null,
  apart?: readonly string[] | null,
]

const ownerKind = 'o'.charCodeAt(0)
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Packs entities into JSON arrays of few bytes. */
export class EntityCodec {
  readonly #strings = new NameTable()

  encode({ label, aliases, owner, kind, createdAt, merges, apart }: EntityRecord): Uint8Array {
    const short: Packed = [kind === 'owner' ? 'o' : 't', this.#strings.add(owner), createdAt, label]
    const isShort = aliases.length === 0 && !merges && !apart
    return encoder.encode(JSON.stringify(isShort ? short : [...short, aliases, merges ?? null, apart ?? null]))
  }

  decode(id: string, bytes: Uint8Array): EntityRecord {
    const [kind, owner, createdAt, label, aliases = [], merges, apart]: Packed = JSON.parse(decoder.decode(bytes))
    return {
      ...{ id, label, aliases, owner: this.#strings.nameOf(owner), kind: kind === 'o' ? 'owner' : 'thing', createdAt },
      ...(merges && { merges }),
      ...(apart && { apart }),
    }
  }

  /** Whether packed bytes are of the owner. */
  isOwner(bytes: Uint8Array): boolean {
    // After the bracket and the quotation mark.
    return bytes[2] === ownerKind
  }

  save(writer: SectionWriter, name: string): void {
    this.#strings.save(writer, name)
  }

  restore(reader: SectionReader, name: string): void {
    this.#strings.restore(reader, name)
  }
}
