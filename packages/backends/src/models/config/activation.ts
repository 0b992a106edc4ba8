import type { ConfigSection } from './config-section'
import type { Activation } from './model-config'

/** Names that configs use. 'gelu_new' and 'gelu_pytorch_tanh' are one function. */
const activations: ReadonlyMap<string, Activation> = new Map([
  ['silu', 'silu'],
  ['swish', 'silu'],
  ['gelu', 'gelu'],
  ['gelu_new', 'gelu_tanh'],
  ['gelu_pytorch_tanh', 'gelu_tanh'],
  ['quick_gelu', 'quick_gelu'],
  ['relu', 'relu'],
])

/**
 * Reads `hidden_act`.
 * @throws PerStreamError `model-unsupported` for a function that is not known
 */
export function readActivation(section: ConfigSection, fallback: Activation): Activation {
  const name = section.text('hidden_act')
  if (name === undefined) return fallback
  const activation = activations.get(name)
  if (activation === undefined) throw section.unsupported('hidden_act', [...activations.keys()].join(', '))
  return activation
}
