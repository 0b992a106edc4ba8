import type { ExternalData, GraphValue, OnnxElementType } from '@perstream/onnx'
import { PerStreamError } from '@perstream/spec'
import { contributedOptions, type Operators } from './operators'
import { type BlockWeight, type PlainWeight, requireWeight, type WeightTable } from './weight-table'

/** A matrix [outputs, inputs] that multiplies rows. */
export interface LinearShape {
  readonly inputs: number
  readonly outputs: number
  /** Whether a bias is added. Default false. */
  readonly bias?: boolean | undefined
}

/** The weights of a checkpoint as values of a graph, under the checkpoint's own names. */
export interface ModelWeights {
  /** A tensor as float32; `as` is another shape for the same numbers. */
  tensor(name: string, shape: readonly number[], as?: readonly number[]): GraphValue
  /** x [rows, inputs] times the transpose of `<name>.weight`, plus `<name>.bias`: [rows, outputs]. */
  linear(x: GraphValue, name: string, shape: LinearShape): GraphValue
  /** x [rows, inputs] times the transpose of the matrix `name`, plus `bias`. */
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

/**
 * Makes the weights of a graph. They stay where they are, in the order [outputs, inputs]; half floats are widened by a node
 * that the runtime computes once, when it opens the model.
 * @throws PerStreamError `model-invalid`, from every method, for a tensor that is missing or has another shape
 */
export function createModelWeights(operators: Operators, table: WeightTable): ModelWeights {
  const { graph } = operators
  const widened = new Map<string, GraphValue>()
  const widen = (key: string, value: GraphValue, type: OnnxElementType): GraphValue => {
    if (type === 'float32') return value
    const known = widened.get(key) ?? operators.cast(value, 'float32')
    widened.set(key, known)
    return known
  }
  const plain = (name: string, weight: PlainWeight, as: readonly number[]): GraphValue => {
    const key = as === weight.shape ? name : `${name} as ${as.join('x')}`
    return widen(key, graph.external(key, weight.type, as, weight.data), weight.type)
  }
  const weights: ModelWeights = {
    tensor(name, shape, as) {
      const weight = requireWeight(table, name, shape)
      if (weight.kind !== 'plain') throw inBlocks(name)
      return plain(name, weight, as ?? weight.shape)
    },
    linear(x, name, { inputs, outputs, bias = false }) {
      const added = bias ? weights.tensor(`${name}.bias`, [outputs]) : undefined
      return weights.product(x, `${name}.weight`, [outputs, inputs], { bias: added })
    },
    product(x, name, matrix, { bias, stored = matrix } = {}) {
      const weight = requireWeight(table, name, stored)
      if (weight.kind === 'blocks') return blockProduct(operators, x, { name, weight, bias })
      const value = plain(name, weight, stored === matrix ? weight.shape : matrix)
      return graph.node('Gemm', [x, value, bias], { attributes: { transB: 1 } })
    },
    rows(name, ids, shape) {
      const weight = requireWeight(table, name, shape)
      if (weight.kind !== 'plain') throw inBlocks(name)
      const gathered = operators.gather(graph.external(name, weight.type, weight.shape, weight.data), ids)
      return weight.type === 'float32' ? gathered : operators.cast(gathered, 'float32')
    },
  }
  return weights
}

interface BlockProduct {
  readonly name: string
  readonly weight: BlockWeight
  readonly bias: GraphValue | undefined
}

function blockProduct(operators: Operators, x: GraphValue, { name, weight, bias }: BlockProduct): GraphValue {
  const { graph } = operators
  const { bits, blockSize, shape } = weight
  const [outputs, inputs] = shape as readonly [number, number]
  const blocks = inputs / blockSize
  const external = (suffix: string, type: OnnxElementType, size: readonly number[], data: ExternalData) =>
    graph.external(`${name}.${suffix}`, type, size, data)
  const codes = external('codes', 'uint8', [outputs, blocks, (blockSize * bits) / 8], weight.codes)
  const stored = external('scales', weight.scaleType, [outputs, blocks], weight.scales)
  const scales = weight.scaleType === 'float32' ? stored : operators.cast(stored, 'float32')
  const options = contributedOptions({ K: inputs, N: outputs, bits, block_size: blockSize })
  const product = graph.node('MatMulNBits', [x, codes, scales], options)
  return bias ? operators.add(product, bias) : product
}

function inBlocks(name: string): PerStreamError {
  return new PerStreamError('model-invalid', `The tensor "${name}" is stored in blocks, which only matrices can be`, {
    fields: { tensor: name },
  })
}
