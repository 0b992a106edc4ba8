import { PerStreamError } from '@perstream/spec'
import type { LanguageModelConfig } from '../config/model-config'
import type { WeightTable } from './weight-table'

/** Where a language model's parts are in its checkpoint, whatever prefix its writer used. */
export interface LanguageModelNames {
  /** Before 'embed_tokens.weight', 'layers.0.' and 'norm.weight'. */
  readonly text: string
  /** Before 'blocks.0.' of the vision tower. */
  readonly vision: string | undefined
  /** The embedding table. */
  readonly table: string
  /** The output matrix. */
  readonly head: string
}

const textPrefixes = [
  'model.',
  'model.language_model.',
  'thinker.model.',
  'language_model.model.',
  'language_model.',
  '',
]
const visionPrefixes = ['visual.', 'model.visual.', 'thinker.visual.']
const headNames = ['lm_head.weight', 'thinker.lm_head.weight', 'model.lm_head.weight', 'language_model.lm_head.weight']

/**
 * Finds the parts of a language model among the names of its checkpoint.
 * @throws PerStreamError `model-invalid` when there is no embedding table, no vision tower where the config has one, or no
 * output matrix of its own where the config says that there is one
 */
export function findLanguageModelNames(config: LanguageModelConfig, weights: WeightTable): LanguageModelNames {
  const text = textPrefixes.find((prefix) => weights.has(`${prefix}embed_tokens.weight`))
  if (text === undefined) throw lacks('embedding table', textPrefixes, 'embed_tokens.weight')
  const vision = visionPrefixes.find((prefix) => weights.has(`${prefix}patch_embed.proj.weight`))
  if ('vision' in config && vision === undefined) throw lacks('vision tower', visionPrefixes, 'patch_embed.proj.weight')
  const table = `${text}embed_tokens.weight`
  const own = headNames.find((name) => weights.has(name))
  if (own === undefined && config.text.tied === false) throw lacks('output matrix', headNames, '')
  return { text, vision, table, head: config.text.tied === true ? table : (own ?? table) }
}

function lacks(part: string, beginnings: readonly string[], ending: string): PerStreamError {
  const wanted = beginnings.map((beginning) => `${beginning}${ending}`)
  return new PerStreamError(
    'model-invalid',
    `The checkpoint has no ${part}: none of ${wanted.join(', ')} is there; download it again, or with the config.json that belongs to it`,
    { fields: { wanted } },
  )
}
