import type { GraphValue } from '@perstream/onnx'
import type { Operators } from './operators'

/** What is added to the score of a place that must not be seen. */
export const unseen = -1e9

/** What every layer's attention needs of the prompt and the cache, computed once a run. */
export interface CausalContext {
  /** Added to scores: [batch, 1, 1, sequence, total]. */
  readonly mask: GraphValue
  /** [batch, 1]: sizes that reshapes need. */
  readonly sequence: GraphValue
  readonly total: GraphValue
}

/**
 * Prepares attention to all that came before and is no padding.
 * @param hidden [batch, sequence, width]
 * @param attentionMask int64 [batch, past + sequence], 0 at padding
 */
export function causalContext(operators: Operators, hidden: GraphValue, attentionMask: GraphValue): CausalContext {
  const { size, range, subtract, add, cast, unsqueeze, multiply, scalar, apply } = operators
  const sequence = size(hidden, 1)
  const total = size(attentionMask, 1)
  const own = cast(add(range(sequence), subtract(total, sequence)), 'float32')
  const later = apply('Greater', unsqueeze(cast(range(total), 'float32'), 0), unsqueeze(own, 1)) // [sequence, total]
  const padding = subtract(scalar(1), unsqueeze(cast(attentionMask, 'float32'), 1, 2, 3)) // [batch, 1, 1, 1, total]
  const hiddenPlaces = apply('Max', cast(later, 'float32'), padding)
  return { mask: multiply(hiddenPlaces, scalar(unseen)), sequence, total }
}

/** Sizes of grouped attention: each head of keys and values serves `heads / keyValueHeads` query heads. */
export interface HeadShape {
  readonly heads: number
  readonly keyValueHeads: number
  readonly headWidth: number
}

/** One layer's attention: what is asked, and the cache that it reads and extends. */
export interface CausalAttention extends HeadShape {
  /** [batch, sequence, heads * headWidth], turned by position. */
  readonly query: GraphValue
  /** [batch, sequence, keyValueHeads * headWidth], the keys turned by position. */
  readonly key: GraphValue
  readonly value: GraphValue
  /** [batch, keyValueHeads, past, headWidth] */
  readonly pastKey: GraphValue
  readonly pastValue: GraphValue
  /** Names under which the extended cache leaves the graph. */
  readonly presentKey: string
  readonly presentValue: string
}

/**
 * Attends to the cache and what is new: [batch * sequence, heads * headWidth]. Query heads that share keys are rows of one
 * product, so that keys and values are never repeated.
 */
export function causalAttention(operators: Operators, context: CausalContext, attention: CausalAttention): GraphValue {
  const { graph, list, reshape, transpose, multiply, matmul, add, softmax, scalar } = operators
  const { heads, keyValueHeads, headWidth } = attention
  const group = heads / keyValueHeads
  const extend = (past: GraphValue, added: GraphValue, name: string) => {
    const split = transpose(reshape(added, 0, 0, keyValueHeads, headWidth), 0, 2, 1, 3)
    return graph.node('Concat', [past, split], { attributes: { axis: 2 }, results: [name] })
  }
  const keys = extend(attention.pastKey, attention.key, attention.presentKey)
  const values = extend(attention.pastValue, attention.value, attention.presentValue)
  const scaled = multiply(attention.query, scalar(headWidth ** -0.5))
  const grouped = transpose(reshape(scaled, 0, 0, keyValueHeads, group, headWidth), 0, 2, 3, 1, 4)
  const query = graph.node('Reshape', [grouped, list(0, keyValueHeads, -1, headWidth)])
  const scores = matmul(query, transpose(keys, 0, 1, 3, 2)) // [batch, keyValueHeads, group * sequence, total]
  const masked = add(reshape(scores, 0, 0, group, -1, context.total), context.mask)
  const shares = reshape(softmax(masked), 0, 0, -1, context.total)
  const answer = reshape(matmul(shares, values), 0, 0, group, context.sequence, headWidth)
  return reshape(transpose(answer, 0, 3, 1, 2, 4), -1, heads * headWidth)
}
