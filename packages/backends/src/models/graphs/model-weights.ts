import type { GraphValue, OnnxElementType } from '@perstream/onnx'
import { PerStreamError } from '@perstream/spec'
import { contributedOptions, type Operators } from './operators'
import { type BlockWeight, type PlainWeight, requireWeight, type StoredWeight, type WeightTable } from './weight-table'

/** What a weight is used for: as numbers, as rows that are looked up, or as a matrix that multiplies. */
export type WeightRole = 'tensor' | 'rows' | 'matrix'

/** The weights that graphs are written from. */
export interface WeightSource {
  readonly table: WeightTable
  /** Told of every use of a weight. */
  readonly onUse?: ((name: string, role: WeightRole) => void) | undefined
}

/** A matrix [outputs, inputs] that multiplies rows. */
export interface LinearShape {
  readonly inputs: number
  readonly outputs: number
  /** Whether a bias is added. Default false. */
  readonly bias?: boolean | undefined
}

/** The weights of a checkpoint as values of a graph, under the checkpoint's own names. */
export interface ModelWeights {
  has(name: string): boolean
  /** A tensor as float32. */
  tensor(name: string, shape: readonly number[]): GraphValue
  /** x [rows, inputs] times the transpose of `<name>.weight`, plus `<name>.bias`: [rows, outputs]. */
  linear(x: GraphValue, name: string, shape: LinearShape): GraphValue
  /** x [rows, inputs] times the transpose of the matrix `name` [outputs, inputs], plus `bias`. */
  product(x: GraphValue, name: string, matrix: readonly [number, number], options?: ProductOptions): GraphValue
  /** The rows of a table that ids name, as float32. */
  rows(name: string, ids: GraphValue, shape: readonly [number, number]): GraphValue
}

/** Options of {@link ModelWeights.product}. */
interface ProductOptions {
  readonly bias?: GraphValue | undefined
  /** The shape that the matrix has in the checkpoint. Default: the matrix's own. */
  readonly stored?: readonly number[] | undefined
}

/** Options of {@link createModelWeights}. */
export interface ModelWeightsOptions {
  /**
   * Whether what matrices of 8 bits multiply keeps its float32. Default false: on processors only the kernel that rounds it
   * to 8 bits too, a scale for every block, is fast for few rows (six times for one). Many rows gain nothing by it.
   */
  readonly exact?: boolean | undefined
}

/**
 * Makes the weights of a graph. They stay where they are, in the order [outputs, inputs]; half floats are widened by a node
 * that the runtime computes once, when it opens the model.
 * @throws PerStreamError `model-invalid`, from every method but `has`, for a tensor that is missing or has another shape
 */
export function createModelWeights(
  operators: Operators,
  { table, onUse = () => {} }: WeightSource,
  { exact = false }: ModelWeightsOptions = {},
): ModelWeights {
  const { graph } = operators
  const widened = new Map<string, GraphValue>()
  const widen = (name: string, value: GraphValue, type: OnnxElementType): GraphValue => {
    if (type === 'float32') return value
    const known = widened.get(name) ?? operators.cast(value, 'float32')
    widened.set(name, known)
    return known
  }
  const require = (name: string, role: WeightRole, shape: readonly number[]): StoredWeight => {
    onUse(name, role)
    return requireWeight(table, name, shape)
  }
  const plain = (name: string, stored: StoredWeight, shape: readonly number[]): GraphValue => {
    const { type, data } = plainOf(name, stored)
    return widen(name, graph.external(name, type, shape, data), type)
  }
  const weights: ModelWeights = {
    has: (name) => table.has(name),
    tensor: (name, shape) => plain(name, require(name, 'tensor', shape), shape),
    linear(x, name, { inputs, outputs, bias = false }) {
      const added = bias ? weights.tensor(`${name}.bias`, [outputs]) : undefined
      return weights.product(x, `${name}.weight`, [outputs, inputs], { bias: added })
    },
    product(x, name, matrix, { bias, stored = matrix } = {}) {
      const weight = require(name, stored === matrix ? 'matrix' : 'tensor', stored)
      if (weight.blocks) return blockProduct(operators, x, { name, matrix, blocks: weight.blocks, bias, exact })
      return graph.node('Gemm', [x, plain(name, weight, matrix), bias], { attributes: { transB: 1 } })
    },
    rows(name, ids, shape) {
      const { type, data } = plainOf(name, require(name, 'rows', shape))
      const gathered = operators.gather(graph.external(name, type, shape, data), ids)
      return type === 'float32' ? gathered : operators.cast(gathered, 'float32')
    },
  }
  return weights
}

interface BlockProduct {
  readonly name: string
  readonly matrix: readonly [number, number]
  readonly blocks: BlockWeight
  readonly bias: GraphValue | undefined
  readonly exact: boolean
}

function blockProduct(
  operators: Operators,
  x: GraphValue,
  { name, matrix, blocks, bias, exact }: BlockProduct,
): GraphValue {
  const { graph, cast, add } = operators
  const { bits, blockSize, scaleType } = blocks
  const [outputs, inputs] = matrix
  const count = Math.ceil(inputs / blockSize)
  const codes = graph.external(`${name}.q${bits}`, 'uint8', [outputs, count, (blockSize * bits) / 8], blocks.codes)
  const stored = graph.external(`${name}.scales`, scaleType, [outputs, count], blocks.scales)
  const scales = scaleType === 'float32' ? stored : cast(stored, 'float32')
  const accuracy = bits === 8 && !exact ? { accuracy_level: 4 } : {}
  const options = contributedOptions({ K: inputs, N: outputs, bits, block_size: blockSize, ...accuracy })
  const product = graph.node('MatMulNBits', [x, codes, scales], options)
  return bias ? add(product, bias) : product
}

function plainOf(name: string, { plain }: StoredWeight): PlainWeight {
  if (plain) return plain
  throw new PerStreamError('model-invalid', `The tensor "${name}" is stored in blocks, which only matrices can be`, {
    fields: { tensor: name },
  })
}
