import { createGraph, type GraphValue, type OnnxModel } from '@perstream/onnx'
import type { BertConfig, SentenceModelConfig } from '../config/model-config'
import { unseen } from './causal-attention'
import { plainFeedForward } from './feed-forward'
import { createModelWeights, type ModelWeights, type WeightSource } from './model-weights'
import { layerNorm } from './norms'
import { createOperators, type Operators } from './operators'

interface BertContext {
  readonly operators: Operators
  readonly weights: ModelWeights
  readonly config: BertConfig
  /** Added to scores: [batch, 1, 1, sequence]. */
  readonly mask: GraphValue
  /** [1] */
  readonly batch: GraphValue
}

/**
 * Writes a BERT encoder: `input_ids`, `attention_mask` and `token_type_ids`, int64 [batch, sequence], give
 * `last_hidden_state` [batch, sequence, width], or `logits` [batch, 1] of a model that scores pairs.
 * @param prefix what the names of its tensors begin with: '' or 'bert.'
 * @throws PerStreamError `model-invalid` for a tensor that is missing or has another shape
 */
export function writeBert(
  { encoder: config, gives }: SentenceModelConfig,
  source: WeightSource,
  prefix: string,
): OnnxModel {
  const graph = createGraph({ name: 'model', domains: { 'com.microsoft': 1 } })
  const operators = createOperators(graph)
  const weights = createModelWeights(operators, source)
  const { scalar, subtract, multiply, cast, unsqueeze, size, reshape } = operators
  const [ids, attended, segments] = ['input_ids', 'attention_mask', 'token_type_ids'].map((name) =>
    graph.input(name, 'int64', ['batch', 'sequence']),
  ) as [GraphValue, GraphValue, GraphValue]
  const mask = multiply(subtract(scalar(1), unsqueeze(cast(attended, 'float32'), 1, 2)), scalar(unseen))
  const context: BertContext = { operators, weights, config, mask, batch: size(ids, 0) }
  let hidden = embed(context, { ids, segments, name: `${prefix}embeddings.` })
  for (let layer = 0; layer < config.layers; layer++) {
    hidden = writeLayer(context, hidden, `${prefix}encoder.layer.${layer}.`)
  }
  const shaped = reshape(hidden, context.batch, -1, config.width)
  if (gives === 'rows') graph.output('last_hidden_state', shaped, 'float32', ['batch', 'sequence', config.width])
  else graph.output('logits', score(context, shaped, prefix), 'float32', ['batch', 1])
  return graph.build()
}

/** The head of a classifier over the first row of each text: [batch, 1]. */
function score({ operators, weights, config: { width } }: BertContext, rows: GraphValue, prefix: string): GraphValue {
  const { apply, reshape, slice } = operators
  const first = reshape(slice(rows, 0, 1, 1), -1, width)
  const pooled = apply(
    'Tanh',
    weights.linear(first, `${prefix}pooler.dense`, { inputs: width, outputs: width, bias: true }),
  )
  return weights.linear(pooled, 'classifier', { inputs: width, outputs: 1, bias: true })
}

/** Words, segments and positions added and normed: [batch * sequence, width]. */
function embed(
  { operators, weights, config }: BertContext,
  { ids, segments, name }: { readonly ids: GraphValue; readonly segments: GraphValue; readonly name: string },
): GraphValue {
  const { add, range, size, reshape } = operators
  const { width, vocabulary, contextLength, segments: kinds, normEpsilon: epsilon } = config
  const rows = (part: string, indices: GraphValue, count: number) =>
    weights.rows(`${name}${part}_embeddings.weight`, indices, [count, width])
  const words = add(rows('word', ids, vocabulary), rows('token_type', segments, kinds))
  const all = add(words, rows('position', range(size(ids, 1)), contextLength))
  return layerNorm(operators, weights, reshape(all, -1, width), { name: `${name}LayerNorm`, width, epsilon })
}

function writeLayer(context: BertContext, hidden: GraphValue, name: string): GraphValue {
  const { operators, weights, config } = context
  const { width, feedForward: between, activation, normEpsilon: epsilon } = config
  const norm = (x: GraphValue, part: string) =>
    layerNorm(operators, weights, x, { name: `${name}${part}`, width, epsilon })
  const answer = writeAttention(context, hidden, `${name}attention.`)
  const attended = norm(operators.add(hidden, answer), 'attention.output.LayerNorm')
  const fed = plainFeedForward(operators, weights, attended, {
    ...{ first: `${name}intermediate.dense`, second: `${name}output.dense` },
    ...{ width, between, activation, bias: true },
  })
  return norm(operators.add(attended, fed), 'output.LayerNorm')
}

function writeAttention({ operators, weights, config, mask, batch }: BertContext, x: GraphValue, name: string) {
  const { reshape, transpose, matmul, multiply, add, softmax, scalar } = operators
  const { width, heads } = config
  const headWidth = width / heads
  const shape = { inputs: width, outputs: width, bias: true }
  const split = (part: string) => reshape(weights.linear(x, `${name}self.${part}`, shape), batch, -1, heads, headWidth)
  const query = transpose(multiply(split('query'), scalar(headWidth ** -0.5)), 0, 2, 1, 3)
  const scores = matmul(query, transpose(split('key'), 0, 2, 3, 1)) // [batch, heads, sequence, sequence]
  const shares = softmax(add(scores, mask))
  const answer = transpose(matmul(shares, transpose(split('value'), 0, 2, 1, 3)), 0, 2, 1, 3)
  return weights.linear(reshape(answer, -1, width), `${name}output.dense`, shape)
}
