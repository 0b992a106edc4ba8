import { createGraph, encodeModel, type GraphBuilder } from '@perstream/onnx'
import type { ElementType } from '@perstream/spec'

/** Numbers of `TensorProto.DataType` in onnx.proto. */
const typeNumbers: Record<ElementType, number> = {
  ...{ float32: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9 },
  ...{ float16: 10, float64: 11, uint32: 12, uint64: 13 },
}

/** The ONNX file of `y = Identity(x)`: the smallest model that shows whether a device runs a type. Without sizes, of any shape. */
export function identityModel(type: ElementType, sizes?: readonly number[]): Uint8Array {
  const node = message(1, [...text(1, 'x'), ...text(2, 'y'), ...text(4, 'Identity')])
  const shape = sizes
    ? message(
        2,
        sizes.flatMap((size) => message(1, [0x08, size])),
      )
    : []
  const tensorType = message(2, message(1, [0x08, typeNumbers[type], ...shape]))
  const input = message(11, [...text(1, 'x'), ...tensorType])
  const output = message(12, [...text(1, 'y'), ...tensorType])
  const graph = message(7, [...node, ...text(2, 'probe'), ...input, ...output])
  const opset = message(8, [0x10, 17])
  return Uint8Array.from([0x08, 8, ...graph, ...opset])
}

/** A length-delimited protobuf field; contents below 128 bytes. */
function message(field: number, contents: readonly number[]): number[] {
  return [(field << 3) | 2, contents.length, ...contents]
}

function text(field: number, value: string): number[] {
  return message(field, [...new TextEncoder().encode(value)])
}

const microsoft = { domains: { 'com.microsoft': 1 } }

function encode(build: (graph: GraphBuilder) => void, options?: Parameters<typeof createGraph>[0]): Uint8Array {
  const graph = createGraph(options)
  build(graph)
  return encodeModel(graph.build())
}

/** Models of one operator each, that a device opens when it has it. */
export const probeModels = {
  logSoftmax: () =>
    encode((graph) => {
      const x = graph.input('x', 'float32', [2, 4])
      graph.output('y', graph.node('LogSoftmax', [x]), 'float32', [2, 4])
    }),
  fusedMatMul: () =>
    encode((graph) => {
      const x = graph.input('x', 'float32', [4, 4])
      const y = graph.node('FusedMatMul', [x, x], { domain: 'com.microsoft', attributes: { transA: 1 } })
      graph.output('y', y, 'float32', [4, 4])
    }, microsoft),
  matMulNBits: () =>
    encode((graph) => {
      const x = graph.input('x', 'float32', [1, 32])
      const weights = graph.constant({ type: 'uint8', shape: [16, 1, 16], data: new Uint8Array(256) })
      const scales = graph.constant({ type: 'float32', shape: [16], data: new Float32Array(16) })
      const attributes = { K: 32, N: 16, bits: 4, block_size: 32 }
      const y = graph.node('MatMulNBits', [x, weights, scales], { domain: 'com.microsoft', attributes })
      graph.output('y', y, 'float32', [1, 16])
    }, microsoft),
  float16: () =>
    encode((graph) => {
      const x = graph.input('x', 'float16', [1])
      graph.output('y', graph.node('Add', [x, x]), 'float16', [1])
    }),
  bfloat16: () =>
    encode((graph) => {
      const x = graph.node('Cast', [graph.input('x', 'float32', [2])], { attributes: { to: 16 } })
      const sum = graph.node('Add', [x, x])
      graph.output('y', graph.node('Cast', [sum], { attributes: { to: 1 } }), 'float32', [2])
    }),
  scan: () =>
    encode((graph) => {
      const state = graph.input('state', 'float32', [1])
      const xs = graph.input('xs', 'float32', [3, 1])
      const body = createGraph()
      const sum = body.node('Add', [body.input('s', 'float32', [1]), body.input('x', 'float32', [1])])
      body.output('next', sum, 'float32', [1])
      const attributes = { num_scan_inputs: 1, body: { type: 'graph' as const, value: body.build().graph } }
      graph.output('y', graph.node('Scan', [state, xs], { attributes }), 'float32', [1])
    }),
}
