import { importPeer } from '@perstream/kit'
import { createExtractiveAnswerer, createQuietPolicy } from '@perstream/responder'
import { type Captioner, PerStreamError, type TripletExtractor } from '@perstream/spec'
import { createFlowKeyframes } from '@perstream/video'
import { captionWithBoth } from './caption-with-both'
import { gateOf, openSpeech, openText, patches, runtimeOf } from './common'
import { liteTopK } from './lite'
import { type OpenedParts, openParts } from './opened-parts'
import type { ModelPresetOptions, PipelinePreset } from './preset'

/** How the standard preset is made. */
export interface StandardPresetOptions extends ModelPresetOptions {
  /** Folder of a small captioner in the layout of transformers.js: SmolVLM, Idefics3 or Florence-2. */
  readonly captioner: string
  /** Folder of a vision transformer (SigLIP, CLIP, DINO), whose patch grids memories then keep, pooled to 8 x 8. */
  readonly vision?: string | undefined
}

/**
 * Makes the preset of small models: keyframes by optical flow, captions of a small vision-language model beside the text that
 * `@perstream/lite` reads where it is installed, vectors of sentences, extractive answers.
 * @throws PerStreamError `dependency-missing`, `model-missing`, `model-invalid`, `model-unsupported`, `device-unavailable`
 */
export function createStandardPreset(options: StandardPresetOptions): Promise<PipelinePreset> {
  return openParts(async (parts) => {
    const shared = { ...options, runtime: runtimeOf(options) }
    const text = await openText(parts, shared)
    const { createTransformersCaptioner, createTransformersVisionEncoder } = await import(
      '@perstream/backends/transformers'
    )
    const { runtime, device, threads, signal } = shared
    const open = { runtime, device, threads, signal }
    const describer = parts.keep(await createTransformersCaptioner({ model: options.captioner, ...open }))
    const vision =
      options.vision === undefined
        ? undefined
        : parts.keep(await createTransformersVisionEncoder({ model: options.vision, pool: patches, ...open }))
    const missing: string[] = []
    const reading = await openReading(parts, options, missing)
    return {
      name: 'standard',
      keyframes: createFlowKeyframes(),
      ...{ vision, text, missing, triplets: reading?.triplets },
      caption: reading ? captionWithBoth(reading.captioner, describer) : describer,
      speech: await openSpeech(parts, shared),
      gate: await gateOf(text, options),
      answer: createExtractiveAnswerer(),
      topK: liteTopK,
      speak: createQuietPolicy(),
    }
  })
}

interface Reading {
  readonly captioner: Captioner
  readonly triplets: TripletExtractor
}

/** What reads signs and splits sentences, where it is installed. */
async function openReading(
  parts: OpenedParts,
  { threads, signal }: StandardPresetOptions,
  missing: string[],
): Promise<Reading | undefined> {
  try {
    const { createLite } = await importPeer<typeof import('@perstream/lite')>(
      '@perstream/lite',
      'Reading signs',
      () => import('@perstream/lite'),
    )
    const lite = parts.keep(await createLite({ threads, signal }))
    missing.push(...lite.missing)
    return lite
  } catch (error) {
    signal?.throwIfAborted()
    if (!PerStreamError.isInstance(error) || error.code !== 'dependency-missing') throw error
    missing.push(`text in pictures is not read and sentences are not split: ${error.message}`)
    return undefined
  }
}
