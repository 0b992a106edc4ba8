import type { GraphValue } from '@perstream/onnx'
import type { Activation } from '../config/model-config'
import type { Operators } from './operators'

type Formula = (operators: Operators, x: GraphValue) => GraphValue

const formulas: Readonly<Record<Activation, Formula>> = {
  silu: ({ multiply, apply }, x) => multiply(x, apply('Sigmoid', x)),
  quick_gelu: ({ multiply, apply, scalar }, x) => multiply(x, apply('Sigmoid', multiply(x, scalar(1.702)))),
  gelu: ({ graph }, x) => graph.node('Gelu', [x], { domain: 'com.microsoft' }),
  gelu_tanh: tanhGelu,
  relu: ({ apply }, x) => apply('Relu', x),
}

/** x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x³))) */
function tanhGelu({ multiply, add, apply, scalar }: Operators, x: GraphValue): GraphValue {
  const cubed = multiply(multiply(multiply(x, x), x), scalar(0.044715))
  const inner = multiply(add(x, cubed), scalar(Math.sqrt(2 / Math.PI)))
  return multiply(multiply(x, scalar(0.5)), add(apply('Tanh', inner), scalar(1)))
}

/** Applies an activation to every number. */
export function activate(operators: Operators, activation: Activation, x: GraphValue): GraphValue {
  return formulas[activation](operators, x)
}
