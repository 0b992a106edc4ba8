import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { bytesSource, createGraph, decodeModel, encodeModel, type GraphBuilder, type OnnxNode } from '@perstream/onnx'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nameNodes, nameOf } from './name-nodes'
import { scanModel } from './scan-model'

const shared = process.env.PERSTREAM_SHARED ?? resolve(import.meta.dirname, '../../../../../shared')
const models = join(shared, 'models')
const skipped = existsSync(models) ? '' : ' (skipped: no shared material)'

function scan(build: (graph: GraphBuilder) => void) {
  const graph = createGraph()
  build(graph)
  return scanModel(bytesSource('a model', encodeModel(graph.build())))
}

const half = { type: 'float16', shape: [4, 2], data: new Uint16Array(8) } as const
const toFloat = { attributes: { to: 1 } }

function withoutName(node: OnnxNode): OnnxNode {
  return node.name === 'widen' ? node : { ...node, name: '' }
}

describe('scanModel', () => {
  it('reads outputs and the places of weights, each once', async () => {
    const facts = await scan((graph) => {
      const place = { offset: 0, length: 16 }
      const a = graph.external('a', 'float32', [4], { location: 'one.bin', ...place })
      const b = graph.external('b', 'float32', [4], { location: 'two.bin', ...place })
      const c = graph.external('c', 'float32', [4], { location: 'one.bin', ...place })
      graph.output('y', graph.node('Sum', [a, b, c, graph.input('x', 'float32', [4])]), 'float32', [4])
      graph.output('z', a, 'float32', [4])
    })
    expect(facts).toMatchObject({
      outputs: ['y', 'z'],
      externalLocations: ['one.bin', 'two.bin'],
      computesFloat16: false,
    })
  })

  it.each<[what: string, computes: boolean, movers: number, build: (graph: GraphBuilder) => void]>([
    [
      'half weights that are widened first',
      false,
      0,
      (graph) => {
        const weights = graph.node(
          'Cast',
          [graph.node('Reshape', [graph.constant(half), graph.int64([2, 4])])],
          toFloat,
        )
        graph.output('y', graph.node('MatMul', [graph.input('x', 'float32', [1, 2]), weights]), 'float32')
      },
    ],
    [
      'rows taken of half weights, widened after',
      false,
      2,
      (graph) => {
        const rows = graph.node('Gather', [graph.constant(half), graph.input('ids', 'int64', [1])])
        graph.output('y', graph.node('Cast', [rows], toFloat), 'float32')
      },
    ],
    [
      'a half input',
      false,
      1,
      (graph) => graph.output('y', graph.node('Cast', [graph.input('x', 'float16', [1])], toFloat), 'float32'),
    ],
    [
      'a sum of halves',
      true,
      0,
      (graph) => {
        const cast = graph.node('Cast', [graph.input('x', 'float32', [1])], { attributes: { to: 10 } })
        graph.output('y', graph.node('Cast', [graph.node('Add', [cast, cast])], toFloat), 'float32')
      },
    ],
    [
      'half scales, which the runtime keeps',
      true,
      0,
      (graph) => {
        const bytes = graph.constant({ type: 'uint8', shape: [4, 2], data: new Uint8Array(8) })
        const scale = graph.constant({ type: 'float16', shape: [], data: new Uint16Array(1) })
        const weights = graph.node('Cast', [graph.node('DequantizeLinear', [bytes, scale])], toFloat)
        graph.output('y', graph.node('MatMul', [graph.input('x', 'float32', [1, 4]), weights]), 'float32')
      },
    ],
  ])('tells of %s whether half floats are computed with: %s', async (_, computes, movers, build) => {
    const { computesFloat16, halfMovers } = await scan(build)
    expect([computesFloat16, halfMovers.length]).toEqual([computes, movers])
  })

  it('names nodes that have no name, and leaves everything else as it was', async () => {
    const graph = createGraph()
    const table = graph.constant(half)
    const rows = graph.node('Gather', [table, graph.input('ids', 'int64', [1])])
    const wide = graph.node('Cast', [rows], { ...toFloat, name: 'widen' })
    graph.output('y', graph.node('Mul', [graph.node('Cos', [wide]), graph.node('Sin', [wide])]), 'float32')
    const model = graph.build()
    const unnamed = { ...model, graph: { ...model.graph, nodes: model.graph.nodes.map(withoutName) } }
    const bytes = encodeModel(unnamed)
    const { angles, halfMovers, graph: place } = await scanModel(bytesSource('a model', bytes))
    const nodes = [...angles, ...halfMovers]
    const renamed = decodeModel(nameNodes(bytes, place, nodes))
    const names = new Map(renamed.graph.nodes.map(({ operator, name }) => [operator, name]))
    const given = ['Cos', 'Sin', 'Gather', 'Cast'].map((operator) => names.get(operator))
    expect(given).toEqual(nodes.map(nameOf))
    expect(names.get('Cast')).toBe('widen')
    expect(new Set(given).size).toBe(4)
    const bare = renamed.graph.nodes.map(withoutName)
    expect({ ...renamed, graph: { ...renamed.graph, nodes: bare } }).toEqual(decodeModel(bytes))
  })

  it('passes over the weights without reading them', async () => {
    const graph = createGraph()
    const weights = graph.constant({ type: 'float32', shape: [1 << 20], data: new Float32Array(1 << 20) })
    graph.output('y', graph.node('Add', [graph.input('x', 'float32', [1]), weights]), 'float32')
    const bytes = encodeModel(graph.build())
    let read = 0
    const source = bytesSource('a model', bytes)
    const counted: typeof source = {
      ...source,
      read(offset, length) {
        read += length
        return source.read(offset, length)
      },
    }
    expect((await scanModel(counted)).outputs).toEqual(['y'])
    expect(bytes.length).toBeGreaterThan(4 << 20)
    expect(read).toBeLessThan(300_000)
  })

  it('ends in a typed error, or not at all, on bytes that are damaged', async () => {
    const graph = createGraph()
    graph.output('y', graph.node('Cast', [graph.constant(half, 'w')], toFloat), 'float32')
    const whole = encodeModel(graph.build())
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255), cut: fc.nat(whole.length) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = whole.slice()
        for (const { at, to } of changes) bytes[at] = to
        const damaged = bytes.subarray(0, changes[0]!.cut)
        await scanModel(bytesSource('a model', damaged)).catch((error: unknown) =>
          expect(error).toMatchObject({ code: 'model-invalid' }),
        )
      }),
      { numRuns: 500 },
    )
  })

  it.skipIf(skipped !== '').each([
    // Its table of words is looked up in half floats: on WebGPU without shader-f16 that must happen on the CPU.
    ['all-MiniLM-L6-v2/onnx/model_quantized.onnx', [], 2],
    ['SmolLM2-135M-Instruct/onnx/decoder_model_merged.onnx', ['weights.safetensors'], 0],
    ['whisper-tiny.en/onnx/encoder_model_quantized.onnx', [], 0],
    ['tiny-qwen3-vl/onnx/vision_encoder.onnx', [], 0],
  ])(`reads the graph of %s${skipped}`, async (name, locations, movers) => {
    const file = await open(join(models, name))
    const { size } = await file.stat()
    const read = async (offset: number, length: number) =>
      (await file.read(new Uint8Array(length), 0, length, offset)).buffer
    const facts = await scanModel({ name, size, read })
    await file.close()
    expect(facts).toMatchObject({ externalLocations: locations, computesFloat16: false })
    expect(facts.halfMovers).toHaveLength(movers)
    expect(facts.outputs.length).toBeGreaterThan(0)
  })
})
