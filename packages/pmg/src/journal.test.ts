import { collect } from '@perstream/kit'
import type { MemoryBatch, MemoryOperation, Warning } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32 } from './crc32'
import type { JournalDirectory, JournalFile } from './journal-directory'
import { decodeRecord, encodeRecord } from './journal-record'
import { openJournalStore } from './journal-store'

const texts = fc.string({ unit: 'binary', maxLength: 40 })

const puts = fc
  .record({
    id: texts,
    text: texts,
    vector: fc.option(fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 9 })),
  })
  .map(
    ({ id, text, vector }): MemoryOperation => ({
      type: 'memory-put',
      memory: {
        ...{ id, text, category: 'notes', origin: 'read', owner: 'me', confidence: 1, evidence: [], triplets: [] },
        ...{ space: vector ? 's' : undefined, validFrom: undefined, validTo: undefined, track: undefined },
        ...{ learnedAt: 1, updatedAt: 1 },
      },
      ...(vector && { embedding: Float32Array.from(vector) }),
    }),
  )

const operations = fc.array(
  fc.oneof(
    puts,
    texts.map((id): MemoryOperation => ({ type: 'memory-delete', id })),
    fc.record({ source: texts, seconds: fc.double({ noNaN: true, noDefaultInfinity: true }) }).map(
      (progress): MemoryOperation => ({
        type: 'progress',
        progress: { ...progress, seconds: progress.seconds || 0 },
      }),
    ),
  ),
  { maxLength: 6 },
)

/** Without deletions, which compact the journal. */
const batches = fc
  .array(fc.array(puts, { maxLength: 4 }), { minLength: 1, maxLength: 5 })
  .map((lists) => lists.map((list, i): MemoryBatch => ({ sequence: i + 1, at: i * 1000, operations: list })))

describe('records', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(operations, fc.nat(), fc.nat(), (list, sequence, durable) => {
        const batch = { sequence, at: 5, operations: list }
        const bytes = encodeRecord(batch, durable)
        expect(decodeRecord(bytes)).toEqual({ batch, durable, byteLength: bytes.length })
      }),
    )
  })

  it('are refused when any byte or bit is not as it was', () => {
    fc.assert(
      fc.property(operations, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, place, flip) => {
        const bytes = encodeRecord({ sequence: 1, at: 2, operations: list }, 0)
        bytes[place % bytes.length]! ^= flip
        expect(decodeRecord(bytes)).toBeUndefined()
      }),
    )
  })

  it('carry the CRC-32 of zlib', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
  })
})

describe('a journal cut at any byte', () => {
  it('keeps every whole record, cuts the rest, and goes on', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (list) => {
        const whole = folder()
        const store = await open(whole)
        const ends: number[] = []
        for (const batch of list) {
          await store.commit(batch)
          ends.push(whole.files.get(segment)!.length)
        }
        const bytes = whole.files.get(segment)!
        for (let cut = 0; cut <= bytes.length; cut++) {
          const torn = folder(bytes.slice(0, cut))
          const warnings: Warning[] = []
          const kept = ends.filter((end) => end <= cut).length
          const again = await open(torn, warnings)
          expect(await collect(again.load())).toEqual(list.slice(0, kept))
          expect(warnings.length).toBe(cut === 0 || ends.includes(cut) ? 0 : 1)
          await again.commit({ sequence: kept + 1, at: 9, operations: [] })
          expect((await collect(again.load())).length).toBe(kept + 1)
        }
      }),
      { numRuns: 15 },
    )
  })

  it('is damage, not a torn tail, when something acknowledged comes after', async () => {
    const whole = folder()
    const store = await open(whole)
    for (let sequence = 1; sequence <= 3; sequence++) await store.commit({ sequence, at: 1, operations: [] })
    const bytes = whole.files.get(segment)!.slice()
    bytes[30]! ^= 255
    await expect(open(folder(bytes))).rejects.toMatchObject({ code: 'store-corrupt', fields: { offset: 0 } })
  })
})

describe('a full disk', () => {
  it('fails the write, leaves the journal whole, and lets later ones through', async () => {
    const disk = folder()
    const store = await open(disk)
    await store.commit({ sequence: 1, at: 1, operations: [] })
    disk.room = 11
    await expect(store.commit({ sequence: 2, at: 2, operations: [] })).rejects.toThrow('no space')
    disk.room = Number.POSITIVE_INFINITY
    await store.commit({ sequence: 2, at: 3, operations: [] })
    expect((await collect((await open(disk)).load())).map(({ at }) => at)).toEqual([1, 3])
  })
})

const segment = 'journal-0000000000000001.pmg'

function open(directory: JournalDirectory, warnings: Warning[] = []) {
  return openJournalStore(directory, {
    mode: 'write',
    location: 'memory',
    onWarning: (warning) => warnings.push(warning),
    isWriting: async () => false,
    release: async () => {},
  })
}

/** A folder in memory: a real, small implementation of the interface. */
function folder(first?: Uint8Array) {
  const files = new Map<string, Uint8Array>(first && [[segment, first]])
  const directory = {
    files,
    room: Number.POSITIVE_INFINITY,
    list: async () => [...files.keys()],
    open: async (name: string) => (files.has(name) ? file(name) : undefined),
    create: async (name: string) => {
      files.set(name, new Uint8Array(0))
      return file(name)
    },
    replace: async (name: string, parts: Iterable<Uint8Array>) => {
      files.set(name, join([...parts]))
    },
    remove: async (name: string) => {
      files.delete(name)
    },
  }
  const file = (name: string): JournalFile => ({
    size: async () => files.get(name)!.length,
    read: async (offset, length) => files.get(name)!.slice(offset, offset + length),
    append: async (bytes) => {
      const fits = bytes.subarray(0, Math.min(bytes.length, directory.room))
      files.set(name, join([files.get(name)!, fits]))
      if (fits.length < bytes.length) throw new Error('no space left')
    },
    sync: async () => {},
    truncate: async (size) => {
      files.set(name, files.get(name)!.slice(0, size))
    },
    close: async () => {},
  })
  return directory
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
