import { PerStreamError } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createGraph,
  createTensor,
  decodeModel,
  encodeModel,
  float,
  floats,
  type OnnxModel,
  readTensorData,
} from './index'
import { ProtoWriter } from './protobuf'

describe('encodeModel and decodeModel', () => {
  it('gives back what was written', () => {
    const tensor = createTensor('w', { type: 'float16', shape: [2, 1], data: Uint16Array.of(0x3c00, 0) })
    const model: OnnxModel = {
      irVersion: 9,
      producer: 'test',
      opsets: { '': 18, 'com.microsoft': 1 },
      metadata: { author: 'Zoë', empty: '' },
      graph: {
        name: 'graph',
        initializers: [tensor, createTensor('none', { type: 'int64', shape: [0], data: new BigInt64Array() })],
        inputs: [{ name: 'x', type: 'float32', shape: ['n', 3, -1] }],
        outputs: [{ name: 'y', type: 'bool', shape: undefined }],
        values: [{ name: 'z', type: 'int8', shape: [] }],
        nodes: [
          {
            name: 'node',
            operator: 'Everything',
            domain: 'com.microsoft',
            inputs: ['x', '', 'w'],
            outputs: ['y', 'z'],
            attributes: {
              float: { type: 'float', value: 0.5 },
              int: { type: 'int', value: -1 },
              long: { type: 'int', value: 2n ** 63n - 1n },
              string: { type: 'string', value: 'SAME_UPPER' },
              tensor: { type: 'tensor', value: tensor },
              graph: {
                type: 'graph',
                value: { name: 'inner', nodes: [], initializers: [], inputs: [], outputs: [], values: [] },
              },
              floats: { type: 'floats', value: [1, -2.5] },
              ints: { type: 'ints', value: [0, -3, 300, -(2n ** 63n)] },
              strings: { type: 'strings', value: ['a', ''] },
              none: { type: 'ints', value: [] },
            },
          },
        ],
      },
    }
    expect(decodeModel(encodeModel(model))).toEqual(model)
  })

  it('keeps where weights lie that another file holds', () => {
    const graph = createGraph()
    const place = { location: 'model.safetensors', offset: 5_000_000_000, length: 8 }
    const twice = [0, 1].map(() => graph.external('w', 'bfloat16', [4], place))
    const model = decodeModel(encodeModel(graph.build()))
    expect(twice).toEqual([{ name: 'w' }, { name: 'w' }])
    expect(model.graph.initializers).toEqual([{ name: 'w', type: 'bfloat16', shape: [4], data: place }])
    expect(() => readTensorData(model.graph.initializers[0]!)).toThrow(/bfloat16/)
  })

  it('keeps whole numbers of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (values) => {
        const graph = createGraph()
        graph.node('Any', [], { attributes: { values: { type: 'ints', value: values } } })
        const attribute = decodeModel(encodeModel(graph.build())).graph.nodes[0]!.attributes.values!
        expect((attribute.value as (number | bigint)[]).map(BigInt)).toEqual(values)
      }),
    )
  })

  it('reads values at any place in memory, in a Buffer too', () => {
    const graph = createGraph()
    graph.constant({ type: 'float32', shape: [2], data: Float32Array.of(1, 2) })
    const bytes = encodeModel(graph.build())
    for (const shift of [0, 1, 2, 3]) {
      const buffer = Buffer.alloc(bytes.length + shift).subarray(shift)
      buffer.set(bytes)
      expect(readTensorData(decodeModel(buffer).graph.initializers[0]!).data).toEqual(Float32Array.of(1, 2))
    }
  })

  it('reads tensors whose numbers are not stored raw', () => {
    const half = new ProtoWriter().integers(1, [2]).integer(2, 10).text(8, 'half').integers(5, [0x3c00, 0xbc00])
    const long = new ProtoWriter().integer(1, 2).integer(2, 7).text(8, 'long').integer(7, -1).integer(7, 2)
    const single = new ProtoWriter().integers(1, [2]).integer(2, 1).text(8, 'single').float(4, 1.5).float(4, -2)
    const byte = new ProtoWriter().integers(1, [1]).integer(2, 3).text(8, 'byte').integers(5, [-7])
    const graph = new ProtoWriter().message(5, half).message(5, long).message(5, single).message(5, byte)
    const { initializers } = decodeModel(new ProtoWriter().message(7, graph).finish()).graph
    expect(initializers.map((tensor) => readTensorData(tensor).data)).toEqual([
      Uint16Array.of(0x3c00, 0xbc00),
      BigInt64Array.of(-1n, 2n),
      Float32Array.of(1.5, -2),
      Int8Array.of(-7),
    ])
  })

  it('refuses damaged bytes and never fails otherwise', () => {
    const bytes = smallModel()
    expect(() => decodeModel(new Uint8Array())).toThrow(/no graph/)
    const position = fc.integer({ min: 0, max: bytes.length - 1 })
    fc.assert(
      fc.property(position, fc.integer({ min: 0, max: 255 }), fc.boolean(), (place, value, cut) => {
        const damaged = cut ? bytes.slice(0, place) : bytes.slice()
        if (!cut) damaged[place] = value
        try {
          decodeModel(damaged)
        } catch (error) {
          expect(PerStreamError.isInstance(error) ? error.code : error).toMatch(/model-(invalid|unsupported)/)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('says what it does not read', () => {
    const withTensor = (tensor: ProtoWriter) =>
      new ProtoWriter().message(7, new ProtoWriter().message(5, tensor)).finish()
    expect(() => decodeModel(withTensor(new ProtoWriter().integer(2, 22)))).toThrow(/element type 22/)
    expect(() =>
      decodeModel(withTensor(new ProtoWriter().integers(1, [2]).integer(2, 1).bytes(9, new Uint8Array(7)))),
    ).toThrow(/7 bytes.*need 8/)
  })
})

describe('createGraph', () => {
  it('refuses two values of one name', () => {
    const graph = createGraph()
    graph.input('x', 'float32', [1])
    expect(() => graph.input('x', 'float32', [1])).toThrow(/"x" is taken/)
  })

  it('refuses a fraction where an int would be written, and takes marked floats', () => {
    const graph = createGraph()
    expect(() => graph.node('Elu', [], { attributes: { alpha: 0.5 } })).toThrow(/alpha is 0.5.*float\(\)/)
    graph.node('Any', [], { attributes: { alpha: float(1), scales: floats([1, 2]), names: ['a'], axis: 1 } })
    expect(graph.build().graph.nodes[0]!.attributes).toEqual({
      alpha: { type: 'float', value: 1 },
      scales: { type: 'floats', value: [1, 2] },
      names: { type: 'strings', value: ['a'] },
      axis: { type: 'int', value: 1 },
    })
  })

  it('refuses data that does not fill its shape or has another type', () => {
    const graph = createGraph()
    expect(() => graph.constant({ type: 'float32', shape: [3], data: Float32Array.of(1, 2) })).toThrow(/2 elements/)
    expect(() => graph.constant({ type: 'int64', shape: [1], data: Float32Array.of(1) })).toThrow(/BigInt64Array/)
  })
})

function smallModel(): Uint8Array {
  const graph = createGraph({ name: 'small' })
  const x = graph.input('x', 'float32', ['n', 2])
  const scaled = graph.node('Mul', [x, graph.scalar(2)])
  graph.output('y', graph.node('Softmax', [scaled], { attributes: { axis: -1 } }), 'float32', ['n', 2])
  return encodeModel(graph.build())
}
