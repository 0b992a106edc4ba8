import type { ModelPlacement } from '@perstream/backends/models'
import { type ModelDtype, PerStreamError } from '@perstream/spec'
import { createFlowKeyframes } from '@perstream/video'
import { defaultConfig } from '../pipeline/config'
import { gateOf, openSpeech, openText, patches, runtimeOf } from './common'
import { openParts } from './opened-parts'
import type { ModelPresetOptions, PipelinePreset } from './preset'

/** How the omni preset is made. */
export interface OmniPresetOptions extends ModelPresetOptions {
  /** Folder of a vision-language model as it is published: Qwen2.5-Omni, Qwen2-VL, Qwen2.5-VL or Qwen3-VL. */
  readonly model: string
  /** How its weights are kept. Default: as published ones that are ready, else 'f32'. */
  readonly dtype?: ModelDtype | undefined
  /** Where its parts run: several devices share the decoder by layers. */
  readonly placement?: ModelPlacement | undefined
  /** Where what is converted is kept. Default: `.perstream` in the model's folder. */
  readonly cacheFolder?: string | undefined
  /** The prototype's projection (`projection_mlp.pt`, safetensors or ONNX) from the model's patches into the space of `text`: the gate then reads patches before anything is captioned. */
  readonly projection?: string | undefined
}

/**
 * Makes the prototype's own composition: one vision-language model sees, captions, splits, answers and decides whether to speak, with the
 * patch grids of its vision tower in place of pixels.
 * @throws PerStreamError `model-missing`, `model-invalid`, `model-unsupported`, `device-unavailable`, `out-of-memory`
 */
export function createOmniPreset(options: OmniPresetOptions): Promise<PipelinePreset> {
  return openParts(async (parts) => {
    const { dtype, placement, cacheFolder, device, threads, onProgress, signal } = options
    const runtime = runtimeOf(options)
    const models = await import('@perstream/backends/models')
    const prompted = await import('@perstream/backends/prompted')
    const open = { runtime, device, threads, signal }
    const text = await openText(parts, { ...options, runtime })
    const opened = parts.keep(
      await models.openLanguageModel(options.model, { ...open, dtype, placement, cacheFolder, onProgress }),
    )
    const model = await models.createLanguageModel(opened)
    const { space } = model
    if (space === undefined)
      throw new PerStreamError(
        'model-unsupported',
        `${options.model} reads words only: the omni preset needs a model that sees`,
      )
    const projection =
      options.projection === undefined
        ? undefined
        : parts.keep(
            await models.createSpatialProjection({
              ...{ weights: { path: options.projection }, from: space, to: text.space },
              ...open,
            }),
          )
    return {
      name: 'omni',
      keyframes: createFlowKeyframes(),
      vision: await models.createQwenVisionEncoder(opened, { pool: patches, signal }),
      ...{ projection, text },
      caption: prompted.createGeneratorCaptioner(model, { space }),
      speech: await openSpeech(parts, { ...options, runtime }),
      gate: await gateOf(text, options),
      triplets: prompted.createGeneratorTriplets(model),
      answer: prompted.createGeneratorAnswerer(model, { space }),
      topK: defaultConfig.topK,
      speak: prompted.createChoiceSpeakPolicy(model),
      missing: [],
    }
  })
}
