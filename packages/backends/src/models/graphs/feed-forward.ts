import type { GraphValue } from '@perstream/onnx'
import type { Activation } from '../config/model-config'
import { activate } from './activations'
import type { ModelWeights } from './model-weights'
import type { Operators } from './operators'

/** Sizes of a feed-forward, and whether its matrices have biases. */
export interface FeedForwardShape {
  readonly width: number
  readonly between: number
  readonly activation: Activation
  readonly bias: boolean
}

/** down(activation(gate(x)) * up(x)), for x [rows, width]. */
export function gatedFeedForward(
  operators: Operators,
  weights: ModelWeights,
  x: GraphValue,
  { name, width, between, activation, bias }: FeedForwardShape & { readonly name: string },
): GraphValue {
  const widen = (part: string) => weights.linear(x, `${name}.${part}`, { inputs: width, outputs: between, bias })
  const gated = operators.multiply(activate(operators, activation, widen('gate_proj')), widen('up_proj'))
  return weights.linear(gated, `${name}.down_proj`, { inputs: between, outputs: width, bias })
}

/** second(activation(first(x))), for x [rows, width]; `outputs` differs from the width where it leads elsewhere. */
export function plainFeedForward(
  operators: Operators,
  weights: ModelWeights,
  x: GraphValue,
  {
    first,
    second,
    outputs,
    width,
    between,
    activation,
    bias,
  }: FeedForwardShape & { readonly first: string; readonly second: string; readonly outputs?: number | undefined },
): GraphValue {
  const widened = weights.linear(x, first, { inputs: width, outputs: between, bias })
  const activated = activate(operators, activation, widened)
  return weights.linear(activated, second, { inputs: between, outputs: outputs ?? width, bias })
}
