import { float, type GraphValue } from '@perstream/onnx'
import type { ModelWeights } from './model-weights'
import type { Operators } from './operators'

/** What a norm of the last axis needs. */
export interface NormOptions {
  /** Where the weights are: `<name>.weight`, and `<name>.bias` of a layer norm. */
  readonly name: string
  readonly width: number
  readonly epsilon: number
}

/** x / sqrt(mean(x²) + epsilon) * weight */
export function rmsNorm(
  { graph }: Operators,
  weights: ModelWeights,
  x: GraphValue,
  { name, width, epsilon }: NormOptions,
): GraphValue {
  const attributes = { axis: -1, epsilon: float(epsilon), stash_type: 1 }
  return graph.node('SimplifiedLayerNormalization', [x, weights.tensor(`${name}.weight`, [width])], { attributes })
}

/** (x - mean) / sqrt(variance + epsilon) * weight + bias; the oldest BERT files call the two gamma and beta. */
export function layerNorm(
  { graph }: Operators,
  weights: ModelWeights,
  x: GraphValue,
  { name, width, epsilon }: NormOptions,
): GraphValue {
  const parts = weights.has(`${name}.gamma`) ? ['gamma', 'beta'] : ['weight', 'bias']
  const parameters = parts.map((part) => weights.tensor(`${name}.${part}`, [width]))
  return graph.node('LayerNormalization', [x, ...parameters], { attributes: { axis: -1, epsilon: float(epsilon) } })
}
