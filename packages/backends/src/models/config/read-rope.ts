import type { ConfigSection } from './config-section'
import type { RopeConfig, RopeScaling, RopeSections } from './model-config'

/** Older Qwen2-VL files call positions of three rows a type of scaling; they scale nothing. */
const unscaled = ['default', 'mrope']

/**
 * Reads how positions turn queries and keys, from `rope_parameters` (newer files) or from `rope_theta` and
 * `rope_scaling` (older ones).
 * @throws PerStreamError `model-unsupported` for a type of scaling that is not known, and for a part of a head that does not turn
 */
export function readRope(text: ConfigSection, headWidth: number, interleaved: boolean): RopeConfig {
  const key = text.has('rope_parameters') ? 'rope_parameters' : 'rope_scaling'
  const parameters = text.section(key)
  for (const section of [text, parameters]) {
    if (section?.has('partial_rotary_factor') && section.positive('partial_rotary_factor') !== 1) {
      throw section.unsupported('partial_rotary_factor', '1 (whole heads turn)')
    }
  }
  const holder = parameters?.has('rope_theta') ? parameters : text
  const fallbackTheta = 10_000
  return {
    theta: holder.positive('rope_theta', fallbackTheta),
    scaling: parameters && readScaling(parameters),
    sections: parameters && readSections(parameters, headWidth, interleaved),
  }
}

function readScaling(parameters: ConfigSection): RopeScaling | undefined {
  const key = parameters.has('rope_type') ? 'rope_type' : 'type'
  const kind = parameters.text(key) ?? 'default'
  if (unscaled.includes(kind)) return undefined
  const factor = () => parameters.positive('factor')
  if (kind === 'linear') return { kind, factor: factor() }
  if (kind === 'llama3') {
    return {
      kind,
      factor: factor(),
      lowFrequencyFactor: parameters.positive('low_freq_factor'),
      highFrequencyFactor: parameters.positive('high_freq_factor'),
      originalContextLength: parameters.count('original_max_position_embeddings'),
    }
  }
  throw parameters.unsupported(key, `${unscaled.join(', ')}, linear, llama3`)
}

function readSections(
  parameters: ConfigSection,
  headWidth: number,
  interleavedFamily: boolean,
): RopeSections | undefined {
  const counts = parameters.numbers('mrope_section')
  if (counts === undefined) return undefined
  const [time, height, width] = counts
  const sum = counts.reduce((total, each) => total + each, 0)
  if (counts.length !== 3 || sum !== headWidth / 2) {
    throw parameters.invalid('mrope_section', `three numbers with the sum ${headWidth / 2}, half the width of a head`)
  }
  const interleaved = parameters.flag('mrope_interleaved') ?? interleavedFamily
  return { counts: [time!, height!, width!], interleaved }
}
