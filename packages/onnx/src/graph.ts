import type { ElementType, Tensor } from '@perstream/spec'
import type {
  ExternalData,
  OnnxAttribute,
  OnnxElementType,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxValueInfo,
} from './model'
import { createTensor } from './tensor'

/** A value that flows in a graph under construction. */
export interface GraphValue {
  readonly name: string
}

/**
 * What an attribute is given as: a whole number is an int, a list of them ints, a string a string. Floats must be
 * marked, since 1 and 1.0 are one number here: use {@link float} and {@link floats}.
 */
export type AttributeValue = number | string | readonly number[] | readonly string[] | OnnxAttribute

/** Marks a number as a float attribute. */
export function float(value: number): OnnxAttribute {
  return { type: 'float', value }
}

/** Marks numbers as a float list attribute. */
export function floats(value: readonly number[]): OnnxAttribute {
  return { type: 'floats', value }
}

/** Options of {@link createGraph}. */
export interface GraphOptions {
  /** Default 'graph'. */
  readonly name?: string | undefined
  /** Version of the standard operators. Default 18. */
  readonly opset?: number | undefined
  /** Versions of further sets of operators, by domain. */
  readonly domains?: Readonly<Record<string, number>> | undefined
}

/** Options of {@link GraphBuilder.node}. */
export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, AttributeValue>> | undefined
  /** Default: the operator's name and a number. */
  readonly name?: string | undefined
  /** Default '', the standard operators. */
  readonly domain?: string | undefined
  /** Names of the results, '' for one that is not wanted. Default: made up. */
  readonly results?: readonly string[] | undefined
}

/** Builds an ONNX graph node by node, in an order in which it can run. */
export interface GraphBuilder {
  /** Adds an input; an unknown size is a name, or -1. */
  input(name: string, type: ElementType, shape: readonly (number | string)[]): GraphValue
  /** Adds a constant. Its data is kept by reference. */
  constant(tensor: Tensor, name?: string): GraphValue
  /** Adds a constant whose values lie in another file. The same name again gives the constant that is there. */
  external(name: string, type: OnnxElementType, shape: readonly number[], data: ExternalData): GraphValue
  /** Adds a constant list of int64 numbers: what shapes, axes and indices are given as. */
  int64(values: readonly (number | bigint)[]): GraphValue
  /** Adds a constant float32 scalar. */
  scalar(value: number): GraphValue
  /** Adds a node of one output. An input that is left out is undefined. */
  node(operator: string, inputs: readonly (GraphValue | undefined)[], options?: NodeOptions): GraphValue
  /** Adds a node of `count` outputs. */
  nodeOf(
    count: number,
    operator: string,
    inputs: readonly (GraphValue | undefined)[],
    options?: NodeOptions,
  ): GraphValue[]
  /** Makes a value an output: under its own name, or under another, which takes a node more. */
  output(name: string, value: GraphValue, type: ElementType, shape?: readonly (number | string)[]): void
  /** The model as built so far. */
  build(): OnnxModel
}

/** Starts an empty graph. */
export function createGraph({ name = 'graph', opset = 18, domains = {} }: GraphOptions = {}): GraphBuilder {
  const nodes: OnnxNode[] = []
  const initializers: OnnxTensor[] = []
  const inputs: OnnxValueInfo[] = []
  const outputs: OnnxValueInfo[] = []
  const names = new Set<string>()
  const externals = new Set<string>()
  const claim = (wanted: string): string => {
    if (names.has(wanted)) throw new TypeError(`name "${wanted}" is taken: every value of a graph has its own`)
    names.add(wanted)
    return wanted
  }
  const fresh = (stem: string): string => claim(`${stem}_${names.size}`)
  const nameResult = (wanted: string | undefined, stem: string): string => {
    if (wanted === undefined) return fresh(stem)
    return wanted === '' ? '' : claim(wanted)
  }

  const builder: GraphBuilder = {
    input(wanted, type, shape) {
      inputs.push({ name: claim(wanted), type, shape })
      return { name: wanted }
    },
    constant(tensor, wanted) {
      const constantName = wanted === undefined ? fresh('constant') : claim(wanted)
      initializers.push(createTensor(constantName, tensor))
      return { name: constantName }
    },
    external(wanted, type, shape, data) {
      if (!externals.has(wanted)) {
        initializers.push({ name: claim(wanted), type, shape, data })
        externals.add(wanted)
      }
      return { name: wanted }
    },
    int64(values) {
      return builder.constant({ type: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) })
    },
    scalar(value) {
      return builder.constant({ type: 'float32', shape: [], data: Float32Array.of(value) })
    },
    node(operator, inputValues, options) {
      return builder.nodeOf(1, operator, inputValues, options)[0]!
    },
    nodeOf(count, operator, inputValues, { attributes = {}, name: nodeName, domain = '', results: wanted } = {}) {
      const stem = nodeName ?? operator
      const results = Array.from({ length: count }, (_, i) => ({ name: nameResult(wanted?.[i], stem) }))
      nodes.push({
        name: nodeName ?? results.find(({ name }) => name !== '')!.name,
        operator,
        domain,
        inputs: inputValues.map((value) => value?.name ?? ''),
        outputs: results.map((value) => value.name),
        attributes: Object.fromEntries(
          Object.entries(attributes).map(([key, value]) => [key, toAttribute(key, value)]),
        ),
      })
      return results
    },
    output(wanted, value, type, shape) {
      if (value.name !== wanted) {
        const identity = { name: wanted, operator: 'Identity', domain: '', attributes: {} }
        nodes.push({ ...identity, inputs: [value.name], outputs: [claim(wanted)] })
      }
      outputs.push({ name: wanted, type, shape })
    },
    build: () => ({
      irVersion: 9,
      producer: 'perstream',
      opsets: { '': opset, ...domains },
      graph: {
        name,
        nodes: [...nodes],
        initializers: [...initializers],
        inputs: [...inputs],
        outputs: [...outputs],
        values: [],
      },
      metadata: {},
    }),
  }
  return builder
}

function toAttribute(key: string, value: AttributeValue): OnnxAttribute {
  if (typeof value === 'string') return { type: 'string', value }
  if (typeof value === 'number') return { type: 'int', value: whole(key, value) }
  if (!isList(value)) return value
  if (value.every((each) => typeof each === 'string')) {
    return value.length === 0 ? { type: 'ints', value: [] } : { type: 'strings', value }
  }
  return { type: 'ints', value: (value as readonly number[]).map((each) => whole(key, each)) }
}

function isList(value: AttributeValue): value is readonly number[] | readonly string[] {
  return Array.isArray(value)
}

function whole(key: string, value: number): number {
  if (!Number.isInteger(value))
    throw new TypeError(`attribute ${key} is ${value}: mark floats with float() or floats()`)
  return value
}
