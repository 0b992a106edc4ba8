import { createUnreliableDirectory, type UnreliableDirectory } from '@perstream/conformance'
import { collect, crc32, createRandom } from '@perstream/kit'
import type { MemoryBatch, MemoryOperation, Warning } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainBytes } from '../test/plain-bytes'
import { memoryKeyHash } from './journal-keys'
import { decodeRecord, encodeRecord, recordEmbeddings, sealRecord, wholeRecord } from './journal-record'
import { openJournalStore } from './journal-store'

const texts = fc.string({ unit: 'binary', maxLength: 40 })

const puts = fc
  .record({
    id: texts,
    text: texts,
    vector: fc.option(fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 9 })),
  })
  .map(({ id, text, vector }) => put(id, text, vector ? Float32Array.from(vector) : undefined))

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

/** Without deletions, which begin a new journal. */
const batches = fc
  .array(fc.array(puts, { maxLength: 4 }), { minLength: 1, maxLength: 5 })
  .map((lists) => lists.map((list, i): MemoryBatch => ({ sequence: i + 1, at: i * 1000, operations: list })))

function put(id: string, text: string, embedding?: Float32Array) {
  return {
    type: 'memory-put' as const,
    memory: {
      ...{
        id,
        text,
        category: 'notes',
        origin: 'read' as const,
        owner: 'me',
        confidence: 1,
        evidence: [],
        triplets: [],
      },
      ...{ space: embedding ? 's' : undefined, validFrom: undefined, validTo: undefined, track: undefined },
      ...{ learnedAt: 1, updatedAt: 1 },
    },
    ...(embedding && { embedding }),
  }
}

function sealed(batch: MemoryBatch, durable = 0, previous = 5): Uint8Array {
  const bytes = encodeRecord(batch, durable)
  sealRecord(bytes, previous, crc32)
  return bytes
}

describe('records', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(operations, fc.nat(), fc.nat(), (list, sequence, durable) => {
        const batch = { sequence, at: 5, operations: list }
        const bytes = sealed(batch, durable)
        expect(bytes.length % 8).toBe(0)
        const { crc: _, ...record } = decodeRecord(wholeRecord(bytes, crc32)!)!
        expect(record).toEqual({ batch, durable, previous: 5, byteLength: bytes.length })
      }),
    )
  })

  it('are refused when any byte or bit is not as it was', () => {
    fc.assert(
      fc.property(operations, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, place, flip) => {
        const bytes = sealed({ sequence: 1, at: 2, operations: list })
        bytes[place % bytes.length]! ^= flip
        expect(wholeRecord(bytes, crc32)).toBeUndefined()
      }),
    )
  })

  it('that make no sense are refused though their checksum is right', () => {
    fc.assert(
      fc.property(operations, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, place, flip) => {
        const bytes = sealed({ sequence: 1, at: 2, operations: list })
        bytes[40 + (place % (bytes.length - 40))]! ^= flip
        sealRecord(bytes, 5, crc32)
        const record = decodeRecord(wholeRecord(bytes, crc32)!)
        expect(record === undefined || record.batch.operations.length === list.length).toBe(true)
      }),
    )
  })

  it('give their embeddings without being decoded, as what is decoded has them', () => {
    fc.assert(
      fc.property(fc.array(puts, { maxLength: 9 }), (list) => {
        const record = sealed({ sequence: 1, at: 2, operations: list })
        const found = recordEmbeddings(record)!.flatMap(({ keys, vectors }) => {
          const length = vectors.length / keys.length
          return Array.from(keys, (key, i) => [key, ...vectors.subarray(i * length, (i + 1) * length)])
        })
        const wanted = decodeRecord(record)!.batch.operations.flatMap((each) =>
          each.type === 'memory-put' && each.embedding ? [[memoryKeyHash(each.memory.id), ...each.embedding]] : [],
        )
        expect(found).toEqual(wanted)
      }),
    )
  })

  it('give no embeddings when their content makes no sense, though their checksum is right', () => {
    fc.assert(
      fc.property(fc.array(puts, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(), (list, place, value) => {
        const bytes = sealed({ sequence: 1, at: 2, operations: list })
        const view = new DataView(bytes.buffer)
        view.setUint32([40, 44, 52][place % 3]!, value, true)
        const blocks = recordEmbeddings(bytes) ?? []
        for (const { keys, vectors } of blocks) expect(vectors.length % keys.length).toBe(0)
        expect(blocks.reduce((sum, { vectors }) => sum + vectors.byteLength, 0)).toBeLessThan(bytes.length)
      }),
    )
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
          ends.push(whole.files.get(journal)!.length)
        }
        const bytes = whole.files.get(journal)!
        for (let cut = 0; cut <= bytes.length; cut++) {
          const torn = folder()
          for (const [name, content] of whole.files) torn.put(name, name === journal ? bytes.slice(0, cut) : content)
          const warnings: Warning[] = []
          const kept = ends.filter((end) => end <= cut).length
          const again = await open(torn, warnings)
          expect(await collect(again.load())).toEqual(list.slice(0, kept))
          expect(warnings.map(({ code }) => code)).toEqual(cut === 0 || ends.includes(cut) ? [] : ['journal-tail-cut'])
          await again.commit({ sequence: kept + 1, at: 9, operations: [] })
          expect((await collect(again.load())).length).toBe(kept + 1)
        }
      }),
      { numRuns: 6 },
    )
  })

  it('is damage, not a torn tail, when something acknowledged comes after', async () => {
    const whole = folder()
    const store = await open(whole)
    for (let sequence = 1; sequence <= 3; sequence++) await store.commit({ sequence, at: 1, operations: [] })
    const bytes = whole.files.get(journal)!.slice()
    bytes[30]! ^= 255
    whole.put(journal, bytes)
    for (const mode of ['read', 'write'] as const)
      await expect(openAndLoad(whole, mode)).rejects.toMatchObject({ code: 'store-corrupt', fields: { offset: 0 } })
  })
})

describe('commits that wait together', () => {
  it('take one write and one sync', async () => {
    const disk = folder()
    const store = await open(disk)
    const before = disk.steps
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.commit(batch(i + 1, [put(`m${i}`, 'words')]))))
    expect(disk.steps - before).toBe(2)
    expect((await collect(store.load())).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    )
  })

  it('are erased by one merge', async () => {
    const [alone, together] = [folder(), folder()]
    const steps = async (disk: UnreliableDirectory, all: boolean) => {
      const store = await open(disk)
      await store.commit(
        batch(
          1,
          Array.from({ length: 30 }, (_, i) => put(`m${i}`, 'words')),
        ),
      )
      const deletions = Array.from({ length: 20 }, (_, i) => batch(i + 2, [{ type: 'memory-delete', id: `m${i}` }]))
      const before = disk.steps
      if (all) await Promise.all(deletions.map((each) => store.commit(each)))
      else for (const each of deletions) await store.commit(each)
      return disk.steps - before
    }
    expect(await steps(together, true)).toBeLessThan((await steps(alone, false)) / 15)
    expect(contents(together)).toContain('m25')
    expect(contents(together)).not.toMatch(/"m(1?\d)"/)
  })
})

describe('parts', () => {
  it('that hold nothing that changed stay as they are; small ones go together', async () => {
    const random = createRandom(3)
    const disk = folder()
    const store = await open(disk)
    const vector = () => Float32Array.from({ length: 384 }, () => random.next())
    let sequence = 0
    for (let i = 0; i < 40; i++)
      await store.commit(
        batch(
          ++sequence,
          Array.from({ length: 100 }, (_, k) => put(`m${i * 100 + k}`, `words ${i} ${k}`, vector())),
        ),
      )
    await store.commit(batch(++sequence, [{ type: 'memory-delete', id: 'none' }]))
    const before = parts(disk)
    expect(before.length).toBeGreaterThanOrEqual(3)
    await store.commit(batch(++sequence, [{ type: 'memory-delete', id: 'm1' }, put('m2', 'again', vector())]))
    expect(parts(disk).filter((name) => !before.includes(name)).length).toBe(1)
    for (let i = 0; i < 30; i++) {
      await store.commit(batch(++sequence, [put(`new ${i}`, 'fresh', vector())]))
      await store.commit(batch(++sequence, [{ type: 'memory-delete', id: `m${i * 100 + 50}` }]))
    }
    expect(parts(disk).length).toBeLessThanOrEqual(before.length + 1)
    const texts = (await collect(store.load())).flatMap((each) =>
      each.operations.map((operation) => (operation.type === 'memory-put' ? operation.memory.id : '')),
    )
    expect(new Set(texts).size).toBe(texts.filter(Boolean).length + 1)
    expect(texts.filter(Boolean).length).toBe(4000 - 31 + 30)
  })

  it('keep visits, versions and vectors that a later write does not name', async () => {
    const disk = folder()
    const store = await open(disk)
    const times = { validFrom: undefined, validTo: undefined, since: 1, until: 2 }
    const versions = [{ text: 'before', category: 'notes', confidence: 1, change: 'updated' as const, ...times }]
    const first = put('a', 'one', Float32Array.of(1, 2))
    const again = { ...put('a', 'two'), memory: { ...put('a', 'two').memory, space: 's' } }
    await store.commit(batch(1, [{ ...first, versions }, visit('a', 3)]))
    await store.commit(batch(2, [{ type: 'memory-delete', id: 'none' }]))
    await store.commit(batch(3, [again]))
    await store.commit(batch(4, [{ type: 'memory-delete', id: 'none' }, visit('a', 4)]))
    const all = (await collect(store.load())).flatMap((each) => each.operations)
    expect(all).toEqual([{ type: 'reset' }, { ...again, embedding: Float32Array.of(1, 2), versions }, visit('a', 4)])
    await store.commit(batch(5, [{ type: 'memory-delete', id: 'a' }]))
    expect((await collect(store.load())).flatMap((each) => each.operations)).toEqual([{ type: 'reset' }])
    expect(parts(disk)).toEqual([])
  })
})

describe('visits of a memory', () => {
  it.each([
    ['that is deleted before them are dropped', [remove('a'), visit('a', 2)], []],
    ['that is put again are kept', [remove('a'), put('a', 'again'), visit('a', 2)], [put('a', 'again'), visit('a', 2)]],
    ['that is deleted after them go with it', [visit('a', 2), remove('a')], []],
  ])('%s', async (_, list, left) => {
    for (const before of [[], [put('a', 'one'), visit('a', 1)], [put('a', 'one')]]) {
      const disk = folder()
      const store = await open(disk)
      await store.commit(batch(1, [...before, remove('none')]))
      await store.commit(batch(2, list))
      const all = (await collect(store.load())).flatMap((each) => each.operations)
      expect(all).toEqual([{ type: 'reset' }, ...left])
      if (left.length === 0) expect(parts(disk)).toEqual([])
    }
  })
})

const journal = 'journal-0000000000000001.pmg'

function folder(): UnreliableDirectory {
  const random = createRandom(1)
  return createUnreliableDirectory(() => random.next())
}

function open(directory: UnreliableDirectory, warnings: Warning[] = []) {
  return openJournalStore(directory, {
    ...{ mode: 'write', location: 'memory' },
    onWarning: (warning) => warnings.push(warning),
  })
}

async function openAndLoad(directory: UnreliableDirectory, mode: 'read' | 'write') {
  return collect((await openJournalStore(directory, { mode, location: 'memory' })).load())
}

function batch(sequence: number, list: readonly MemoryOperation[]): MemoryBatch {
  return { sequence, at: 1, operations: list }
}

function remove(id: string): MemoryOperation {
  return { type: 'memory-delete', id }
}

function visit(id: string, visits: number): MemoryOperation {
  return { type: 'visit-put', id, visits: { visits, lastVisitedAt: 5 } }
}

function parts({ files }: UnreliableDirectory): string[] {
  return [...files.keys()].filter((name) => name.startsWith('part'))
}

function contents({ files }: UnreliableDirectory): string {
  return [...files.values()].map(plainBytes).join('')
}
