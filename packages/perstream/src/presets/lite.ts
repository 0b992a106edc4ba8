import { importPeer } from '@perstream/kit'
import { createExtractiveAnswerer, createQuietPolicy } from '@perstream/responder'
import type { CallOptions, TextEncoder } from '@perstream/spec'
import { createFlowKeyframes } from '@perstream/video'
import { gateOf } from './common'
import type { PipelinePreset } from './preset'

/** How the lite preset is made. */
export interface LitePresetOptions extends CallOptions {
  /** Threads of the models. Default: theirs. */
  readonly threads?: number | undefined
  /**
   * Embeds memories, questions and the categories of the gate, in place of USE-lite; thresholds were chosen with that. Whoever made it
   * closes it, after the preset.
   */
  readonly text?: TextEncoder | undefined
  /** The prototype's gamma: makes the gate score in its `relative` mode with this threshold, 0..1. */
  readonly gammaThreshold?: number | undefined
  /**
   * Makes patch grids of keyframes, which a memory with a tensor store keeps. They cost one more pass of the object detector for most
   * keyframes, and nothing of this preset reads them. Default false.
   */
  readonly grids?: boolean | undefined
}

/**
 * Memories the extractive answerer chooses from. It tells by rules which of them carries the answer, so that a few more than
 * the prototype's 5 cost it nothing.
 */
export const liteTopK = 12

/**
 * Makes the offline preset: optical-flow keyframes, text reading and object tags, USE-lite vectors, rules for triplets and
 * answers. No key, no download, no GPU.
 * @throws PerStreamError `dependency-missing` when `@perstream/lite` is not installed
 */
export async function createLitePreset({
  threads,
  text: given,
  gammaThreshold,
  grids = false,
  signal,
}: LitePresetOptions = {}): Promise<PipelinePreset> {
  const { createLite } = await importPeer<typeof import('@perstream/lite')>(
    '@perstream/lite',
    'The lite preset',
    () => import('@perstream/lite'),
  )
  const lite = await createLite({ threads, signal })
  const text = given ?? lite.text
  return {
    name: 'lite',
    keyframes: createFlowKeyframes(),
    ...(grids && lite.vision && { vision: lite.vision }),
    caption: lite.captioner,
    text,
    gate: await gateOf(text, { gammaThreshold, signal }),
    triplets: lite.triplets,
    answer: createExtractiveAnswerer(),
    topK: liteTopK,
    speak: createQuietPolicy(),
    missing: lite.missing,
    [Symbol.asyncDispose]: () => lite[Symbol.asyncDispose](),
  }
}
