import { fromHalf } from '@perstream/kit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bfloat16ToHalf, float32ToHalf, fromBfloat16, toFloat16, toFloat32 } from './index'

const everyUint16 = Uint16Array.from({ length: 65536 }, (_, i) => i)
/** The finite halves from 0 up; a half's bits are its place. */
const halves = fromHalf(everyUint16.subarray(0, 0x7c00))

/** The nearest half of a finite magnitude by search, ties to the even one; 0x7c00 beyond the last. */
function nearestHalf(magnitude: number): number {
  if (magnitude >= 65520) return 0x7c00
  let low = 0
  let high = halves.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (halves[middle]! <= magnitude) low = middle
    else high = middle
  }
  const [below, above] = [magnitude - halves[low]!, halves[high]! - magnitude]
  if (below === above) return low % 2 === 0 ? low : high
  return below < above ? low : high
}

const signBit = (value: number) => (Object.is(value, -0) || value < 0 ? 0x8000 : 0)

describe('fromBfloat16', () => {
  it('puts the bits into the upper half, for every value', () => {
    const view = new DataView(new ArrayBuffer(4))
    const expected = Float32Array.from(everyUint16, (bits) => {
      view.setUint32(0, bits * 65536)
      return view.getFloat32(0)
    })
    expect(fromBfloat16(everyUint16)).toEqual(expected)
  })
})

describe('bfloat16ToHalf', () => {
  it('gives the nearest half of every bfloat16 that fits, and refuses every other', () => {
    const floats = fromBfloat16(everyUint16)
    for (const bits of everyUint16) {
      const value = floats[bits]!
      if (!Number.isFinite(value)) continue
      const nearest = nearestHalf(Math.abs(value))
      if (nearest === 0x7c00) expect(() => bfloat16ToHalf(Uint16Array.of(0, bits))).toThrow(/at place 1 .*float16/)
      else expect(bfloat16ToHalf(Uint16Array.of(bits))[0]).toBe(signBit(value) | nearest)
    }
  })

  it('keeps what is infinite or no number', () => {
    const values = fromHalf(bfloat16ToHalf(Uint16Array.of(0x7f80, 0xff80, 0x7fc0, 0xff81)))
    expect([...values]).toEqual([Infinity, -Infinity, NaN, NaN])
  })
})

describe('float32ToHalf', () => {
  it('gives the nearest half, or refuses', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.float({ noNaN: true, noDefaultInfinity: true }),
          fc.float({ min: -70000, max: 70000, noNaN: true }),
        ),
        (value) => {
          const nearest = nearestHalf(Math.abs(value))
          if (nearest === 0x7c00) expect(() => float32ToHalf(Float32Array.of(value))).toThrow(/float16/)
          else expect(float32ToHalf(Float32Array.of(value))[0]).toBe(signBit(value) | nearest)
        },
      ),
      { numRuns: 5000 },
    )
    expect([...float32ToHalf(Float32Array.of(Infinity, -Infinity))]).toEqual([0x7c00, 0xfc00])
  })
})

describe('toFloat32 and toFloat16', () => {
  const bytes = (array: { buffer: ArrayBufferLike }) => new Uint8Array(array.buffer)

  it('read every floating type, at any place in memory', () => {
    const values = [0, 1.5, -2, 0.25]
    const given = {
      F32: bytes(Float32Array.from(values)),
      F64: bytes(Float64Array.from(values)),
      F16: bytes(Uint16Array.of(0, 0x3e00, 0xc000, 0x3400)),
      BF16: bytes(Uint16Array.of(0, 0x3fc0, 0xc000, 0x3e80)),
    }
    for (const [type, raw] of Object.entries(given)) {
      const shifted = new Uint8Array(raw.length + 1)
      shifted.set(raw, 1)
      for (const place of [raw, shifted.subarray(1)]) {
        expect([...toFloat32(type as 'F32', place)]).toEqual(values)
        expect([...fromHalf(toFloat16(type as 'F32', place))]).toEqual(values)
      }
    }
  })

  it('refuse whole numbers', () => {
    expect(() => toFloat32('I64', new Uint8Array(8))).toThrow(/I64 are no floats/)
  })
})
