import { readActivation } from './activation'
import type { ConfigSection } from './config-section'
import type { BertConfig, SentenceModelConfig } from './model-config'

/**
 * Reads the settings of a BERT encoder.
 * @throws PerStreamError `model-invalid`, `model-unsupported` for relative positions and for decoders
 */
export function readBertConfig(root: ConfigSection): BertConfig {
  const positions = root.text('position_embedding_type') ?? 'absolute'
  if (positions !== 'absolute') throw root.unsupported('position_embedding_type', 'absolute')
  if (root.flag('is_decoder')) throw root.unsupported('is_decoder', 'false')
  const width = root.count('hidden_size')
  const heads = root.count('num_attention_heads')
  if (width % heads !== 0) throw root.invalid('num_attention_heads', `a divisor of the width ${width}`)
  return {
    width,
    layers: root.count('num_hidden_layers'),
    heads,
    feedForward: root.count('intermediate_size'),
    activation: readActivation(root, 'gelu'),
    vocabulary: root.count('vocab_size'),
    contextLength: root.count('max_position_embeddings'),
    segments: root.count('type_vocab_size', 2),
    normEpsilon: root.positive('layer_norm_eps', 1e-12),
    padToken: root.token('pad_token_id') ?? 0,
  }
}

const scorer = 'BertForSequenceClassification'

/**
 * What a BERT model gives: a score where it has a head of one class, as cross-encoders have.
 * @throws PerStreamError `model-unsupported` for more classes
 */
export function readBertOutput(root: ConfigSection): SentenceModelConfig['gives'] {
  if (!root.list('architectures')?.includes(scorer)) return 'rows'
  const classes = root.section('id2label')?.keys().length ?? root.count('num_labels', 2)
  if (classes !== 1) throw root.unsupported(root.has('id2label') ? 'id2label' : 'num_labels', 'one class')
  return 'score'
}
