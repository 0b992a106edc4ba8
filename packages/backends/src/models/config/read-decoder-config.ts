import { readActivation } from './activation'
import type { ConfigSection } from './config-section'
import type { DecoderConfig } from './model-config'
import { readRope } from './read-rope'

/** What the families of decoders differ in. */
interface DecoderTraits {
  /** RMS norms of query and key heads. */
  readonly headNorms: boolean
  /** Qwen2 has biases of queries, keys and values whatever its config says. */
  readonly queryKeyValueBias?: boolean | undefined
  /** Where positions have three rows: whether their frequencies are interleaved. */
  readonly interleaved: boolean
}

/**
 * Reads the settings of a text decoder. `root` is the whole config, `text` its `text_config` or, in flat files, the same.
 * @throws PerStreamError `model-invalid` for a missing or impossible value, `model-unsupported` for options that nothing
 * here computes: sliding windows in use, other scalings of positions, weights quantised by another tool
 */
export function readDecoderConfig(
  text: ConfigSection,
  root: ConfigSection,
  { headNorms, interleaved, queryKeyValueBias }: DecoderTraits,
): DecoderConfig {
  const width = text.count('hidden_size')
  const heads = text.count('num_attention_heads')
  const keyValueHeads = text.count('num_key_value_heads', heads)
  const headWidth = text.count('head_dim', width / heads)
  const layers = text.count('num_hidden_layers')
  if (heads % keyValueHeads !== 0) throw text.invalid('num_key_value_heads', `a divisor of the ${heads} heads`)
  if (headWidth % 2 !== 0) throw text.invalid('head_dim', 'even')
  refuseSlidingWindows(text, layers)
  const activation = readActivation(text, 'silu')
  const attentionBias = text.flag('attention_bias') ?? false
  return {
    width,
    layers,
    heads,
    keyValueHeads,
    headWidth,
    feedForward: text.count('intermediate_size'),
    activation,
    vocabulary: text.count('vocab_size'),
    contextLength: text.count('max_position_embeddings'),
    normEpsilon: text.positive('rms_norm_eps', 1e-6),
    rope: readRope(text, headWidth, interleaved),
    tied: root.flag('tie_word_embeddings') ?? text.flag('tie_word_embeddings'),
    biases: {
      queryKeyValue: queryKeyValueBias ?? attentionBias,
      attentionOutput: queryKeyValueBias === undefined && attentionBias,
      feedForward: text.flag('mlp_bias') ?? false,
    },
    headNorms,
    beginToken: text.token('bos_token_id') ?? root.token('bos_token_id'),
    endTokens: text.numbers('eos_token_id') ?? root.numbers('eos_token_id') ?? [],
    padToken: text.token('pad_token_id') ?? root.token('pad_token_id'),
  }
}

/** Layers from `max_window_layers` on see a window only, when `use_sliding_window` says so. */
function refuseSlidingWindows(text: ConfigSection, layers: number): void {
  const supported = 'attention to all that came before'
  if (text.flag('use_sliding_window') && text.count('max_window_layers', layers) < layers) {
    throw text.unsupported('use_sliding_window', `false (${supported})`)
  }
  const types = text.list('layer_types') ?? []
  if (types.some((type) => type !== 'full_attention')) throw text.unsupported('layer_types', `full_attention only`)
}
