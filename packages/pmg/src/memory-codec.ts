import type { Evidence, Memory, MemoryVersion } from '@perstream/spec'
import { NameTable } from './name-table'
import type { SectionReader, SectionWriter } from './sections'

/** What a memory's record says, but for its id, relations, and what {@link HeldParts} says: those are kept apart. */
export interface MemoryRecord {
  readonly memory: Memory
  readonly versions: readonly MemoryVersion[]
}

/** What a memory has beside its record. */
export type HeldParts = Pick<Memory, 'space' | 'embeddingPrecision' | 'meanGrid' | 'nearestGrid'>

/** The fields that few memories have. */
type RareFields = Partial<Pick<Memory, 'track' | 'conflicts'>> & {
  readonly versions?: readonly MemoryVersion[]
  readonly boxes?: readonly (Evidence['box'] | null)[]
}

/** After `learnedAt`, or, where adding would not give the same number again, the time itself in a list; null stands for undefined. */
type PackedTime = number | readonly [number] | null

/** What stays of a memory whose words are let go. The numbers are those of shared strings. */
type PackedHead = readonly [
  category: number,
  origin: number,
  owner: number,
  confidence: number,
  learnedAt: number,
  updatedAt: PackedTime,
  validFrom: PackedTime,
  validTo: PackedTime,
  supersededBy: string | null,
  supersededAt: number | null,
]

type PackedWords = readonly [
  text: string,
  evidence: readonly (readonly [source: number, start: number, end: number, frames: readonly number[]])[],
  triplets: readonly (readonly [subject: string, predicate: number, object: string])[],
  rare?: RareFields,
]

type Packed = readonly [...PackedHead, forgottenAt: number | null, ...words: PackedWords | []]

const none: readonly never[] = Object.freeze([])

/**
 * Packs memories into JSON arrays of few bytes: strings that many memories share (owner, category, source, predicates) are kept once and
 * named by number. The words come behind a line end, so that they can be cut off.
 */
export class MemoryCodec {
  readonly #strings = new NameTable()

  encode({ memory, versions }: MemoryRecord): Uint8Array {
    const { text, evidence, triplets, forgottenAt = null } = memory
    const head = JSON.stringify(this.#head(memory)).slice(0, -1)
    if (forgottenAt !== null) return encoder.encode(`${head},\n${forgottenAt}]`)
    const number = (name: string) => this.#strings.add(name)
    const words: PackedWords = [
      text,
      evidence.map(({ source, startSeconds, endSeconds, frames }) => [
        number(source),
        startSeconds,
        endSeconds,
        frames,
      ]),
      triplets.map(({ subject, predicate, object }) => [subject, number(predicate), object]),
    ]
    const rare = rareFieldsOf(memory, versions)
    return encoder.encode(`${head},\nnull,${JSON.stringify(rare ? [...words, rare] : words).slice(1)}`)
  }

  /** What comes after {@link lineEnd} once the words are let go. */
  ending(forgottenAt: number): Uint8Array {
    return encoder.encode(`${forgottenAt}]`)
  }

  /** The memory is frozen. */
  decode(id: string, bytes: Uint8Array, held: HeldParts): MemoryRecord {
    const packed: Packed = JSON.parse(decoder.decode(bytes))
    const [category, origin, owner, confidence, learnedAt, updatedAt, validFrom, validTo] = packed
    const [, , , , , , , , supersededBy, supersededAt, forgottenAt, text = '', evidence = [], triplets = []] = packed
    const { versions = none, boxes, ...fields } = packed[14] ?? {}
    const name = (number: number) => this.#strings.nameOf(number)
    const memory: Memory = {
      id,
      text,
      category: name(category),
      origin: name(origin) as Memory['origin'],
      owner: name(owner),
      confidence,
      evidence: evidence.map(([source, startSeconds, endSeconds, frames], i) => {
        const box = boxes?.[i]
        return { source: name(source), startSeconds, endSeconds, frames, ...(box && { box }) }
      }),
      triplets: triplets.map(([subject, predicate, object]) => ({ subject, predicate: name(predicate), object })),
      validFrom: unpackTime(validFrom, learnedAt),
      validTo: unpackTime(validTo, learnedAt),
      learnedAt,
      updatedAt: unpackTime(updatedAt, learnedAt)!,
      track: undefined,
      ...fields,
      ...(supersededBy !== null && { supersededBy, supersededAt: supersededAt ?? undefined }),
      ...(forgottenAt !== null && { forgottenAt }),
      ...held,
    }
    return { memory: Object.freeze(memory), versions }
  }

  #head(memory: Memory): PackedHead {
    const { confidence, learnedAt, updatedAt, validFrom, validTo, supersededBy = null, supersededAt = null } = memory
    const number = (name: string) => this.#strings.add(name)
    return [
      number(memory.category),
      number(memory.origin),
      number(memory.owner),
      confidence,
      learnedAt,
      packTime(updatedAt, learnedAt),
      packTime(validFrom, learnedAt),
      packTime(validTo, learnedAt),
      supersededBy,
      supersededAt,
    ]
  }

  save(writer: SectionWriter, name: string): void {
    this.#strings.save(writer, name)
  }

  restore(reader: SectionReader, name: string): void {
    this.#strings.restore(reader, name)
  }
}

/** What comes before the words of a record. */
export const lineEnd = 10
const encoder = new TextEncoder()
const decoder = new TextDecoder()

function packTime(time: number | undefined, learnedAt: number): PackedTime {
  if (time === undefined) return null
  const after = time - learnedAt
  return after + learnedAt === time ? after : [time]
}

function unpackTime(time: PackedTime, learnedAt: number): number | undefined {
  if (time === null) return undefined
  return typeof time === 'number' ? time + learnedAt : time[0]
}

function rareFieldsOf(memory: Memory, versions: readonly MemoryVersion[]): RareFields | undefined {
  const { track, conflicts, evidence } = memory
  const boxes = evidence.some(({ box }) => box) ? evidence.map(({ box }) => box ?? null) : undefined
  const fields = {
    ...(track !== undefined && { track }),
    ...(conflicts?.length && { conflicts }),
    ...(versions.length > 0 && { versions }),
    ...(boxes && { boxes }),
  }
  return Object.keys(fields).length > 0 ? fields : undefined
}
