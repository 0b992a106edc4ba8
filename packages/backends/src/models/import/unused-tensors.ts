import { PerStreamError } from '@perstream/spec'
import type { ModelConfig } from '../config/model-config'

/** Tensors that published checkpoints hold and that no graph here reads, by what their names contain. */
const ignored: Readonly<Record<ModelConfig['family'], RegExp>> = {
  qwen2: /rotary_emb\.inv_freq$|^lm_head\.weight$/,
  qwen3: /rotary_emb\.inv_freq$|^lm_head\.weight$/,
  llama: /rotary_emb\.inv_freq$|^lm_head\.weight$/,
  qwen2_vl: /rotary_(pos_)?emb\.inv_freq$|lm_head\.weight$/,
  qwen2_5_vl: /rotary_(pos_)?emb\.inv_freq$|lm_head\.weight$/,
  qwen3_vl: /rotary_(pos_)?emb\.inv_freq$|lm_head\.weight$/,
  // Of Qwen2.5-Omni the thinker is read, without its ears.
  qwen2_5_omni: /rotary_(pos_)?emb\.inv_freq$|lm_head\.weight$|^(thinker\.)?audio_tower\.|^talker\.|^token2wav\./,
  bert: /(^|\.)(pooler|cls)\.|position_ids$/,
}

/**
 * Refuses a checkpoint with tensors that its config.json does not account for: a layer more, a bias, another family's
 * norm. To leave them out would be another model.
 * @throws PerStreamError `model-invalid` that names some of them
 */
export function refuseUnusedTensors(
  family: ModelConfig['family'],
  names: Iterable<string>,
  used: ReadonlyMap<string, unknown>,
): void {
  const unused = [...names].filter((name) => !used.has(name) && !ignored[family].test(name))
  if (unused.length === 0) return
  const shown = unused.slice(0, 3).map((name) => `"${name}"`)
  const more = unused.length > shown.length ? ` and ${unused.length - shown.length} more` : ''
  throw new PerStreamError(
    'model-invalid',
    `The checkpoint has tensors that a ${family} model of this config.json does not: ${shown.join(', ')}${more}. Take the config.json that belongs to the checkpoint`,
    { fields: { tensors: unused.slice(0, 100) } },
  )
}
