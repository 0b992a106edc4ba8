import { toHalf } from '@perstream/kit'
import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { convertTfjsGraph, type TfjsModelJson, type TfjsNode } from '../src/index'
import { dtype, run, toModel } from './tfjs'

const x: TfjsNode = {
  name: 'x',
  op: 'Placeholder',
  attr: { dtype: dtype('float32'), shape: { shape: { dim: [{ size: -1 }] } } },
}
const chain: TfjsNode[] = [
  { name: 'sum', op: 'Add', input: ['product', 'one', '^x'] },
  { name: 'product', op: 'Mul', input: ['x:0', 'x'] },
  { name: 'unused', op: 'Frobnicate', input: ['x'] },
  { name: 'one', op: 'Const' },
  x,
]
const one = { name: 'one', shape: [], values: [1] }
const feeds = { x: new ort.Tensor('float32', Float32Array.of(2, 3), [2]) }

describe('convertTfjsGraph', () => {
  it('converts what the outputs need, in any order of nodes', async () => {
    const { json, weights } = toModel(chain, [one])
    const results = await run(json, weights, feeds, ['sum', 'product'])
    expect(results).toEqual({
      sum: { type: 'float32', shape: [2], values: [5, 10] },
      product: { type: 'float32', shape: [2], values: [4, 9] },
    })
  })

  it('takes the outputs of the signature, else the nodes that nothing uses', () => {
    const { json, weights } = toModel(chain.slice(0, 2).concat(chain.slice(3)), [one])
    const outputs = (model: TfjsModelJson) => convertTfjsGraph(model, weights).graph.outputs.map(({ name }) => name)
    expect(outputs(json)).toEqual(['sum'])
    expect(outputs({ ...json, signature: { outputs: { y: { name: 'product:0' } } } })).toEqual(['product'])
  })

  it('names the node and the operation that it does not know', () => {
    const { json, weights } = toModel(chain, [one])
    expect(() => convertTfjsGraph(json, weights, { outputs: ['unused'] })).toThrow(
      expect.objectContaining({
        code: 'model-unsupported',
        message: expect.stringContaining('"unused" (Frobnicate)'),
        fields: { node: 'unused', operator: 'Frobnicate' },
      }),
    )
  })

  it('refuses loops, missing nodes, and weights that are too short', () => {
    const loop: TfjsNode[] = [
      { name: 'a', op: 'Add', input: ['b', 'x'] },
      { name: 'b', op: 'Add', input: ['a', 'x'] },
      x,
    ]
    expect(() => convertTfjsGraph(toModel(loop, []).json, [], { outputs: ['a'] })).toThrow(/"a" \(Add\).*loop/)
    expect(() => convertTfjsGraph(toModel([x], []).json, [], { outputs: ['y'] })).toThrow(/no node "y"/)
    const { json } = toModel(chain, [one])
    expect(() => convertTfjsGraph(json, [new Uint8Array(3)])).toThrow(/3 bytes: the manifest lists 4/)
    expect(() => convertTfjsGraph(toModel(chain, []).json, [], { outputs: ['sum'] })).toThrow(/constant "one"/)
  })

  it('expands quantised weights, and reads weights that are cut across files', async () => {
    const nodes: TfjsNode[] = [
      { name: 'half', op: 'Const' },
      { name: 'byte', op: 'Const' },
      { name: 'flag', op: 'Const' },
      { name: 'whole', op: 'Const' },
      { name: 'sum', op: 'Add', input: ['half', 'byte'] },
      { name: 'more', op: 'Add', input: ['sum', 'x'] },
      { name: 'cast', op: 'Cast', input: ['flag'], attr: { DstT: dtype('float32') } },
      { name: 'count', op: 'Identity', input: ['whole'], attr: { T: dtype('int32') } },
      x,
    ]
    const weightsManifest = [
      {
        paths: [],
        weights: [
          { name: 'half', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } },
          { name: 'flag', shape: [1], dtype: 'bool' },
          { name: 'byte', shape: [2], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
          { name: 'whole', shape: [1], dtype: 'int32' },
        ],
      },
    ]
    const half = new Uint8Array(toHalf(Float32Array.of(1.5, -2)).buffer)
    const all = Uint8Array.from([...half, 1, 4, 8, ...new Uint8Array(Int32Array.of(-7).buffer)])
    const json = { modelTopology: { node: nodes }, weightsManifest }
    const results = await run(json, [all.slice(0, 3), all.slice(3)], feeds, ['more', 'cast', 'count'])
    expect(results.more!.values).toEqual([1.5 + 1 + 2, -2 + 3 + 3])
    expect(results.cast!.values).toEqual([1])
    expect(results.count).toEqual({ type: 'int64', shape: [1], values: [-7] })
  })

  it('takes whole numbers as int32 and carries them as int64', async () => {
    const shape = { shape: { dim: [{ size: '2' }] } }
    const nodes: TfjsNode[] = [
      { name: 'n', op: 'Placeholder', attr: { dtype: { type: 9 }, shape } },
      { name: 'sum', op: 'Add', input: ['n', 'n'], attr: { T: { type: 9 } } },
    ]
    const { json } = toModel(nodes, [])
    const fed = { n: new ort.Tensor('int32', Int32Array.of(3, -4), [2]) }
    expect(await run(json, [], fed)).toEqual({ sum: { type: 'int64', shape: [2], values: [6, -8] } })
  })
})
