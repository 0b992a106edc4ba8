import { createRandom, precisions } from '@perstream/kit'
import { PerStreamError } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteCache } from './byte-cache'
import { decodeGrid, encodedLength, encodeGrid } from './grid-codec'
import { decodeTensorFile, encodeTensorFile } from './tensor-file'
import { parseTensorName, tensorName } from './tensor-names'

const id = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
)

describe('names of grids', () => {
  it('say id and precision again, and are names on every system', () => {
    fc.assert(
      fc.property(id, fc.constantFrom(...precisions), (text, precision) => {
        const name = tensorName(text, precision)
        expect(name).toMatch(/^grid-[a-z0-9_~-]*\.(?:f32|f16|i8|b1)$/)
        expect(name.length).toBeLessThan(200)
        const parsed = parseTensorName(name)!
        expect(parsed.precision).toBe(precision)
        if (parsed.id !== undefined) expect(parsed.id).toBe(text)
        else expect(text.length).toBeGreaterThan(30)
      }),
    )
  })

  it('are told from other files', () => {
    for (const name of [
      'lock',
      'grid-1.tmp',
      'perstream-tensors.json',
      'grid-a.f64',
      'grid-A.f32',
      'grid-~12.f32',
      'x.f32',
    ])
      expect(parseTensorName(name)).toBeUndefined()
  })
})

describe('encoded grids', () => {
  const value = fc.float({ noNaN: true, noDefaultInfinity: true, min: -65504, max: 65504 })
  it('come back within the bound of their precision', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        fc.infiniteStream(value),
        (rows, dimensions, values) => {
          const data = Float32Array.from({ length: rows * 2 * dimensions }, () => values.next().value)
          const shape = { rows, columns: 2, dimensions, space: 's' }
          for (const precision of ['f32', 'f16', 'i8'] as const) {
            const bytes = encodeGrid({ ...shape, data }, precision)
            expect(bytes.length).toBe(encodedLength(shape, precision))
            const back = decodeGrid(shape, precision, bytes).data
            expect(encodeGrid({ ...shape, data: back }, precision)).toEqual(bytes)
            for (const [i, original] of data.entries()) {
              const patch = data.subarray(i - (i % dimensions), i - (i % dimensions) + dimensions)
              const largest = patch.reduce((most, each) => Math.max(most, Math.abs(each)), 0)
              const bounds = {
                f32: 0,
                f16: Math.max(2 ** -11 * Math.abs(original), 2 ** -25),
                i8: (largest / 254) * (1 + 2 ** -15) + 2 ** -119,
              }
              expect(Math.abs(back[i]! - original)).toBeLessThanOrEqual(bounds[precision])
            }
          }
        },
      ),
    )
  })

  it('of signs keep the signs and the length of each patch, and stay as they are when they are kept again', () => {
    const tiny = fc.float({ noNaN: true, min: -(2 ** -140), max: 2 ** -140 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 20 }),
        fc.oneof(fc.infiniteStream(value), fc.infiniteStream(tiny)),
        (rows, dimensions, values) => {
          const data = Float32Array.from({ length: rows * 2 * dimensions }, () => values.next().value)
          const shape = { rows, columns: 2, dimensions, space: 's' }
          const bytes = encodeGrid({ ...shape, data }, 'b1')
          expect(bytes.length).toBe(rows * 2 * (4 + Math.ceil(dimensions / 8)))
          const back = decodeGrid(shape, 'b1', bytes).data
          expect(encodeGrid({ ...shape, data: back }, 'b1')).toEqual(bytes)
          for (let at = 0; at < data.length; at += dimensions) {
            const [before, after] = [data, back].map((each) => each.subarray(at, at + dimensions))
            expect(Math.abs(lengthOf(after!) - lengthOf(before!))).toBeLessThanOrEqual(
              lengthOf(before!) * 2 ** -23 + 2 ** -148 * dimensions,
            )
            for (const [i, each] of before!.entries())
              if (each !== 0 && after![i] !== 0) expect(Math.sign(after![i]!)).toBe(Math.sign(each))
          }
        },
      ),
    )
  })

  it('of signs are a scale and a bit a value, the lowest first', () => {
    const grid = { data: Float32Array.of(1, -7, 7, 1, 5, -5, 5, 5, -5), rows: 1, columns: 1, dimensions: 9, space: 's' }
    const bytes = encodeGrid(grid, 'b1')
    expect(new DataView(bytes.buffer).getFloat32(0, true)).toBeCloseTo(Math.sqrt(225 / 9), 6)
    expect([...bytes.subarray(4)]).toEqual([0b11011101, 0])
    expect([...decodeGrid(grid, 'b1', bytes).data]).toEqual([5, -5, 5, 5, 5, -5, 5, 5, -5])
    const zeros = { ...grid, data: new Float32Array(9).fill(-0) }
    expect(encodeGrid(zeros, 'b1')).toEqual(new Uint8Array(6))
    expect(decodeGrid(grid, 'b1', new Uint8Array(6)).data).toEqual(new Float32Array(9))
  })

  it('are read from a file as they were written, and any other bytes are refused', () => {
    const grid = { data: Float32Array.of(1, 2, 3, 4), rows: 2, columns: 1, dimensions: 2, space: 's' }
    const whole = Buffer.from(encodeTensorFile('a', grid, 'f32'))
    expect(decodeTensorFile(whole, 'f')).toMatchObject({ id: 'a', precision: 'f32' })
    const random = createRandom(3)
    for (let i = 0; i < 3000; i++) {
      const bytes = Uint8Array.from(whole.subarray(0, random.integer(0, whole.length)))
      for (let j = random.integer(0, 4); j > 0 && bytes.length > 0; j--)
        bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255)
      let error: unknown
      try {
        decodeTensorFile(bytes, 'f')
      } catch (thrown) {
        error = thrown
      }
      if (!Buffer.from(bytes).equals(whole))
        expect(PerStreamError.isInstance(error) && error.code).toBe('store-corrupt')
    }
  })
})

function lengthOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}

describe('ByteCache', () => {
  it('keeps what was used last, within its bytes', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      kind: fc.constantFrom('get', 'set', 'delete'),
      bytes: fc.integer({ min: 0, max: 12 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = new ByteCache<number>(10)
        let oracle: { key: string; value: number; bytes: number }[] = []
        for (const [i, { key, kind, bytes }] of steps.entries()) {
          const known = oracle.find((each) => each.key === key)
          if (kind === 'get') expect(cache.get(key)).toBe(known?.value)
          if (kind === 'set') cache.set(key, i, bytes)
          if (kind === 'delete') cache.delete(key)
          oracle = oracle.filter((each) => each !== known)
          if (kind === 'get' && known) oracle.push(known)
          if (kind === 'set' && bytes <= 10) oracle.push({ key, value: i, bytes })
          const total = () => oracle.reduce((sum, each) => sum + each.bytes, 0)
          while (total() > 10) oracle.shift()
          expect(cache.bytes).toBe(total())
        }
        for (const { key, value } of oracle) expect(cache.get(key)).toBe(value)
      }),
    )
  })
})
