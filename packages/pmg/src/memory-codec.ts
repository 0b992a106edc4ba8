import type { Evidence, Memory, MemoryVersion } from '@perstream/spec'
import { NameTable } from './name-table'
import type { SectionReader, SectionWriter } from './sections'

/** What a memory's record says, but for its id and relations, which are kept apart. */
export interface MemoryRecord {
  readonly memory: Memory
  readonly versions: readonly MemoryVersion[]
}

/** The fields that few memories have. */
type RareFields = Partial<
  Pick<Memory, 'track' | 'supersededBy' | 'supersededAt' | 'conflicts' | 'meanGrid' | 'nearestGrid'>
> & { readonly versions?: readonly MemoryVersion[]; readonly boxes?: readonly (Evidence['box'] | null)[] }

/** After `learnedAt`, or, where adding would not give the same number again, the time itself in a list; null stands for undefined. */
type PackedTime = number | readonly [number] | null

/** The numbers are those of shared strings. */
type Packed = readonly [
  text: string,
  category: number,
  origin: number,
  owner: number,
  confidence: number,
  evidence: readonly (readonly [source: number, start: number, end: number, frames: readonly number[]])[],
  triplets: readonly (readonly [subject: string, predicate: number, object: string])[],
  space: number | null,
  learnedAt: number,
  updatedAt: PackedTime,
  validFrom: PackedTime,
  validTo: PackedTime,
  rare?: RareFields,
]

const none: readonly never[] = Object.freeze([])

/**
 * Packs memories into JSON arrays of few bytes: strings that many memories share (owner, category, source, space, predicates) are kept
 * once and named by number.
 */
export class MemoryCodec {
  readonly #strings = new NameTable()

  encode({ memory, versions }: MemoryRecord): Uint8Array {
    const { text, confidence, evidence, triplets, space, learnedAt, updatedAt, validFrom, validTo } = memory
    const number = (name: string) => this.#strings.add(name)
    const packed: Packed = [
      text,
      number(memory.category),
      number(memory.origin),
      number(memory.owner),
      confidence,
      evidence.map(({ source, startSeconds, endSeconds, frames }) => [
        number(source),
        startSeconds,
        endSeconds,
        frames,
      ]),
      triplets.map(({ subject, predicate, object }) => [subject, number(predicate), object]),
      space === undefined ? null : number(space),
      learnedAt,
      packTime(updatedAt, learnedAt),
      packTime(validFrom, learnedAt),
      packTime(validTo, learnedAt),
    ]
    const rare = rareFieldsOf(memory, versions)
    return encoder.encode(JSON.stringify(rare ? [...packed, rare] : packed))
  }

  /** The memory is frozen. */
  decode(id: string, bytes: Uint8Array): MemoryRecord {
    const packed: Packed = JSON.parse(decoder.decode(bytes))
    const [text, category, origin, owner, confidence, evidence, triplets, space, learnedAt] = packed
    const [, , , , , , , , , updatedAt, validFrom, validTo, rare] = packed
    const name = (number: number) => this.#strings.nameOf(number)
    const { versions = none, boxes, ...fields } = rare ?? {}
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
      space: space === null ? undefined : name(space),
      validFrom: unpackTime(validFrom, learnedAt),
      validTo: unpackTime(validTo, learnedAt),
      learnedAt,
      updatedAt: unpackTime(updatedAt, learnedAt)!,
      track: undefined,
      ...fields,
    }
    return { memory: Object.freeze(memory), versions }
  }

  save(writer: SectionWriter, name: string): void {
    this.#strings.save(writer, name)
  }

  restore(reader: SectionReader, name: string): void {
    this.#strings.restore(reader, name)
  }
}

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
  const { track, supersededBy, supersededAt, conflicts, meanGrid, nearestGrid, evidence } = memory
  const boxes = evidence.some(({ box }) => box) ? evidence.map(({ box }) => box ?? null) : undefined
  const fields = {
    ...(track !== undefined && { track }),
    ...(supersededBy !== undefined && { supersededBy, supersededAt }),
    ...(conflicts?.length && { conflicts }),
    ...(meanGrid && { meanGrid }),
    ...(nearestGrid && { nearestGrid }),
    ...(versions.length > 0 && { versions }),
    ...(boxes && { boxes }),
  }
  return Object.keys(fields).length > 0 ? fields : undefined
}
