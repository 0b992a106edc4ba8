import { type AttributeValue, float, type GraphBuilder, type GraphValue, type NodeOptions } from '@perstream/onnx'
import type { ElementType } from '@perstream/spec'

/** Operators of ONNX Runtime that are not standard. */
const contributed = 'com.microsoft'

/** Numbers of element types, as `Cast` wants them. */
const castNumbers = { float32: 1, int64: 7, float64: 11 } as const satisfies Partial<Record<ElementType, number>>

/** A size of a shape: known, or a value [1] that is computed. */
export type Size = number | GraphValue

/** The operators that the models here consist of, by their usual names. Shapes are given where they help. */
export interface Operators {
  readonly graph: GraphBuilder
  add(a: GraphValue, b: GraphValue): GraphValue
  subtract(a: GraphValue, b: GraphValue): GraphValue
  multiply(a: GraphValue, b: GraphValue): GraphValue
  divide(a: GraphValue, b: GraphValue): GraphValue
  /** The operator of one or two inputs and no attributes that has this name. */
  apply(operator: string, ...inputs: readonly GraphValue[]): GraphValue
  matmul(a: GraphValue, b: GraphValue): GraphValue
  /** A float32 constant of one number; equal ones are one. */
  scalar(value: number): GraphValue
  /** An int64 constant of one number, shape []. */
  index(value: number): GraphValue
  /** An int64 constant list; equal ones are one. */
  list(...values: readonly number[]): GraphValue
  /** 0 keeps the size at its place, -1 is what is left over. */
  reshape(value: GraphValue, ...sizes: readonly Size[]): GraphValue
  transpose(value: GraphValue, ...order: readonly number[]): GraphValue
  unsqueeze(value: GraphValue, ...axes: readonly number[]): GraphValue
  squeeze(value: GraphValue, ...axes: readonly number[]): GraphValue
  concat(axis: number, ...values: readonly GraphValue[]): GraphValue
  /** From `start` to before `end` along an axis. */
  slice(value: GraphValue, start: Size, end: Size, axis: number): GraphValue
  gather(table: GraphValue, indices: GraphValue, axis?: number): GraphValue
  softmax(value: GraphValue): GraphValue
  sum(value: GraphValue, axis: number): GraphValue
  cast(value: GraphValue, type: keyof typeof castNumbers): GraphValue
  /** The size of one axis, [1]. */
  size(value: GraphValue, axis: number): GraphValue
  /** 0, 1 ... count - 1 for a count [1]. */
  range(count: GraphValue): GraphValue
}

/** Wraps a graph so that models read like their formulas. */
export function createOperators(graph: GraphBuilder): Operators {
  const constants = new Map<string, GraphValue>()
  const once = (key: string, make: () => GraphValue): GraphValue => {
    const known = constants.get(key)
    if (known) return known
    const made = make()
    constants.set(key, made)
    return made
  }
  const list = (...values: readonly number[]) => once(`list ${values}`, () => graph.int64(values))
  const sized = (value: Size) => (typeof value === 'number' ? list(value) : value)
  const node = (operator: string, inputs: readonly GraphValue[], attributes: Record<string, AttributeValue> = {}) =>
    graph.node(operator, inputs, { attributes })
  const operators: Operators = {
    graph,
    add: (a, b) => node('Add', [a, b]),
    subtract: (a, b) => node('Sub', [a, b]),
    multiply: (a, b) => node('Mul', [a, b]),
    divide: (a, b) => node('Div', [a, b]),
    apply: (operator, ...inputs) => node(operator, inputs),
    matmul: (a, b) => node('MatMul', [a, b]),
    scalar: (value) => once(`scalar ${value}`, () => graph.scalar(value)),
    index: (value) =>
      once(`index ${value}`, () => graph.constant({ type: 'int64', shape: [], data: BigInt64Array.of(BigInt(value)) })),
    list,
    reshape(value, ...sizes) {
      const known = sizes.every((size): size is number => typeof size === 'number')
      return node('Reshape', [value, known ? list(...sizes) : node('Concat', sizes.map(sized), { axis: 0 })])
    },
    transpose: (value, ...order) => node('Transpose', [value], { perm: order }),
    unsqueeze: (value, ...axes) => node('Unsqueeze', [value, list(...axes)]),
    squeeze: (value, ...axes) => node('Squeeze', [value, list(...axes)]),
    concat: (axis, ...values) => node('Concat', values, { axis }),
    slice: (value, start, end, axis) => node('Slice', [value, sized(start), sized(end), list(axis)]),
    gather: (table, indices, axis = 0) => node('Gather', [table, indices], { axis }),
    softmax: (value) => node('Softmax', [value], { axis: -1 }),
    sum: (value, axis) => node('ReduceSum', [value, list(axis)], { keepdims: 0 }),
    cast: (value, type) => node('Cast', [value], { to: castNumbers[type] }),
    size: (value, axis) => node('Gather', [node('Shape', [value]), list(axis)], { axis: 0 }),
    range: (count) => node('Range', [operators.index(0), operators.squeeze(count, 0), operators.index(1)]),
  }
  return operators
}

/** A node of ONNX Runtime's own set; whole numbers are ints, `floats` are floats. */
export function contributedOptions(
  attributes: Record<string, AttributeValue>,
  floats: Readonly<Record<string, number>> = {},
): NodeOptions {
  const marked = Object.fromEntries(Object.entries(floats).map(([key, value]) => [key, float(value)]))
  return { domain: contributed, attributes: { ...attributes, ...marked } }
}
