import {
  createTensor,
  decodeModel,
  encodeModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from '@perstream/onnx'

/**
 * Rewrites a model that ends in probabilities [..., classes], so that it gives those of some classes alone, in the order
 * they are listed: a recogniser of 6625 characters of which 130 are read hands over a fiftieth of the values.
 * @throws PerStreamError `model-invalid`
 */
export function keepClasses(bytes: Uint8Array, classes: readonly number[]): Uint8Array {
  const data = BigInt64Array.from(classes, BigInt)
  return appendOperation(bytes, {
    operator: 'Gather',
    constants: [createTensor('perstream/classes', { type: 'int64', shape: [classes.length], data })],
    attributes: { axis: { type: 'int', value: -1 } },
    output: ({ shape, ...rest }) => ({ ...rest, shape: shape && [...shape.slice(0, -1), classes.length] }),
  })
}

/**
 * Rewrites a model that ends in probabilities, so that it gives them as bytes, 255 for 1: a fourth of the memory.
 * @throws PerStreamError `model-invalid`
 */
export function giveBytes(bytes: Uint8Array): Uint8Array {
  const scale = { type: 'float32', shape: [], data: Float32Array.of(1 / 255) } as const
  const zero = { type: 'uint8', shape: [], data: Uint8Array.of(0) } as const
  return appendOperation(bytes, {
    operator: 'QuantizeLinear',
    constants: [createTensor('perstream/level', scale), createTensor('perstream/zero', zero)],
    attributes: {},
    output: (before) => ({ ...before, type: 'uint8' }),
  })
}

/**
 * Rewrites a model whose only input is floats, so that it takes bytes: a fourth of the memory.
 * @throws PerStreamError `model-invalid`
 */
export function takeBytes(bytes: Uint8Array): Uint8Array {
  const model = decodeModel(bytes)
  const { graph } = model
  const input = graph.inputs[0]!
  const name = 'perstream/bytes'
  const cast: OnnxNode = {
    name: 'perstream/Cast',
    operator: 'Cast',
    domain: '',
    inputs: [name],
    outputs: [input.name],
    attributes: { to: { type: 'int', value: float32 } },
  }
  const inputs = [{ ...input, name, type: 'uint8' as const }]
  return encodeModel({ ...model, graph: { ...graph, inputs, nodes: [cast, ...graph.nodes] } })
}

/** The number that ONNX gives the type. */
const float32 = 1

interface Operation extends Pick<OnnxNode, 'operator' | 'attributes'> {
  /** Its inputs behind the model's output. */
  readonly constants: readonly OnnxTensor[]
  /** What it makes of the model's output. */
  output(before: OnnxValueInfo): OnnxValueInfo
}

/** Puts one operation behind the only output of a model. */
function appendOperation(bytes: Uint8Array, { operator, constants, attributes, output }: Operation): Uint8Array {
  const model = decodeModel(bytes)
  const { graph } = model
  const before = graph.outputs[0]!
  const name = `perstream/${operator}`
  const inputs = [before.name, ...constants.map((constant) => constant.name)]
  return encodeModel({
    ...model,
    graph: {
      ...graph,
      initializers: [...graph.initializers, ...constants],
      nodes: [...graph.nodes, { name, operator, domain: '', inputs, outputs: [name], attributes }],
      outputs: [{ ...output(before), name }],
    },
  })
}
