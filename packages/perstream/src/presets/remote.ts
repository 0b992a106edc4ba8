import type { AiAdapterOptions, AiLanguageModel } from '@perstream/backends/ai'
import { createQuietPolicy } from '@perstream/responder'
import type { PerStreamError, Warning } from '@perstream/spec'
import { createFlowKeyframes } from '@perstream/video'
import { gateOf, openSpeech, openText, runtimeOf } from './common'
import { liteTopK } from './lite'
import { openParts } from './opened-parts'
import type { ModelPresetOptions, PipelinePreset } from './preset'

/** How the remote preset is made. */
export interface RemotePresetOptions extends ModelPresetOptions {
  /** A language model of the Vercel AI SDK that sees: what its provider makes. Frames and memories are sent to it. */
  readonly model: AiLanguageModel
  /** Budget, retries, cache and the like. */
  readonly adapter?: AiAdapterOptions | undefined
  /** Receives what went wrong with one moment alone, which then has no caption: refused content, a reply that could not be used. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
  /** Zone in which memories and questions name days, such as 'Europe/Berlin'. Default UTC. */
  readonly timeZone?: string | undefined
}

/**
 * Makes the preset whose captions, triplets and answers come from a hosted model; vectors of sentences, the gate and the memory stay here.
 * @throws PerStreamError `model-missing`, `model-invalid`; later what the service causes: `service-refused` and its like
 */
export function createRemotePreset(options: RemotePresetOptions): Promise<PipelinePreset> {
  return openParts(async (parts) => {
    const { timeZone, onWarning } = options
    const shared = { ...options, runtime: runtimeOf(options) }
    const { createAiAdapter } = await import('@perstream/backends/ai')
    const ai = createAiAdapter(options.model, options.adapter)
    const text = await openText(parts, shared)
    return {
      name: 'remote',
      keyframes: createFlowKeyframes(),
      caption: ai.captioner({ ahead: 2, onMomentFailed: (error) => onWarning?.(captionMissing(error)) }),
      ...{ text, speech: await openSpeech(parts, shared) },
      gate: await gateOf(text, options),
      triplets: ai.tripletExtractor(),
      answer: ai.answerer(timeZone === undefined ? {} : { timeZone }),
      topK: liteTopK,
      speak: createQuietPolicy(),
      missing: [],
    }
  })
}

function captionMissing({ message, fields }: PerStreamError): Warning {
  return { code: 'caption-missing', message: `A moment has no caption: ${message}`, fields: { ...fields } }
}
