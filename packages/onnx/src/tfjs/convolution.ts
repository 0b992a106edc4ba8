import type { Tensor } from '@perstream/spec'
import type { GraphValue } from '../graph'
import type { ConversionContext } from './context'
import { unsupported } from './graph-model'

const toChannelsFirst = [0, 3, 1, 2]
const toChannelsLast = [0, 2, 3, 1]

/** Inputs: value, kernel [height, width, in, out], and when fused a bias. A plain 1x1 kernel is a matrix product. */
export function convolution(context: ConversionContext): GraphValue {
  const { graph, node, input, attributes } = context
  const kernel = kernelOf(context)
  const [height, width, from, to] = kernel.shape as [number, number, number, number]
  const pointwise = height === 1 && width === 1 && attributes.integers('strides').every((stride) => stride === 1)
  if (node.op === 'Conv2D' && pointwise) {
    return graph.node('MatMul', [input(0), graph.constant({ ...kernel, shape: [from, to] })])
  }
  const weights = permuteKernel(kernel, [3, 2, 0, 1])
  return convolve(context, { ...weights, shape: [to, from, height, width] }, 1)
}

/** Inputs: value, kernel [height, width, in, multiplier], and when fused a bias. */
export function depthwiseConvolution(context: ConversionContext): GraphValue {
  const kernel = kernelOf(context)
  const [height, width, channels, multiplier] = kernel.shape as [number, number, number, number]
  const weights = permuteKernel(kernel, [2, 3, 0, 1])
  return convolve(context, { ...weights, shape: [channels * multiplier, 1, height, width] }, channels)
}

/** Pools channels-last values. */
export function maxPool(context: ConversionContext): GraphValue {
  const { graph, input, attributes } = context
  const value = graph.node('Transpose', [input(0)], { attributes: { perm: toChannelsFirst } })
  const window = { ...windowOf(context), kernel_shape: attributes.integers('ksize').slice(1, 3) }
  const pooled = graph.node('MaxPool', [value], { attributes: window })
  return graph.node('Transpose', [pooled], { attributes: { perm: toChannelsLast } })
}

function convolve(context: ConversionContext, weights: Tensor, group: number): GraphValue {
  const { graph, node, input, attributes } = context
  const fused = attributes.texts('fused_ops')
  const bias = fused[0] === 'BiasAdd' ? input(2) : undefined
  const value = graph.node('Transpose', [input(0)], { attributes: { perm: toChannelsFirst } })
  const window = { ...windowOf(context), ...dilationOf(context, weights.shape.slice(2)), group }
  const convolved = graph.node('Conv', [value, graph.constant(weights), bias], { attributes: window })
  const activated = fused
    .filter((name) => name !== 'BiasAdd')
    .reduce((result, name) => activate(context, name, result), convolved)
  if (fused.includes('BiasAdd') && !bias) throw unsupported(node, 'it adds its bias after something else')
  return graph.node('Transpose', [activated], { attributes: { perm: toChannelsLast } })
}

function activate({ graph, node }: ConversionContext, name: string, value: GraphValue): GraphValue {
  if (name === 'Relu') return graph.node('Relu', [value])
  if (name === 'Relu6') return graph.node('Clip', [value, graph.scalar(0), graph.scalar(6)])
  throw unsupported(node, `it is fused with ${name}`)
}

function windowOf({ node, attributes }: ConversionContext) {
  if (attributes.text('data_format') === 'NCHW') throw unsupported(node, 'its data format is NCHW')
  const padding = attributes.text('padding')
  if (padding !== 'SAME' && padding !== 'VALID') throw unsupported(node, `its padding is ${padding}`)
  return {
    auto_pad: padding === 'SAME' ? 'SAME_UPPER' : 'VALID',
    strides: attributes.integers('strides').slice(1, 3),
  }
}

/** Spread kernels need their padding spelled out; TensorFlow allows them only at stride 1. */
function dilationOf({ attributes }: ConversionContext, kernel: readonly number[]) {
  const dilations = attributes.integers('dilations').slice(1, 3)
  if (dilations.every((dilation) => dilation === 1)) return {}
  if (attributes.text('padding') === 'VALID') return { dilations }
  const totals = kernel.map((taps, axis) => (taps - 1) * dilations[axis]!)
  const before = totals.map((total) => Math.floor(total / 2))
  return { dilations, auto_pad: 'NOTSET', pads: [...before, ...totals.map((total, axis) => total - before[axis]!)] }
}

function kernelOf({ node, constant }: ConversionContext): Tensor {
  const kernel = constant(1)
  if (kernel?.type !== 'float32' || kernel.shape.length !== 4) throw unsupported(node, 'its kernel is not constant')
  return kernel
}

/** Reorders the axes of a kernel: axis i of the result is axis `order[i]` of the kernel. */
function permuteKernel({ type, shape, data }: Tensor, order: readonly [number, number, number, number]): Tensor {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1))
  const sizes = order.map((axis) => shape[axis]!) as [number, number, number, number]
  const steps = order.map((axis) => strides[axis]!) as [number, number, number, number]
  const permuted = new Float32Array(data.length)
  const source = data as Float32Array
  let target = 0
  for (let a = 0; a < sizes[0]; a++) {
    for (let b = 0; b < sizes[1]; b++) {
      for (let c = 0; c < sizes[2]; c++) {
        for (let d = 0; d < sizes[3]; d++) {
          permuted[target++] = source[a * steps[0] + b * steps[1] + c * steps[2] + d * steps[3]]!
        }
      }
    }
  }
  return { type, shape: sizes, data: permuted }
}
