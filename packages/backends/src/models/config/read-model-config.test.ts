import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PerStreamError } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shared } from '../test-material'
import type { VisionLanguageConfig } from './model-config'
import { readModelConfig } from './read-model-config'

/** Qwen2.5-Omni-7B as published, without what is not read. */
const publishedOmni = {
  model_type: 'qwen2_5_omni',
  thinker_config: {
    model_type: 'qwen2_5_omni_thinker',
    ...{ audio_token_index: 151646, image_token_index: 151655, video_token_index: 151656 },
    ...{ vision_start_token_id: 151652, vision_end_token_id: 151653, position_id_per_seconds: 25 },
    text_config: {
      ...{ hidden_act: 'silu', hidden_size: 3584, intermediate_size: 18944, max_position_embeddings: 32768 },
      ...{ max_window_layers: 28, num_attention_heads: 28, num_hidden_layers: 28, num_key_value_heads: 4 },
      ...{ rms_norm_eps: 1e-6, rope_theta: 1e6, sliding_window: 32768, use_sliding_window: false, vocab_size: 152064 },
      rope_scaling: { mrope_section: [16, 24, 24], rope_type: 'default', type: 'default' },
    },
    vision_config: {
      ...{ depth: 32, embed_dim: 1280, fullatt_block_indexes: [7, 15, 23, 31], hidden_act: 'silu', hidden_size: 1280 },
      ...{ in_channels: 3, in_chans: 3, intermediate_size: 3420, num_heads: 16, out_hidden_size: 3584, patch_size: 14 },
      ...{ spatial_merge_size: 2, temporal_patch_size: 2, tokens_per_second: 25, window_size: 112 },
    },
  },
}

const llama = {
  ...{ model_type: 'llama', hidden_size: 64, intermediate_size: 128, max_position_embeddings: 256 },
  ...{ num_attention_heads: 4, num_hidden_layers: 2, num_key_value_heads: 2, vocab_size: 100, eos_token_id: [3, 4] },
}

describe('readModelConfig', () => {
  it('finds the thinker of Qwen2.5-Omni', () => {
    const config = readModelConfig(publishedOmni) as VisionLanguageConfig
    expect(config.family).toBe('qwen2_5_omni')
    expect(config.text).toMatchObject({
      width: 3584,
      headWidth: 128,
      layers: 28,
      tied: undefined,
      contextLength: 32768,
    })
    expect(config.text.rope).toEqual({
      theta: 1e6,
      scaling: undefined,
      sections: { counts: [16, 24, 24], interleaved: false },
    })
    expect(config.vision).toMatchObject({ width: 1280, outputWidth: 3584, feedForwardKind: 'gated', norm: 'rms' })
    expect(config.vision.window).toEqual({ side: 4, fullLayers: [7, 15, 23, 31] })
    expect(config.vision.positionsPerSecond).toBe(25)
    expect(config.tokens).toEqual({ image: 151655, video: 151656, visionStart: 151652, visionEnd: 151653 })
  })

  it('reads the same from the flat and the nested form', () => {
    const { text_config: text, vision_config: vision, ...rest } = publishedOmni.thinker_config
    const { rope_scaling, rope_theta, ...others } = text
    const common = { model_type: 'qwen2_5_vl', vision_config: vision, image_token_id: 151655 }
    const nested = { ...common, text_config: { ...others, rope_parameters: { ...rope_scaling, rope_theta } } }
    expect(rest.image_token_index).toBe(common.image_token_id)
    expect(readModelConfig({ ...text, ...common })).toEqual(readModelConfig(JSON.stringify(nested)))
  })

  it('reads text models, their ends and their longer contexts', () => {
    const scaled = {
      ...{ rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 },
      original_max_position_embeddings: 8192,
    }
    const config = readModelConfig({ ...llama, rope_scaling: scaled, rope_theta: 5e5 })
    expect(config).toMatchObject({
      family: 'llama',
      text: {
        ...{ endTokens: [3, 4], headNorms: false, headWidth: 16 },
        rope: { theta: 5e5, scaling: { kind: 'llama3', factor: 8, originalContextLength: 8192 }, sections: undefined },
      },
    })
    expect(readModelConfig({ ...llama, model_type: 'qwen3', head_dim: 128, eos_token_id: 7 })).toMatchObject({
      family: 'qwen3',
      text: { headNorms: true, headWidth: 128, endTokens: [7] },
    })
  })

  it.each([
    [{ ...llama, model_type: 'mixtral' }, /"model_type" is "mixtral"; supported: qwen2_vl, .*llama, bert/],
    [{ ...llama, model_type: undefined }, /"model_type" is missing/],
    [
      { ...llama, rope_scaling: { type: 'yarn', factor: 4 } },
      /"rope_scaling.type" is "yarn"; supported: .*linear, llama3/,
    ],
    [{ ...llama, partial_rotary_factor: 0.5 }, /"partial_rotary_factor" is 0.5/],
    [{ ...llama, use_sliding_window: true, max_window_layers: 1 }, /"use_sliding_window" is true/],
    [{ ...llama, layer_types: ['full_attention', 'sliding_attention'] }, /"layer_types"/],
    [{ ...llama, hidden_act: 'gelu_fast' }, /"hidden_act" is "gelu_fast"/],
    [{ ...llama, quantization_config: { quant_method: 'awq' } }, /"quantization_config"/],
    [{ ...llama, model_type: 'bert', position_embedding_type: 'relative_key' }, /"position_embedding_type"/],
  ])('refuses what nothing here computes (%#)', (json, message) => {
    expect(() => readModelConfig(json)).toThrow(
      expect.objectContaining({ code: 'model-unsupported', message: expect.stringMatching(message) }),
    )
  })

  it.each([
    ['{', /no JSON/],
    [[], /no JSON object/],
    [{ ...llama, hidden_size: undefined }, /"hidden_size" is missing; it must be a whole number/],
    [{ ...llama, hidden_size: '64' }, /"hidden_size" is "64"/],
    [{ ...llama, num_key_value_heads: 3 }, /"num_key_value_heads" is 3; it must be a divisor of the 4 heads/],
    [{ ...llama, eos_token_id: -1 }, /"eos_token_id" is -1/],
    [{ ...publishedOmni, thinker_config: undefined }, /"thinker_config" is missing/],
    [{ ...llama, model_type: 'qwen2_vl' }, /"vision_config" is missing/],
    [
      {
        ...publishedOmni.thinker_config,
        vision_config: { ...publishedOmni.thinker_config.vision_config, num_heads: 7 },
      },
      /"vision_config.num_heads" is 7/,
    ],
  ])('names what is missing or impossible (%#)', (json, message) => {
    expect(() => readModelConfig(json)).toThrow(
      expect.objectContaining({ code: 'model-invalid', message: expect.stringMatching(message) }),
    )
  })

  it('fails by a code of its own whatever is in the file (property)', () => {
    const spoilt = fc
      .tuple(fc.constantFrom(...Object.keys(llama)), fc.jsonValue())
      .map(([key, value]) => ({ [key]: value }))
    const families = fc
      .constantFrom('llama', 'qwen3', 'bert', 'qwen2_5_vl', 'qwen2_5_omni')
      .map((model_type) => ({ model_type }))
    const nested = fc.constantFrom('rope_scaling', 'vision_config', 'text_config', 'thinker_config')
    const inner = fc.tuple(nested, fc.jsonValue()).map(([key, value]) => ({ [key]: value }))
    const config = fc.tuple(families, spoilt, inner).map((changes) => Object.assign({}, llama, ...changes) as unknown)
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), config), (json) => {
        try {
          expect(readModelConfig(json)).toHaveProperty('family')
        } catch (error) {
          expect(PerStreamError.isInstance(error), String(error)).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it.skipIf(!shared).each([
    ['tiny-qwen2-vl', 'qwen2_vl'],
    ['tiny-qwen2.5-vl', 'qwen2_5_vl'],
    ['tiny-qwen3-vl', 'qwen3_vl'],
    ['tiny-qwen2.5-omni-thinker', 'qwen2_5_omni'],
    ['peft-lora-golden/base', 'qwen2'],
    ['SmolLM2-135M-Instruct', 'llama'],
    ['all-MiniLM-L6-v2', 'bert'],
  ])('reads the config.json of %s (skipped without shared material)', (folder, family) => {
    const json = readFileSync(join(shared!, 'models', folder, 'config.json'), 'utf8')
    expect(readModelConfig(json).family).toBe(family)
  })
})
