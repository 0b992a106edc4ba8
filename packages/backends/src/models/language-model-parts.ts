import type { CallOptions, TensorSession } from '@perstream/spec'
import type { LanguageModelConfig } from './config/model-config'

/**
 * A language model that is ready to run, as the sessions it consists of. Sizes: b texts, s tokens of each, `past` positions
 * that the cache holds, width of the decoder.
 *
 * - `embed`: `input_ids` int64 [b, s] gives `inputs_embeds` [b, s, width]
 * - `vision`: `pixel_values` [patches, channels * temporalPatch * patch * patch] and `image_grid_thw` int64 [images, 3]
 *   (`grid_thw` in ready-made Qwen2-VL) give `image_features` [patches / merge², width], and for each layer K of
 *   `deepstackLayers`, counted from 0, `deepstack_features.K` of the same shape
 * - `decoder`: `inputs_embeds` [b, s, width], `attention_mask` int64 [b, past + s] (0 is padding, on the left),
 *   `position_ids` int64 ([3, b, s] where `rope.sections` is there, else [b, s]), where the session has them
 *   `num_logits_to_keep` int64 [] (0 is all) and `deepstack_embeds.K` [b, s, width], and for each layer N
 *   `past_key_values.N.key` and `.value` [b, keyValueHeads, past, headWidth], give `logits` [b, kept, vocabulary] and
 *   `present.N.key` and `.value` [b, keyValueHeads, past + s, headWidth]. Of several parts each takes the mask, the
 *   positions and what belongs to its own layers; all but the last give `hidden_states_out`, which the next takes as
 *   `hidden_states` in place of `inputs_embeds`.
 *
 * Whoever opened it closes it; closing closes every session.
 */
export interface LanguageModelParts extends AsyncDisposable {
  readonly config: LanguageModelConfig
  readonly embed: TensorSession
  /** In the order in which they run; one unless the layers were split. */
  readonly decoder: readonly TensorSession[]
  readonly vision?: TensorSession | undefined
  /**
   * Reads a text file of the model's folder: tokenizer.json, tokenizer_config.json, preprocessor_config.json,
   * generation_config.json, chat_template.jinja.
   * @throws PerStreamError `model-missing` when the folder has no such file
   */
  readText(name: string, options?: CallOptions): Promise<string>
}
