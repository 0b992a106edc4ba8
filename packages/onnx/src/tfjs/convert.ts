import { type ElementType, PerStreamError, type Tensor } from '@perstream/spec'
import { createGraph, type GraphBuilder, type GraphValue } from '../graph'
import { type OnnxModel, typeNumbers } from '../model'
import type { ConversionContext } from './context'
import { attributesOf, type TfjsModelJson, type TfjsNode, unsupported } from './graph-model'
import { operators } from './operators'
import { openWeights, type ReadWeight } from './weights'

/** Options of {@link convertTfjsGraph}. */
export interface ConvertTfjsOptions {
  /**
   * Names of the values wanted as outputs ("node", or "node:1" for a second output); what they do not need is left
   * out. Default: the outputs of the signature, else the nodes that nothing uses.
   */
  readonly outputs?: readonly string[] | undefined
  /** Name of the graph. Default 'tfjs'. */
  readonly name?: string | undefined
}

/**
 * Converts a TensorFlow.js graph model to ONNX (opset 18). Whole numbers become int64, except at the inputs, which stay
 * int32; convolutions stay channels-last at their boundary, and ONNX Runtime's optimiser cancels the transpositions
 * between them; quantised weights are expanded to float32. Integer `ScatterNd` indices must be unique.
 * @param weights the contents of the weight files, in the order of the manifest
 * @throws PerStreamError `model-unsupported`, naming node and operation; `model-invalid` for damaged models
 */
export function convertTfjsGraph(
  model: TfjsModelJson,
  weights: readonly Uint8Array[],
  { outputs, name = 'tfjs' }: ConvertTfjsOptions = {},
): OnnxModel {
  const nodes = new Map(model.modelTopology.node.map((node) => [node.name, node]))
  const wanted = outputs ?? defaultOutputs(model)
  const graph = createGraph({ name })
  const conversion = createConversion(graph, nodes, openWeights(model, weights))
  for (const node of order(wanted, nodes)) conversion.convert(node)
  for (const output of wanted) {
    const { value, type } = conversion.result(output)
    graph.output(output, value, type)
  }
  return graph.build()
}

function defaultOutputs({ signature, modelTopology }: TfjsModelJson): string[] {
  const signed = Object.values(signature?.outputs ?? {}).map(({ name }) => name.replace(/:0$/, ''))
  if (signed.length > 0) return signed
  const used = new Set(modelTopology.node.flatMap((node) => dataInputs(node).map((input) => split(input).name)))
  return modelTopology.node.map(({ name }) => name).filter((name) => !used.has(name))
}

/** The nodes that the outputs need, each after those it needs itself. */
function order(outputs: readonly string[], nodes: ReadonlyMap<string, TfjsNode>): TfjsNode[] {
  const sorted = new Set<TfjsNode>()
  const open = new Set<TfjsNode>()
  const stack = outputs.map((output) => split(output).name).reverse()
  while (stack.length > 0) {
    const name = stack.at(-1)!
    const node = nodes.get(name)
    if (!node) throw new PerStreamError('model-invalid', `The model has no node "${name}"`)
    const needed = dataInputs(node).map((input) => split(input).name)
    const missing = sorted.has(node) ? [] : needed.filter((each) => !sorted.has(nodes.get(each)!))
    if (missing.length === 0) {
      sorted.add(node)
      open.delete(node)
      stack.pop()
    } else {
      if (open.has(node)) throw unsupported(node, 'it is part of a loop')
      open.add(node)
      stack.push(...missing)
    }
  }
  return [...sorted]
}

interface Conversion {
  convert(node: TfjsNode): void
  /** The value that a reference means, and its type. */
  result(reference: string): { readonly value: GraphValue; readonly type: ElementType }
}

function createConversion(
  graph: GraphBuilder,
  nodes: ReadonlyMap<string, TfjsNode>,
  readWeight: ReadWeight,
): Conversion {
  const results = new Map<string, readonly GraphValue[]>()
  const constants = new Map<string, Tensor>()

  const resolve = (reference: string): GraphValue => {
    const { name, output } = split(reference)
    const constant = constants.get(name)
    if (constant && !results.has(name)) results.set(name, [graph.constant(constant, name)])
    const value = results.get(name)?.[output]
    if (!value) throw new PerStreamError('model-invalid', `The model has no value "${reference}"`)
    return value
  }

  return {
    convert(node) {
      if (node.op === 'Const') constants.set(node.name, weightOf(node, readWeight))
      else if (node.op === 'Placeholder') results.set(node.name, [addInput(graph, node)])
      else results.set(node.name, convertNode(createContext(graph, node, constants, resolve)))
    },
    result: (reference) => ({ value: resolve(reference), type: outputType(nodes, reference) }),
  }
}

function createContext(
  graph: GraphBuilder,
  node: TfjsNode,
  constants: ReadonlyMap<string, Tensor>,
  resolve: (reference: string) => GraphValue,
): ConversionContext {
  const references = dataInputs(node)
  const reference = (index: number): string => {
    const found = references[index]
    if (found === undefined) throw unsupported(node, `it has no input ${index}`)
    return found
  }
  const constant = (index: number) => constants.get(split(reference(index)).name)
  return {
    graph,
    node,
    attributes: attributesOf(node),
    inputCount: references.length,
    input: (index) => resolve(reference(index)),
    constant,
    numbers(index) {
      const tensor = constant(index)
      if (!tensor) throw unsupported(node, `its input ${index} ("${reference(index)}") is not a constant`)
      return Array.from<number | bigint, number>(tensor.data as ArrayLike<number | bigint>, Number)
    },
  }
}

function convertNode(context: ConversionContext): readonly GraphValue[] {
  const { node } = context
  const operator = Object.hasOwn(operators, node.op) ? operators[node.op] : undefined
  if (!operator) throw unsupported(node, 'its operation is not known')
  const converted = operator(context)
  return 'name' in converted ? [converted] : converted
}

function weightOf(node: TfjsNode, readWeight: ReadWeight): Tensor {
  const weight = readWeight(node.name)
  if (!weight) throw new PerStreamError('model-invalid', `The weights hold nothing for the constant "${node.name}"`)
  return weight
}

function addInput(graph: GraphBuilder, node: TfjsNode): GraphValue {
  const attributes = attributesOf(node)
  const type = attributes.type('dtype') ?? 'float32'
  const shape = attributes.shape('shape')
  if (!shape) throw unsupported(node, 'its rank is not known')
  const named = shape.map((size, axis) => (size === -1 ? `${node.name}_${axis}` : size))
  if (type !== 'int64') return graph.input(node.name, type, named)
  const input = graph.input(node.name, 'int32', named)
  return graph.node('Cast', [input], { attributes: { to: typeNumbers.int64 } })
}

function outputType(nodes: ReadonlyMap<string, TfjsNode>, reference: string): ElementType {
  const { name, output } = split(reference)
  const node = nodes.get(name)!
  const attributes = attributesOf(node)
  if (/^(Less|Greater|Equal|LogicalNot)/.test(node.op)) return 'bool'
  if (/^(Shape|Where|Range)$/.test(node.op) || (node.op === 'TopKV2' && output === 1)) return 'int64'
  return ['DstT', 'Tparams', 'T', 'dtype'].map((key) => attributes.type(key)).find((type) => type) ?? 'float32'
}

function dataInputs({ input = [] }: TfjsNode): readonly string[] {
  return input.filter((reference) => !reference.startsWith('^'))
}

function split(reference: string): { name: string; output: number } {
  const match = /^(.*):(\d+)$/.exec(reference)
  return match ? { name: match[1]!, output: Number(match[2]) } : { name: reference, output: 0 }
}
