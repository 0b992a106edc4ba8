import type { GraphValue } from '../graph'
import { typeNumbers } from '../model'
import { createTensor } from '../tensor'
import type { ConversionContext } from './context'
import { convolution, depthwiseConvolution, maxPool } from './convolution'
import { unsupported } from './graph-model'
import { slice, split, stridedSlice } from './slicing'

/** Converts one node to the value of its output, or to all of its outputs. */
type ConvertOperator = (context: ConversionContext) => GraphValue | readonly GraphValue[]

/** What is known of TensorFlow's operations. */
export const operators: Readonly<Record<string, ConvertOperator>> = {
  Add: elementwise('Add'),
  AddV2: elementwise('Add'),
  BatchMatMul: batchMatMul,
  BatchMatMulV2: batchMatMul,
  BiasAdd: biasAdd,
  Cast: cast,
  ConcatV2: concat,
  Conv2D: convolution,
  Cos: elementwise('Cos'),
  DepthwiseConv2dNative: depthwiseConvolution,
  Equal: elementwise('Equal'),
  Exp: elementwise('Exp'),
  ExpandDims: expandDims,
  FloorDiv: floorDivide,
  FloorMod: floorModulo,
  FusedDepthwiseConv2dNative: depthwiseConvolution,
  GatherNd: elementwise('GatherND'),
  GatherV2: gather,
  Greater: elementwise('Greater'),
  Identity: elementwise('Identity'),
  Less: elementwise('Less'),
  LogicalNot: elementwise('Not'),
  MatMul: matMul,
  Max: reduction('ReduceMax'),
  Maximum: elementwise('Max'),
  MaxPool: maxPool,
  Mean: reduction('ReduceMean'),
  Min: reduction('ReduceMin'),
  Minimum: elementwise('Min'),
  Mul: elementwise('Mul'),
  Neg: elementwise('Neg'),
  Pack: pack,
  Prod: reduction('ReduceProd'),
  Range: elementwise('Range'),
  RealDiv: elementwise('Div'),
  Relu: elementwise('Relu'),
  Relu6: ({ graph, input }) => graph.node('Clip', [input(0), graph.scalar(0), graph.scalar(6)]),
  Reshape: ({ graph, input }) => graph.node('Reshape', [input(0), input(1)], { attributes: { allowzero: 1 } }),
  ResizeBilinear: resizeBilinear,
  Rsqrt: ({ graph, input }) => graph.node('Reciprocal', [graph.node('Sqrt', [input(0)])]),
  ScatterNd: scatterNd,
  Shape: elementwise('Shape'),
  Sigmoid: elementwise('Sigmoid'),
  Sin: elementwise('Sin'),
  Slice: slice,
  Softmax: ({ graph, input }) => graph.node('Softmax', [input(0)], { attributes: { axis: -1 } }),
  SparseToDense: sparseToDense,
  SplitV: split,
  Sqrt: elementwise('Sqrt'),
  Square: ({ graph, input }) => graph.node('Mul', [input(0), input(0)]),
  Squeeze: squeeze,
  StridedSlice: stridedSlice,
  Sub: elementwise('Sub'),
  Sum: reduction('ReduceSum'),
  Tanh: elementwise('Tanh'),
  TopKV2: topK,
  Transpose: transpose,
  Where: ({ graph, input }) =>
    graph.node('Transpose', [graph.node('NonZero', [input(0)])], { attributes: { perm: [1, 0] } }),
  _FusedConv2D: convolution,
}

/** An operation that means the same in ONNX, inputs in the same order. */
function elementwise(operator: string): ConvertOperator {
  return ({ graph, input, inputCount }) =>
    graph.node(
      operator,
      Array.from({ length: inputCount }, (_, i) => input(i)),
    )
}

function reduction(operator: string): ConvertOperator {
  return ({ graph, input, numbers, attributes }) => {
    const keepdims = attributes.flag('keep_dims') ? 1 : 0
    return graph.node(operator, [input(0), graph.int64(numbers(1))], {
      attributes: { keepdims, noop_with_empty_axes: 1 },
    })
  }
}

/** TensorFlow contracts the last two axes, one or both transposed; Einsum does so for any rank. */
function batchMatMul({ graph, input, attributes }: ConversionContext): GraphValue {
  const left = attributes.flag('adj_x') ? '...ji' : '...ij'
  const right = attributes.flag('adj_y') ? '...kj' : '...jk'
  if (left === '...ij' && right === '...jk') return graph.node('MatMul', [input(0), input(1)])
  return graph.node('Einsum', [input(0), input(1)], { attributes: { equation: `${left},${right}->...ik` } })
}

function matMul({ graph, input, attributes }: ConversionContext): GraphValue {
  const operand = (index: number, flag: string) =>
    attributes.flag(flag) ? graph.node('Transpose', [input(index)], { attributes: { perm: [1, 0] } }) : input(index)
  return graph.node('MatMul', [operand(0, 'transpose_a'), operand(1, 'transpose_b')])
}

function biasAdd({ graph, node, input, attributes }: ConversionContext): GraphValue {
  if (attributes.text('data_format') === 'NCHW') throw unsupported(node, 'its data format is NCHW')
  return graph.node('Add', [input(0), input(1)])
}

function cast({ graph, node, input, attributes }: ConversionContext): GraphValue {
  const type = attributes.type('DstT')
  if (!type) throw unsupported(node, 'it does not say what type it casts to')
  return graph.node('Cast', [input(0)], { attributes: { to: typeNumbers[type] } })
}

function concat({ graph, input, inputCount, numbers }: ConversionContext): GraphValue {
  const axis = numbers(inputCount - 1)[0]!
  const values = Array.from({ length: inputCount - 1 }, (_, i) => input(i))
  return graph.node('Concat', values, { attributes: { axis } })
}

function pack({ graph, input, inputCount, attributes }: ConversionContext): GraphValue {
  const axis = attributes.integer('axis') ?? 0
  const axes = graph.int64([axis])
  const values = Array.from({ length: inputCount }, (_, i) => graph.node('Unsqueeze', [input(i), axes]))
  return graph.node('Concat', values, { attributes: { axis } })
}

function expandDims({ graph, input, numbers }: ConversionContext): GraphValue {
  return graph.node('Unsqueeze', [input(0), graph.int64(numbers(1))])
}

function squeeze({ graph, input, attributes }: ConversionContext): GraphValue {
  const axes = attributes.integers('squeeze_dims')
  return graph.node('Squeeze', axes.length > 0 ? [input(0), graph.int64(axes)] : [input(0)])
}

/** ONNX divides whole numbers towards zero; without the remainder the division is exact. */
function floorDivide({ graph, input, attributes }: ConversionContext): GraphValue {
  if (attributes.type('T') === 'float32') return graph.node('Floor', [graph.node('Div', [input(0), input(1)])])
  const remainder = graph.node('Mod', [input(0), input(1)])
  return graph.node('Div', [graph.node('Sub', [input(0), remainder]), input(1)])
}

function floorModulo({ graph, input, attributes }: ConversionContext): GraphValue {
  if (attributes.type('T') !== 'float32') return graph.node('Mod', [input(0), input(1)])
  const quotient = graph.node('Floor', [graph.node('Div', [input(0), input(1)])])
  return graph.node('Sub', [input(0), graph.node('Mul', [quotient, input(1)])])
}

function gather({ graph, node, input, numbers, attributes }: ConversionContext): GraphValue {
  if ((attributes.integer('batch_dims') ?? 0) !== 0) throw unsupported(node, 'it gathers by batch')
  return graph.node('Gather', [input(0), input(1)], { attributes: { axis: numbers(2)[0]! } })
}

/** Inputs: indices, updates, shape. Duplicate indices would have to be added up; here the last one wins. */
function scatterNd({ graph, input, attributes }: ConversionContext): GraphValue {
  const type = attributes.type('T') ?? 'float32'
  const data = type === 'int64' ? BigInt64Array.of(0n) : Float32Array.of(0)
  const value = { type: 'tensor', value: createTensor('', { type, shape: [1], data }) } as const
  const zeros = graph.node('ConstantOfShape', [input(2)], { attributes: { value } })
  return graph.node('ScatterND', [zeros, input(0), input(1)])
}

/** Inputs: indices, shape, values, default. */
function sparseToDense({ graph, input }: ConversionContext): GraphValue {
  return graph.node('ScatterND', [graph.node('Expand', [input(3), input(1)]), input(0), input(2)])
}

function topK({ graph, input, numbers }: ConversionContext): readonly GraphValue[] {
  return graph.nodeOf(2, 'TopK', [input(0), graph.int64(numbers(1))])
}

function transpose({ graph, input, numbers }: ConversionContext): GraphValue {
  return graph.node('Transpose', [input(0)], { attributes: { perm: numbers(1) } })
}

function resizeBilinear({ graph, input, numbers, attributes }: ConversionContext): GraphValue {
  const mode = attributes.flag('align_corners')
    ? 'align_corners'
    : attributes.flag('half_pixel_centers')
      ? 'half_pixel'
      : 'asymmetric'
  const channelsFirst = graph.node('Transpose', [input(0)], { attributes: { perm: [0, 3, 1, 2] } })
  const shape = graph.node('Shape', [channelsFirst], { attributes: { end: 2 } })
  const sizes = graph.node('Concat', [shape, graph.int64(numbers(1))], { attributes: { axis: 0 } })
  const resized = graph.node('Resize', [channelsFirst, undefined, undefined, sizes], {
    attributes: { mode: 'linear', coordinate_transformation_mode: mode },
  })
  return graph.node('Transpose', [resized], { attributes: { perm: [0, 2, 3, 1] } })
}
