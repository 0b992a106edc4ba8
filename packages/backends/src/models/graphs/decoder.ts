import { createGraph, type GraphValue, type OnnxModel } from '@perstream/onnx'
import type { DecoderConfig } from '../config/model-config'
import { type CausalContext, causalAttention, causalContext } from './causal-attention'
import { gatedFeedForward } from './feed-forward'
import { createModelWeights, type ModelWeights, type WeightSource } from './model-weights'
import { rmsNorm } from './norms'
import { createOperators, type Operators } from './operators'
import { type Rotation, rotate, textRotation } from './rope'

/** What a decoder's graph is written from. */
export interface DecoderGraph {
  readonly config: DecoderConfig
  readonly source: WeightSource
  /** What the names of the decoder's tensors begin with: 'model.'. */
  readonly prefix: string
  /** The output matrix: 'lm_head.weight', or the embedding table where they are one. */
  readonly head: string
  /** How many of the first layers read rows of the vision tower too. Default 0. */
  readonly deepstackLayers?: number | undefined
  /** The layers of this part: from `first` to before `end`. Default: all. */
  readonly part?: { readonly first: number; readonly end: number } | undefined
}

/** What the layers of a part share. */
interface DecoderContext {
  readonly operators: Operators
  readonly weights: ModelWeights
  readonly config: DecoderConfig
  readonly causal: CausalContext
  readonly rotation: Rotation
  readonly batch: GraphValue
}

/**
 * Writes a decoder, or the part of it that some layers make up: inputs and outputs are those of `LanguageModelParts`. The
 * hidden state is [batch * sequence, width] all the way, so that matrices are read as they are stored.
 * @throws PerStreamError `model-invalid` for a tensor that is missing or has another shape
 */
export function writeDecoder({
  config,
  source,
  prefix,
  head,
  deepstackLayers = 0,
  part = { first: 0, end: config.layers },
}: DecoderGraph): OnnxModel {
  const { width, layers, rope, vocabulary } = config
  const graph = createGraph({ name: 'decoder', domains: { 'com.microsoft': 1 } })
  const operators = createOperators(graph)
  const weights = createModelWeights(operators, source)
  const input = part.first === 0 ? 'inputs_embeds' : 'hidden_states'
  const embeddings = graph.input(input, 'float32', ['batch', 'sequence', width])
  const mask = graph.input('attention_mask', 'int64', ['batch', 'total'])
  const rows = rope.sections ? [3] : []
  const positions = graph.input('position_ids', 'int64', [...rows, 'batch', 'sequence'])
  const causal = causalContext(operators, embeddings, mask)
  const rotation = textRotation(operators, positions, config)
  const context = { operators, weights, config, causal, rotation, batch: operators.size(embeddings, 0) }
  let hidden = operators.reshape(embeddings, -1, width)
  for (let layer = part.first; layer < part.end; layer++) {
    hidden = writeLayer(context, hidden, `${prefix}layers.${layer}.`, layer)
    if (layer < deepstackLayers) {
      const seen = graph.input(`deepstack_embeds.${layer}`, 'float32', ['batch', 'sequence', width])
      hidden = operators.add(hidden, operators.reshape(seen, -1, width))
    }
  }
  if (part.end < layers) {
    const shaped = operators.reshape(hidden, context.batch, causal.sequence, width)
    graph.output('hidden_states_out', shaped, 'float32', ['batch', 'sequence', width])
  } else {
    const logits = writeLogits(context, hidden, { norm: `${prefix}norm`, head })
    graph.output('logits', logits, 'float32', ['batch', 'kept', vocabulary])
  }
  writePresents(context, part)
  return graph.build()
}

function writeLayer(context: DecoderContext, hidden: GraphValue, name: string, layer: number): GraphValue {
  const { operators, weights, config } = context
  const { width, normEpsilon: epsilon, feedForward: between, activation, biases } = config
  const norm = (x: GraphValue, part: string) =>
    rmsNorm(operators, weights, x, { name: `${name}${part}`, width, epsilon })
  const attended = operators.add(
    hidden,
    writeAttention(context, norm(hidden, 'input_layernorm'), `${name}self_attn.`, layer),
  )
  const fed = gatedFeedForward(operators, weights, norm(attended, 'post_attention_layernorm'), {
    ...{ name: `${name}mlp`, width, between, activation, bias: biases.feedForward },
  })
  return operators.add(attended, fed)
}

function writeAttention(context: DecoderContext, x: GraphValue, name: string, layer: number): GraphValue {
  const { operators, weights, config, causal, rotation } = context
  const { width, heads, keyValueHeads, headWidth, biases } = config
  const project = (part: string, count: number) => {
    const shape = { inputs: width, outputs: count * headWidth, bias: biases.queryKeyValue }
    const rows = weights.linear(x, `${name}${part}_proj`, shape)
    return operators.reshape(rows, context.batch, causal.sequence, count * headWidth)
  }
  const turned = (part: string, count: number) =>
    rotate(operators, normHeads(context, project(part, count), `${name}${part}_norm`, count), rotation, count)
  const past = (part: string) => {
    const shape = ['batch', keyValueHeads, 'past', headWidth]
    return operators.graph.input(`past_key_values.${layer}.${part}`, 'float32', shape)
  }
  const answer = causalAttention(operators, causal, {
    ...{ heads, keyValueHeads, headWidth },
    ...{ query: turned('q', heads), key: turned('k', keyValueHeads), value: project('v', keyValueHeads) },
    ...{ pastKey: past('key'), pastValue: past('value') },
    ...{ presentKey: `present.${layer}.key`, presentValue: `present.${layer}.value` },
  })
  const shape = { inputs: heads * headWidth, outputs: width, bias: biases.attentionOutput }
  return weights.linear(answer, `${name}o_proj`, shape)
}

/** Qwen3 norms every head of queries and keys on its own. */
function normHeads(
  { operators, weights, config }: DecoderContext,
  x: GraphValue,
  name: string,
  heads: number,
): GraphValue {
  if (!config.headNorms) return x
  const { headWidth, normEpsilon: epsilon } = config
  const split = operators.reshape(x, 0, 0, heads, headWidth)
  const normed = rmsNorm(operators, weights, split, { name, width: headWidth, epsilon })
  return operators.reshape(normed, 0, 0, heads * headWidth)
}

function writeLogits(
  { operators, weights, config, causal, batch }: DecoderContext,
  hidden: GraphValue,
  { norm, head }: { readonly norm: string; readonly head: string },
): GraphValue {
  const { graph, reshape, slice, subtract, unsqueeze, apply, list } = operators
  const { width, vocabulary, normEpsilon: epsilon } = config
  const kept = unsqueeze(graph.input('num_logits_to_keep', 'int64', []), 0)
  const start = apply('Where', apply('Equal', kept, list(0)), list(0), subtract(causal.sequence, kept))
  const last = slice(reshape(hidden, batch, causal.sequence, width), start, causal.sequence, 1)
  const normed = rmsNorm(operators, weights, reshape(last, -1, width), { name: norm, width, epsilon })
  return reshape(weights.product(normed, head, [vocabulary, width]), batch, -1, vocabulary)
}

/** The extended cache leaves the graph under the names that the attention gave it. */
function writePresents(
  { operators, config }: DecoderContext,
  { first, end }: { readonly first: number; readonly end: number },
): void {
  const shape = ['batch', config.keyValueHeads, 'total', config.headWidth]
  for (let layer = first; layer < end; layer++) {
    for (const part of ['key', 'value']) {
      const name = `present.${layer}.${part}`
      operators.graph.output(name, { name }, 'float32', shape)
    }
  }
}
