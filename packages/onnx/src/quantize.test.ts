import { createRandom, fromHalf } from '@perstream/kit'
import fc from 'fast-check'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { createGraph, encodeModel, type QuantizedFormat, type QuantizedRows, quantizeRows } from './index'

/** The values that quantised rows stand for, by the definition: one value at a time. */
function widen(
  { data, scales }: QuantizedRows,
  [rows, columns]: readonly [number, number],
  format: QuantizedFormat,
  blockSize: number,
): number[] {
  const blocks = Math.ceil(columns / blockSize)
  const factors = scales instanceof Float32Array ? scales : fromHalf(scales)
  return Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns]
    const block = row * blocks + Math.floor(column / blockSize)
    const place = block * blockSize + (column % blockSize)
    const scale = factors[block]!
    if (format === 'int8') return scale * (new Int8Array(data.buffer)[i] as number)
    if (format === 'q8') return scale * (data[place]! - 128)
    return scale * ((place % 2 === 0 ? data[place >> 1]! & 15 : data[place >> 1]! >> 4) - 8)
  })
}

const matrix = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 70 }), fc.constantFrom(1, 1e-30, 1e4))
  .chain(([rows, columns, factor]) => {
    const count = rows * columns
    const value = fc
      .oneof(fc.constant(0), fc.float({ min: -1, max: 1, noNaN: true }))
      .map((each) => Math.fround(each * factor))
    return fc.tuple(fc.constant([rows, columns] as const), fc.array(value, { minLength: count, maxLength: count }))
  })

const formats: readonly QuantizedFormat[] = ['q4', 'q8', 'int8']

describe('quantizeRows', () => {
  it.each(formats)('keeps every value of %s within half a step, the largest of a block exactly', (format) => {
    fc.assert(
      fc.property(matrix, fc.constantFrom(16, 32), ([size, values], blockSize) => {
        const quantised = quantizeRows(Float32Array.from(values), size[1], { format, blockSize })
        const blocks = Math.ceil(size[1] / blockSize)
        expect(quantised.scales.length).toBe(size[0] * blocks)
        expect(quantised.data.length).toBe(
          format === 'int8' ? values.length : (size[0] * blocks * blockSize) / (format === 'q4' ? 2 : 1),
        )
        widen(quantised, size, format, blockSize).forEach((value, i) => {
          const row = Math.floor(i / size[1])
          const scale = Math.abs(quantised.scales[row * blocks + Math.floor((i % size[1]) / blockSize)]!)
          // A value as large as the largest but of the other sign has no quantum of its own: it is one step away.
          const opposite = format !== 'int8' && Math.abs(values[i]!) > scale * (format === 'q4' ? 7.5 : 127.5) * 0.9999
          const limit = scale * (opposite ? 1.0001 : 0.5001)
          expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(limit + 2e-43)
        })
      }),
    )
  })

  it('packs as MatMulNBits wants it: low half first, the missing rest zero', () => {
    const values = Float32Array.from({ length: 18 }, (_, i) => (i === 0 ? -8 : i % 8))
    const { data, scales } = quantizeRows(values, 18, { format: 'q4', blockSize: 16 })
    expect([...scales]).toEqual([1, -0.125])
    // The second block holds 0 and 1, whose scale is 1 / -8; 8 is zero.
    const expected = [0x90, 0xba, 0xdc, 0xfe, 0x98, 0xba, 0xdc, 0xfe, 0x08, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88]
    expect([...data]).toEqual(expected)
    expect([...quantizeRows(values, 18, { format: 'q8', blockSize: 16 }).data.subarray(18)]).toEqual(
      Array(14).fill(128),
    )
  })

  it('computes with the scale as it is kept', () => {
    const values = Float32Array.from({ length: 32 }, (_, i) => Math.sin(i))
    const { data, scales } = quantizeRows(values, 32, { format: 'q8', scaleType: 'F16' })
    expect(scales).toBeInstanceOf(Uint16Array)
    const step = Math.abs(fromHalf(scales as Uint16Array)[0]!)
    widen({ data, scales }, [1, 32], 'q8', 32).forEach((value, i) => {
      expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(step * 0.501)
    })
  })

  it('stays within the quanta where a scale is rounded down', () => {
    const tiny = Float32Array.of(-1e-6, 1e-6, 2e-7)
    for (const format of formats) {
      const quantised = quantizeRows(tiny, 3, { format, scaleType: 'F16' })
      widen(quantised, [1, 3], format, 32).forEach((value, i) => {
        expect(Math.abs(value - tiny[i]!)).toBeLessThanOrEqual(1.01e-6)
      })
    }
  })

  it('refuses values that are no numbers, scales that float16 cannot hold, and rows that are not whole', () => {
    const options = { format: 'q4' } as const
    expect(() => quantizeRows(Float32Array.of(0, NaN), 2, options)).toThrow(/NaN at place 1/)
    expect(() => quantizeRows(Float32Array.of(-Infinity, 1), 2, options)).toThrow(/-Infinity at place 0/)
    expect(() => quantizeRows(Float32Array.of(1e7), 1, { ...options, scaleType: 'F16' })).toThrow(/float16/)
    expect(() => quantizeRows(new Float32Array(3), 2, options)).toThrow(TypeError)
    expect(() => quantizeRows(new Float32Array(2), 2, { ...options, blockSize: 24 })).toThrow(/blockSize is 24/)
  })
})

describe('quantised products in ONNX Runtime', () => {
  const [rows, columns, batch] = [40, 100, 3]
  const random = createRandom(7)
  const weight = Float32Array.from({ length: rows * columns }, () => random.gaussian())
  const x = Float32Array.from({ length: batch * columns }, () => random.gaussian())

  /** x W^T in float64. */
  const product = (w: ArrayLike<number>) =>
    Array.from({ length: batch * rows }, (_, i) => {
      let sum = 0
      for (let k = 0; k < columns; k++) sum += x[Math.floor(i / rows) * columns + k]! * w[(i % rows) * columns + k]!
      return sum
    })

  async function run(format: QuantizedFormat, { data, scales }: QuantizedRows, blocks: number): Promise<Float32Array> {
    const graph = createGraph({ opset: 21, domains: { 'com.microsoft': 1 } })
    const input = graph.input('x', 'float32', ['n', columns])
    const factors = scales as Float32Array
    if (format === 'int8') {
      const w = graph.constant({ type: 'int8', shape: [rows, columns], data: new Int8Array(data.buffer) })
      const s = graph.constant({ type: 'float32', shape: [rows, blocks], data: factors })
      const wide = graph.node('DequantizeLinear', [w, s], { attributes: { axis: 1, block_size: 32 } })
      const turned = graph.node('Transpose', [wide], { attributes: { perm: [1, 0] } })
      graph.output('y', graph.node('MatMul', [input, turned]), 'float32', ['n', rows])
    } else {
      const bits = format === 'q4' ? 4 : 8
      const w = graph.constant({ type: 'uint8', shape: [rows, blocks, data.length / rows / blocks], data })
      const s = graph.constant({ type: 'float32', shape: [rows * blocks], data: factors })
      const attributes = { K: columns, N: rows, bits, block_size: 32 }
      graph.output('y', graph.node('MatMulNBits', [input, w, s], { domain: 'com.microsoft', attributes }), 'float32', [
        'n',
        rows,
      ])
    }
    const session = await InferenceSession.create(encodeModel(graph.build()))
    const { y } = await session.run({ x: new Tensor('float32', x, [batch, columns]) })
    return y!.data as Float32Array
  }

  it.each([
    ['q4', 0.1],
    ['q8', 0.007],
    ['int8', 0.007],
  ] as const)('%s: equals the widened weights, and is near the exact ones', async (format, limit) => {
    const quantised = quantizeRows(weight, columns, { format })
    const y = await run(format, quantised, 4)
    const widened = product(widen(quantised, [rows, columns], format, 32))
    const exact = product(weight)
    y.forEach((value, i) => {
      expect(Math.abs(value - widened[i]!)).toBeLessThan(1e-4)
    })
    const deviation = Math.sqrt(y.reduce((sum, value, i) => sum + (value - exact[i]!) ** 2, 0) / y.length)
    const size = Math.sqrt(exact.reduce((sum, value) => sum + value ** 2, 0) / exact.length)
    expect(deviation / size).toBeLessThan(limit)
    expect(deviation).toBeGreaterThan(0)
  })
})
