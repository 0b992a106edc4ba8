import { createGraph, type OnnxModel } from '@perstream/onnx'
import type { DecoderConfig } from '../config/model-config'
import { createModelWeights, type WeightSource } from './model-weights'
import { createOperators } from './operators'

/**
 * Writes the look-up of token embeddings: `input_ids` int64 [batch, sequence] gives `inputs_embeds`
 * [batch, sequence, width].
 * @throws PerStreamError `model-invalid` for a tensor that is missing or has another shape
 */
export function writeEmbedTokens(config: DecoderConfig, source: WeightSource, name: string): OnnxModel {
  const graph = createGraph({ name: 'embed_tokens' })
  const weights = createModelWeights(createOperators(graph), source)
  const ids = graph.input('input_ids', 'int64', ['batch', 'sequence'])
  const rows = weights.rows(name, ids, [config.vocabulary, config.width])
  graph.output('inputs_embeds', rows, 'float32', ['batch', 'sequence', config.width])
  return graph.build()
}
