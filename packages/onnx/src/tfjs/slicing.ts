import type { GraphValue } from '../graph'
import type { ConversionContext } from './context'
import { unsupported } from './graph-model'

const first = -(2n ** 63n)
const last = 2n ** 63n - 1n

/** Inputs: value, begin, end, strides. Bit i of a mask speaks of axis i. */
export function stridedSlice(context: ConversionContext): GraphValue {
  const { graph, node, input, numbers, constant, attributes } = context
  if (attributes.integer('ellipsis_mask') || attributes.integer('new_axis_mask')) {
    throw unsupported(node, 'it uses an ellipsis or adds axes')
  }
  const strides = numbers(3)
  const axes = strides.map((_, axis) => axis)
  const has = (mask: string, axis: number) => (((attributes.integer(mask) ?? 0) >> axis) & 1) === 1
  const shrunk = axes.filter((axis) => has('shrink_axis_mask', axis))
  if (shrunk.length > 0 && !constant(1)) throw unsupported(node, 'it drops an axis at a computed place')
  const begins = replaceMasked(context, 1, (axis) =>
    has('begin_mask', axis) && !shrunk.includes(axis) ? (strides[axis]! > 0 ? 0n : last) : undefined,
  )
  const ends = replaceMasked(context, 2, (axis) => {
    if (shrunk.includes(axis)) return afterIndex(numbers(1)[axis]!)
    return has('end_mask', axis) ? (strides[axis]! > 0 ? last : first) : undefined
  })
  const sliced = graph.node('Slice', [input(0), begins, ends, graph.int64(axes), graph.int64(strides)])
  return shrunk.length > 0 ? graph.node('Squeeze', [sliced, graph.int64(shrunk)]) : sliced
}

function afterIndex(index: number): bigint {
  return index === -1 ? last : BigInt(index) + 1n
}

/** The numbers of an input, those replaced for which `replacement` gives a number. */
function replaceMasked(
  { graph, input, constant, numbers }: ConversionContext,
  index: number,
  replacement: (axis: number) => bigint | undefined,
): GraphValue {
  if (constant(index)) return graph.int64(numbers(index).map((value, axis) => replacement(axis) ?? value))
  const replacements = numbers(3).map((_, axis) => replacement(axis))
  if (replacements.every((value) => value === undefined)) return input(index)
  const mask = Uint8Array.from(replacements, (value) => (value === undefined ? 0 : 1))
  const condition = graph.constant({ type: 'bool', shape: [mask.length], data: mask })
  return graph.node('Where', [condition, graph.int64(replacements.map((value) => value ?? 0n)), input(index)])
}

/** Inputs: value, begin, size; a size of -1 goes to the end. */
export function slice({ graph, input, constant, numbers }: ConversionContext): GraphValue {
  if (constant(1) && constant(2)) {
    const begins = numbers(1)
    const ends = numbers(2).map((size, axis) => (size === -1 ? last : begins[axis]! + size))
    return graph.node('Slice', [input(0), graph.int64(begins), graph.int64(ends)])
  }
  const whole = graph.node('Equal', [input(2), graph.int64([-1])])
  const ends = graph.node('Where', [whole, graph.int64([last]), graph.node('Add', [input(1), input(2)])])
  return graph.node('Slice', [input(0), input(1), ends])
}

/** Inputs: value, sizes, axis. */
export function split({ graph, node, input, numbers }: ConversionContext): readonly GraphValue[] {
  const sizes = numbers(1)
  if (sizes.includes(-1)) throw unsupported(node, 'one of its sizes is left open')
  return graph.nodeOf(sizes.length, 'Split', [input(0), graph.int64(sizes)], { attributes: { axis: numbers(2)[0]! } })
}
