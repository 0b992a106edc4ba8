import { createGraph, encodeModel, float, type GraphBuilder, type GraphValue } from '@perstream/onnx'
import type { Tensor } from '@perstream/spec'

/** A model and what it is fed. */
export interface RuntimeCase {
  readonly name: string
  readonly model: Uint8Array
  readonly feeds: Readonly<Record<string, Tensor>>
  /** Outputs whose values are whole numbers, and must be the same. */
  readonly exact?: readonly string[]
}

const microsoft = { domains: { 'com.microsoft': 1 } }

function encode(build: (graph: GraphBuilder) => void, options?: Parameters<typeof createGraph>[0]): Uint8Array {
  const graph = createGraph(options)
  build(graph)
  return encodeModel(graph.build())
}

/** Numbers between -1 and 1 that repeat exactly. */
function waves(...shape: number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1)
  const data = Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + shape.length))
  return { type: 'float32', shape, data }
}

/** ONNX: `state` and `x` [2, 2] give `next` = state + x and `total` [1, 1], the sum of next. */
export const stepModel = encode((graph) => {
  const next = graph.node('Add', [graph.input('state', 'float32', [2, 2]), graph.input('x', 'float32', [2, 2])])
  graph.output('next', next, 'float32', [2, 2])
  graph.output('total', graph.node('ReduceSum', [next]), 'float32', [1, 1])
})

/** ONNX: `y` = x W, with W [2, 2] in "weights.bin" at byte 4. */
export const externalModel = encode((graph) => {
  const weights = graph.external('W', 'float32', [2, 2], { location: 'weights.bin', offset: 4, length: 16 })
  graph.output('y', graph.node('MatMul', [graph.input('x', 'float32', [1, 2]), weights]), 'float32', [1, 2])
})

/** The file "weights.bin" of {@link externalModel}: W is [[1, 2], [3, 4]]. */
export function externalWeights(): Uint8Array {
  return new Uint8Array(Float32Array.of(-1, 1, 2, 3, 4).buffer)
}

/** ONNX: `y` = x, of two dimensions without a name. */
export const openModel = encode((graph) => {
  graph.output('y', graph.node('Identity', [graph.input('x', 'float32', [-1, -1])]), 'float32', [-1, -1])
})

/** ONNX: `y` = x + x computed in float16. */
export const halfModel = encode((graph) => {
  const half = graph.node('Cast', [graph.input('x', 'float32', [2])], { attributes: { to: 10 } })
  const sum = graph.node('Add', [half, half])
  graph.output('y', graph.node('Cast', [sum], { attributes: { to: 1 } }), 'float32', [2])
})

/** ONNX: `y` = x + w, w = [1, 2] stored in float16 and widened when the model is opened. */
export const halfWeightsModel = encode((graph) => {
  const stored = graph.constant({ type: 'float16', shape: [2], data: Uint16Array.of(0x3c00, 0x4000) })
  const weights = graph.node('Cast', [stored], { attributes: { to: 1 } })
  graph.output('y', graph.node('Add', [graph.input('x', 'float32', [2]), weights]), 'float32', [2])
})

/** ONNX: `y` = x after as many multiplications with the identity as are asked for: a run that takes a while. */
export function longModel(width: number, rounds: number): Uint8Array {
  return encode((graph) => {
    let value: GraphValue = graph.input('x', 'float32', [width, width])
    const identity = new Float32Array(width * width)
    for (let i = 0; i < width; i++) identity[i * width + i] = 1
    const weights = graph.constant({ type: 'float32', shape: [width, width], data: identity })
    for (let round = 0; round < rounds; round++) value = graph.node('MatMul', [value, weights])
    graph.output('y', value, 'float32', [width, width])
  })
}

/** Operators that models lean on, with inputs: what every device must agree on. */
export function operatorCases(): RuntimeCase[] {
  return [convolution(), blockQuantised(), normalised(), attention(), integers(), shapes(), functions()]
}

function convolution(): RuntimeCase {
  const model = encode((graph) => {
    const x = graph.input('x', 'float32', [1, 3, 12, 12])
    const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] }
    const bias = graph.constant(waves(8))
    const convolved = graph.node('Relu', [
      graph.node('Conv', [x, graph.constant(waves(8, 3, 3, 3)), bias], { attributes }),
    ])
    const pooled = graph.node('MaxPool', [convolved], { attributes: { kernel_shape: [2, 2], strides: [2, 2] } })
    const flat = graph.node('Flatten', [pooled])
    const scores = graph.node('Gemm', [flat, graph.constant(waves(72, 5)), graph.constant(waves(5))])
    graph.output('y', graph.node('Softmax', [scores]), 'float32', [1, 5])
  })
  return { name: 'Conv, MaxPool, Gemm, Softmax', model, feeds: { x: waves(1, 3, 12, 12) } }
}

function blockQuantised(): RuntimeCase {
  const model = encode((graph) => {
    const x = graph.input('x', 'float32', [3, 64])
    const bytes = Uint8Array.from({ length: 16 * 2 * 16 }, (_, i) => (i * 37) & 255)
    const weights = graph.constant({ type: 'uint8', shape: [16, 2, 16], data: bytes })
    const attributes = { K: 64, N: 16, bits: 4, block_size: 32 }
    const inputs = [x, weights, graph.constant(waves(32))]
    const y = graph.node('MatMulNBits', inputs, { domain: 'com.microsoft', attributes })
    graph.output('y', y, 'float32', [3, 16])
  }, microsoft)
  return { name: 'MatMulNBits of 4 bits', model, feeds: { x: waves(3, 64) } }
}

function normalised(): RuntimeCase {
  const model = encode((graph) => {
    const x = graph.input('x', 'float32', [4, 48])
    const attributes = { axis: -1, epsilon: float(1e-5) }
    const whole = graph.node('LayerNormalization', [x, graph.constant(waves(48)), graph.constant(waves(48))], {
      attributes,
    })
    const simple = graph.node('SimplifiedLayerNormalization', [x, graph.constant(waves(48))], { attributes })
    graph.output('layer', whole, 'float32', [4, 48])
    graph.output('simple', simple, 'float32', [4, 48])
  })
  return { name: 'LayerNormalization', model, feeds: { x: waves(4, 48) } }
}

/** Three new tokens after four kept ones: 4 heads, 2 of keys and values, 16 wide, rotated. */
function attention(): RuntimeCase {
  const int32 = (values: number[], shape: number[]): Tensor => ({ type: 'int32', shape, data: Int32Array.from(values) })
  const kept = ['query', 'key', 'value', 'past_key', 'past_value'] as const
  const feeds = {
    ...{ query: waves(1, 3, 64), key: waves(1, 3, 32), value: waves(1, 3, 32) },
    ...{ past_key: waves(1, 2, 4, 16), past_value: waves(1, 2, 4, 16) },
    ...{ seqlens: int32([6], [1]), total: int32([7], []) },
  }
  const model = encode((graph) => {
    const sizes = (name: string, shape: readonly number[]) => (name.startsWith('past') ? [1, 2, 'past', 16] : shape)
    const inputs = kept.map((name) => graph.input(name, 'float32', sizes(name, feeds[name].shape)))
    const lengths = [graph.input('seqlens', 'int32', [1]), graph.input('total', 'int32', [])]
    const angles = [graph.constant(waves(16, 8), 'cosines'), graph.constant(waves(16, 8), 'sines')]
    const options = { domain: 'com.microsoft', attributes: { num_heads: 4, kv_num_heads: 2, do_rotary: 1 } }
    const outputs = graph.nodeOf(3, 'GroupQueryAttention', [...inputs, ...lengths, ...angles], options)
    graph.output('y', outputs[0]!, 'float32', [1, 3, 64])
    graph.output('present_key', outputs[1]!, 'float32', [1, 2, 'whole', 16])
    graph.output('present_value', outputs[2]!, 'float32', [1, 2, 'whole', 16])
  }, microsoft)
  return { name: 'GroupQueryAttention with kept keys', model, feeds }
}

function integers(): RuntimeCase {
  const model = encode((graph) => {
    const x = graph.input('x', 'float32', [4, 16])
    const [bytes, scale, zero] = graph.nodeOf(3, 'DynamicQuantizeLinear', [x])
    const weights = Int8Array.from({ length: 16 * 8 }, (_, i) => ((i * 29) % 255) - 127)
    const matrix = graph.constant({ type: 'int8', shape: [16, 8], data: weights })
    const product = graph.node('MatMulInteger', [bytes!, matrix, zero!])
    const widened = graph.node('Mul', [graph.node('Cast', [product], { attributes: { to: 1 } }), scale!])
    const [values, indices] = graph.nodeOf(2, 'TopK', [widened, graph.int64([3])])
    graph.output('values', values!, 'float32', [4, 3])
    graph.output('indices', indices!, 'int64', [4, 3])
  })
  return { name: 'MatMulInteger and TopK', model, feeds: { x: waves(4, 16) }, exact: ['indices'] }
}

function shapes(): RuntimeCase {
  const ids = (values: number[]): Tensor => ({ type: 'int64', shape: [1, 3], data: BigInt64Array.from(values, BigInt) })
  const model = encode((graph) => {
    const rows = graph.node('Gather', [graph.constant(waves(10, 8)), graph.input('ids', 'int64', [1, 'n'])])
    const turned = graph.node('Transpose', [rows], { attributes: { perm: [0, 2, 1] } })
    const padded = graph.node('Concat', [turned, turned], { attributes: { axis: 2 } })
    const positive = graph.node('Greater', [padded, graph.scalar(0)])
    graph.output('y', graph.node('Where', [positive, padded, graph.scalar(-0.5)]), 'float32', [1, 8, 'm'])
    graph.output('signs', positive, 'bool', [1, 8, 'm'])
  })
  return { name: 'Gather, Transpose, Concat, Where', model, feeds: { ids: ids([7, 0, 9]) }, exact: ['signs'] }
}

function functions(): RuntimeCase {
  const operators = ['Erf', 'Tanh', 'Sigmoid', 'Exp', 'Sqrt', 'Sin', 'Cos']
  const model = encode((graph) => {
    const x = graph.node('Abs', [graph.input('x', 'float32', [64])])
    for (const operator of operators) graph.output(operator, graph.node(operator, [x]), 'float32', [64])
  })
  return { name: operators.join(', '), model, feeds: { x: waves(64) } }
}
