import { collect, createRandom } from '@perstream/kit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bytesSource,
  convertWeight,
  type QuantizedFormat,
  quantizedInputs,
  quantizeRows,
  quantizeWeight,
  type SafetensorsType,
  toFloat16,
  toFloat32,
  type WeightTensor,
} from './index'

function weight(type: SafetensorsType, shape: readonly number[], bytes: Uint8Array): WeightTensor {
  const file = new Uint8Array(bytes.length + 7)
  file.set(bytes, 3)
  return { entry: { name: 'w', type, shape, offset: 3, length: bytes.length }, source: bytesSource('file', file) }
}

function joined(pieces: readonly (Uint8Array | Uint16Array | Float32Array)[]): Uint8Array {
  return Uint8Array.from(
    pieces.flatMap((piece) => [...new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)]),
  )
}

const random = createRandom(3)
const bfloats = (count: number) => {
  const floats = Float32Array.from({ length: count }, () => random.gaussian())
  return new Uint8Array(Uint16Array.from(new Uint32Array(floats.buffer), (bits) => bits >>> 16).buffer)
}

describe('convertWeight', () => {
  it('gives in pieces what the whole gives', async () => {
    const bytes = bfloats(101)
    for (const pieceBytes of [1, 2, 7, 64, 1000]) {
      const pieces = (type: SafetensorsType) =>
        collect(convertWeight(weight('BF16', [101], bytes), type, { pieceBytes }))
      expect(joined(await pieces('F32'))).toEqual(joined([toFloat32('BF16', bytes)]))
      expect(joined(await pieces('F16'))).toEqual(joined([toFloat16('BF16', bytes)]))
      expect(joined(await pieces('BF16'))).toEqual(bytes)
      expect((await pieces('F32')).length).toBe(Math.ceil(202 / Math.max(2, pieceBytes - (pieceBytes % 2))))
    }
  })

  it('copies whole numbers, and converts none; names the tensor that does not fit', async () => {
    const whole = weight('I64', [1], Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))
    expect(joined(await collect(convertWeight(whole, 'I64')))).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))
    const unsupported = { code: 'model-unsupported', fields: { tensor: 'w' } }
    await expect(collect(convertWeight(whole, 'F32'))).rejects.toMatchObject(unsupported)
    const large = weight('F32', [1], new Uint8Array(Float32Array.of(1e6).buffer))
    await expect(collect(convertWeight(large, 'F16'))).rejects.toMatchObject(unsupported)
    await expect(collect(convertWeight(large, 'BF16'))).rejects.toMatchObject(unsupported)
  })

  it('stops when told to', async () => {
    const stop = new AbortController()
    const reading = convertWeight(weight('BF16', [4], bfloats(4)), 'F32', { pieceBytes: 2, signal: stop.signal })
    await reading.next()
    stop.abort(new Error('enough'))
    await expect(reading.next()).rejects.toThrow('enough')
  })
})

describe('quantizeWeight', () => {
  it('gives in pieces what the whole gives', async () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(1, 17, 32, 64, 96, 100))
    const formats = fc.constantFrom<QuantizedFormat>('q4', 'q8', 'int8')
    await fc.assert(
      fc.asyncProperty(
        sizes,
        formats,
        fc.integer({ min: 1, max: 500 }),
        async ([rows, columns], format, pieceBytes) => {
          const bytes = bfloats(rows * columns)
          const pieces = await collect(quantizeWeight(weight('BF16', [rows, columns], bytes), { format, pieceBytes }))
          const whole = quantizeRows(toFloat32('BF16', bytes), columns, { format })
          expect(joined(pieces.map(({ data }) => data))).toEqual(whole.data)
          expect(joined(pieces.map(({ scales }) => scales))).toEqual(joined([whole.scales]))
        },
      ),
    )
  })

  it('shapes the tensors as the operators take them', () => {
    const shapes = (format: QuantizedFormat) =>
      quantizedInputs(weight('BF16', [5, 100], new Uint8Array(1000)), { format, scaleType: 'F16' }).map(
        ({ name, type, shape }) => `${name} ${type} ${shape}`,
      )
    expect(shapes('q4')).toEqual(['w.q4 U8 5,4,16', 'w.scales F16 5,4'])
    expect(shapes('q8')).toEqual(['w.q8 U8 5,4,32', 'w.scales F16 5,4'])
    expect(shapes('int8')).toEqual(['w.int8 I8 5,100', 'w.scales F16 5,4'])
  })

  it('names the tensor whose values are spoilt, and refuses one without rows', async () => {
    const spoilt = weight('F32', [1, 2], new Uint8Array(Float32Array.of(1, NaN).buffer))
    const quantised = collect(quantizeWeight(spoilt, { format: 'q4' }))
    await expect(quantised).rejects.toMatchObject({ code: 'model-invalid', fields: { tensor: 'w' } })
    expect(() => quantizedInputs(weight('F32', [], new Uint8Array(4)), { format: 'q4' })).toThrow(/no rows/)
  })
})
