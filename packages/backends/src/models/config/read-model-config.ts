import { PerStreamError } from '@perstream/spec'
import { type ConfigSection, createConfigSection, isObject } from './config-section'
import type { ModelConfig, TextModelConfig, VisionLanguageConfig, VisionTokens } from './model-config'
import { readBertConfig, readBertOutput } from './read-bert-config'
import { readDecoderConfig } from './read-decoder-config'
import { readVisionConfig } from './read-vision-config'

type Reader = (root: ConfigSection) => ModelConfig

/** By `model_type`. */
const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['qwen2_vl', (root) => readVisionLanguage(root, 'qwen2_vl')],
  ['qwen2_5_vl', (root) => readVisionLanguage(root, 'qwen2_5_vl')],
  ['qwen3_vl', (root) => readVisionLanguage(root, 'qwen3_vl')],
  ['qwen2_5_omni', readOmni],
  ['qwen2_5_omni_thinker', (root) => readVisionLanguage(root, 'qwen2_5_omni')],
  ['qwen2', (root) => readText(root, 'qwen2')],
  ['qwen3', (root) => readText(root, 'qwen3')],
  ['llama', (root) => readText(root, 'llama')],
  ['bert', (root) => ({ family: 'bert', encoder: readBertConfig(root), gives: readBertOutput(root) })],
])

/**
 * Reads a model's config.json: its text, or the value parsed from it. Qwen2-VL and Qwen2.5-VL are read in their older,
 * flat form and in the newer, nested one; of Qwen2.5-Omni the thinker is read, wherever it is nested.
 * @throws PerStreamError `model-invalid` for a missing or impossible value, `model-unsupported` for a model type or an option
 * that nothing here computes; both name the key, the value and what would do
 */
export function readModelConfig(json: unknown): ModelConfig {
  const values = typeof json === 'string' ? parse(json) : json
  if (!isObject(values)) throw new PerStreamError('model-invalid', 'config.json holds no JSON object')
  const root = createConfigSection(values)
  const reader = readers.get(root.text('model_type') ?? '')
  if (!reader) throw root.unsupported('model_type', [...readers.keys()].join(', '))
  if (root.has('quantization_config')) {
    throw root.unsupported(
      'quantization_config',
      'checkpoints in f32, f16 or bf16, which are quantised here when asked for',
    )
  }
  return reader(root)
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new PerStreamError('model-invalid', `config.json is no JSON: ${(cause as SyntaxError).message}`, { cause })
  }
}

function readText(root: ConfigSection, family: TextModelConfig['family']): TextModelConfig {
  const text = readDecoderConfig(root, root, {
    headNorms: family === 'qwen3',
    queryKeyValueBias: family === 'qwen2' ? true : undefined,
    interleaved: false,
  })
  if (text.rope.sections) throw root.unsupported('model_type', 'positions of three rows in vision-language models only')
  return { family, text }
}

function readOmni(root: ConfigSection): VisionLanguageConfig {
  const thinker = root.section('thinker_config')
  if (!thinker) throw root.invalid('thinker_config', 'an object: of Qwen2.5-Omni the thinker is read')
  return readVisionLanguage(thinker, 'qwen2_5_omni')
}

function readVisionLanguage(root: ConfigSection, family: VisionLanguageConfig['family']): VisionLanguageConfig {
  const visionSection = root.section('vision_config')
  if (!visionSection) throw root.invalid('vision_config', 'an object')
  const textSection = root.section('text_config') ?? root
  const later = family === 'qwen3_vl'
  const text = readDecoderConfig(textSection, root, {
    headNorms: later,
    queryKeyValueBias: later ? undefined : true,
    interleaved: later,
  })
  const vision = readVisionConfig(visionSection, family)
  const rope = textSection.has('rope_parameters') ? 'rope_parameters' : 'rope_scaling'
  if (!text.rope.sections) throw textSection.invalid(rope, 'an object with "mrope_section"')
  if (vision.outputWidth !== text.width) {
    const key = family === 'qwen2_vl' ? 'hidden_size' : 'out_hidden_size'
    throw visionSection.invalid(key, `${text.width}, the width of the decoder`)
  }
  const positionsPerSecond = vision.positionsPerSecond ?? readPositionsPerSecond(root)
  return { family, text, vision: { ...vision, positionsPerSecond }, tokens: readTokens(root) }
}

/** Qwen2.5-Omni counts 25 positions a second, and says so beside the tower's settings. */
function readPositionsPerSecond(root: ConfigSection): number | undefined {
  return root.has('position_id_per_seconds') ? root.positive('position_id_per_seconds') : undefined
}

/** Omni files end the names of placeholders in `_index`, others in `_id`. */
function readTokens(root: ConfigSection): VisionTokens {
  const image = root.token('image_token_id') ?? root.token('image_token_index')
  if (image === undefined) throw root.invalid('image_token_id', 'the id of the token that stands for a row of an image')
  return {
    image,
    video: root.token('video_token_id') ?? root.token('video_token_index'),
    visionStart: root.token('vision_start_token_id'),
    visionEnd: root.token('vision_end_token_id'),
  }
}
