import type { Tensor } from '@perstream/spec'
import type { GraphBuilder, GraphValue } from '../graph'
import type { NodeAttributes, TfjsNode } from './graph-model'

/** What the conversion of one node works with. */
export interface ConversionContext {
  readonly graph: GraphBuilder
  readonly node: TfjsNode
  readonly attributes: NodeAttributes
  readonly inputCount: number
  /** The value of an input. A constant enters the graph only when it is asked for here. */
  input(index: number): GraphValue
  /** The tensor of an input that is a constant of the model; undefined when it is computed. */
  constant(index: number): Tensor | undefined
  /** The numbers of an input that must be a constant. @throws PerStreamError `model-unsupported` when it is computed */
  numbers(index: number): number[]
}
