import { deflateRawSync } from 'node:zlib'
import { crc32, precisions } from '@perstream/kit'
import type { CoarserPrecision, Memory, MemoryOperation } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deflation } from './deflation'
import { embeddingLength, encodeEmbedding, roundedEmbedding } from './embedding-codec'
import { memoryKeyHash, reductionHash } from './journal-keys'
import {
  decodeRecord,
  encodeRecord,
  plainLength,
  recordEmbeddings,
  recordHashes,
  sealRecord,
  wholeRecord,
} from './journal-record'
import { createNodeDirectory } from './node-directory'

const precision = fc.constantFrom<CoarserPrecision>('f16', 'i8', 'b1')
const value = fc.float({ noNaN: true, noDefaultInfinity: true, min: -65504, max: 65504 })
const put = fc
  .record({
    id: fc.string({ unit: 'binary', maxLength: 20 }),
    vector: fc.option(fc.array(value, { minLength: 1, maxLength: 9 }), { nil: undefined }),
    embeddingPrecision: fc.option(precision, { nil: undefined }),
  })
  .map(({ id, vector, embeddingPrecision }) => putOf(id, vector && Float32Array.from(vector), embeddingPrecision))

function putOf(id: string, embedding?: Float32Array, embeddingPrecision?: CoarserPrecision): MemoryOperation {
  const memory: Memory = {
    ...{ id, text: 'words', category: 'notes', origin: 'read', owner: 'me', confidence: 1, evidence: [], triplets: [] },
    ...{ space: 's', validFrom: undefined, validTo: undefined, learnedAt: 1, updatedAt: 1, track: undefined },
    ...(embeddingPrecision && { embeddingPrecision }),
  }
  return { type: 'memory-put', memory, ...(embedding && { embedding }) }
}

function sealed(operations: readonly MemoryOperation[], deflate = deflation.deflate): Uint8Array {
  const bytes = encodeRecord({ sequence: 1, at: 2, operations }, 0, deflate)
  sealRecord(bytes, 5, crc32)
  return bytes
}

/** As it comes back: rounded to the precision that its memory names. */
function kept(operation: MemoryOperation): MemoryOperation {
  if (operation.type !== 'memory-put' || !operation.embedding) return operation
  const { embeddingPrecision = 'f32' } = operation.memory
  return { ...operation, embedding: roundedEmbedding(operation.embedding, embeddingPrecision) }
}

const node = createNodeDirectory('.').deflation!

describe.each([
  ['in JavaScript', deflation],
  ['of Node', node],
])('deflate %s', (_, { deflate, inflate }) => {
  it('gives back what was deflated, by any deflate, and refuses what is longer than allowed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(5), (bytes, times) => {
        const long = new Uint8Array(Buffer.concat(Array.from({ length: times }, () => bytes)))
        for (const each of [deflate(long), deflateRawSync(long)]) {
          expect(Buffer.from(inflate(each, long.length)!).equals(long)).toBe(true)
          if (long.length > 0) expect(inflate(each, long.length - 1)).toBeUndefined()
        }
      }),
    )
  })

  it('gives something short or nothing for other bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(100), (bytes, most) => {
        expect(inflate(bytes, most)?.length ?? 0).toBeLessThanOrEqual(most)
      }),
    )
  })

  it('lets no bomb make more room than was allowed', () => {
    expect(inflate(deflateRawSync(new Uint8Array(1 << 26)), 1000)).toBeUndefined()
  })
})

describe('records with deflated JSON and coarse embeddings', () => {
  it('come back as they were but for what is rounded, and encode to the same bytes again', () => {
    fc.assert(
      fc.property(fc.array(put, { maxLength: 12 }), (list) => {
        const bytes = sealed(list)
        const { operations } = decodeRecord(wholeRecord(bytes, crc32)!, deflation.inflate)!.batch
        expect(operations).toEqual(list.map(kept))
        expect(sealed(operations)).toEqual(bytes)
        expect(decodeRecord(sealed(list, node.deflate), node.inflate)!.batch.operations).toEqual(operations)
        const plain = encodeRecord({ sequence: 1, at: 2, operations: list }, 0)
        expect(Math.abs(plainLength(bytes) - plain.length)).toBeLessThan(16)
        expect(plainLength(plain)).toBe(plain.length)
      }),
    )
  })

  it('give their embeddings without being decoded, in blocks of one length', () => {
    fc.assert(
      fc.property(fc.array(put, { maxLength: 12 }), (list) => {
        const blocks = recordEmbeddings(sealed(list))!
        const found = blocks.flatMap(({ keys, vectors }) => {
          const length = vectors.length / keys.length
          return Array.from(keys, (key, i) => [key, ...vectors.subarray(i * length, (i + 1) * length)])
        })
        const wanted = list
          .map(kept)
          .flatMap((each) =>
            each.type === 'memory-put' && each.embedding ? [[memoryKeyHash(each.memory.id), ...each.embedding]] : [],
          )
        expect(found).toEqual(wanted)
      }),
    )
  })

  it('view embeddings in f32, whatever comes before them', () => {
    const record = sealed([putOf('a', Float32Array.of(1, 2, 3), 'i8'), putOf('b', Float32Array.of(4, 5))])
    const blocks = recordEmbeddings(record)!
    expect(blocks.map(({ vectors }) => [...vectors])).toEqual([
      [expect.closeTo(1, 1), expect.closeTo(2, 1), expect.closeTo(3, 1)],
      [4, 5],
    ])
    expect(blocks[1]!.vectors.buffer).toBe(record.buffer)
    expect(blocks[0]!.vectors.buffer).not.toBe(record.buffer)
  })

  it('make no sense when any byte of their content is not as it was, though their checksum is right', () => {
    fc.assert(
      fc.property(fc.array(put, { maxLength: 4 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (list, place, flip) => {
        const bytes = sealed(list)
        bytes[40 + (place % (bytes.length - 40))]! ^= flip
        sealRecord(bytes, 5, crc32)
        const record = decodeRecord(wholeRecord(bytes, crc32)!, deflation.inflate)
        expect(record === undefined || record.batch.operations.length === list.length).toBe(true)
      }),
    )
  })

  it('are not believed a length of their JSON that it does not have', () => {
    const bytes = sealed(Array.from({ length: 20 }, (_, i) => putOf(`m${i}`)))
    const at = 48 + 20 * 8
    const view = new DataView(bytes.buffer)
    const length = view.getUint32(at, true)
    for (const wrong of [0, length - 1, length + 1, 1 << 29, 0xffffffff]) {
      view.setUint32(at, wrong, true)
      expect(decodeRecord(bytes, deflation.inflate)).toBeUndefined()
    }
    view.setUint32(at, length, true)
    expect(decodeRecord(bytes, deflation.inflate)?.batch.operations.length).toBe(20)
    expect(decodeRecord(bytes)).toBeUndefined()
  })

  it('keep as it is what gets shorter by more than is believed, or by nothing', () => {
    const long = putOf(`m${'x'.repeat(100_000)}`)
    for (const list of [[long], []]) {
      const bytes = sealed(list)
      expect(new DataView(bytes.buffer).getUint32(44, true)).toBeLessThan(0x80000000)
      expect(decodeRecord(bytes)?.batch.operations).toEqual(list)
    }
  })

  it('refuse a precision that is none, by name', () => {
    expect(() => sealed([putOf('a', Float32Array.of(1), 'i4' as 'i8')])).toThrow(
      new TypeError('memory.embeddingPrecision is "i4": it must be one of f16, i8, b1, or absent'),
    )
  })

  it('make no sense when table and memory name different precisions', () => {
    const bytes = sealed([putOf('a', Float32Array.of(1, 2, 3, 4), 'i8')])
    const view = new DataView(bytes.buffer)
    expect(view.getUint32(52, true)).toBe(4 + 2 * 2 ** 30)
    view.setUint32(52, 2, true)
    expect(decodeRecord(bytes, deflation.inflate)).toBeUndefined()
  })
})

describe('embeddings', () => {
  it.each([
    [384, { f32: 1536, f16: 768, i8: 388, b1: 52 }],
    [3, { f32: 12, f16: 8, i8: 8, b1: 8 }],
  ])('of %i values take the bytes of their precision, up to a multiple of 4', (dimensions, lengths) => {
    for (const each of precisions) {
      expect(embeddingLength(dimensions, each)).toBe(lengths[each])
      expect(encodeEmbedding(new Float32Array(dimensions).fill(0.5), each).length).toBe(lengths[each])
    }
  })
})

describe('reductions', () => {
  const reduction = { type: 'memory-reduce', ids: ['a', 'b'], part: 'embedding', to: 'i8', at: 7 } as const

  it('come back as they were, and have one hash in the table', () => {
    const record = sealed([reduction, { ...reduction, ids: [] }])
    expect(decodeRecord(record, deflation.inflate)!.batch.operations).toEqual([reduction, { ...reduction, ids: [] }])
    expect([...recordHashes(record)]).toEqual([reductionHash, reductionHash])
  })

  it.each([
    ['ids that are no list', { ids: 'a' }],
    ['no ids', { ids: undefined }],
    ['ids that are no texts', { ids: ['a', 5] }],
    ['an unknown part', { part: 'triplets' }],
    ['an unknown precision', { to: 'f64' }],
    ['a precision that loses nothing', { to: 'f32' }],
    ['text in a precision', { part: 'text' }],
    ['no time', { at: undefined }],
  ])('with %s make their record senseless', (_, change) => {
    expect(decodeRecord(sealed([{ ...reduction, ...change } as MemoryOperation]), deflation.inflate)).toBeUndefined()
  })
})
