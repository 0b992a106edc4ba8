import { createRandom } from '@perstream/kit'
import { PerStreamError } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteCache } from './byte-cache'
import { decodeGrid, encodedLength, encodeGrid, precisions } from './grid-codec'
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
        expect(name).toMatch(/^grid-[a-z0-9_~-]*\.(?:f32|f16|i8)$/)
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
          for (const precision of precisions) {
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
