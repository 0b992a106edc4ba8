import { createOnnxRuntime } from '@perstream/backends/onnx'
import { createRememberGate } from '@perstream/gate'
import type { CallOptions, RememberGate, SpeechRecognizer, TensorRuntime, TextEncoder } from '@perstream/spec'
import { defaultConfig } from '../pipeline/config'
import type { OpenedParts } from './opened-parts'
import type { ModelPresetOptions } from './preset'

const [rows, columns] = defaultConfig.poolSize

/** How large the grids are that presets keep. */
export const patches = { rows, columns }

/** The runtime that was given, or one of its own. */
export function runtimeOf({ runtime, threads }: Pick<ModelPresetOptions, 'runtime' | 'threads'>): TensorRuntime {
  return runtime ?? createOnnxRuntime({ threads })
}

/** The gate over a text encoder's space, with the prototype's gamma where one is given. */
export function gateOf(
  text: TextEncoder,
  { gammaThreshold, signal }: CallOptions & { readonly gammaThreshold?: number | undefined },
): Promise<RememberGate> {
  const mode = gammaThreshold === undefined ? {} : ({ mode: 'relative', threshold: gammaThreshold } as const)
  return createRememberGate({ text, signal, ...mode })
}

/** Opens the encoder of sentences of a preset. */
export async function openText(
  parts: OpenedParts,
  {
    text: folder,
    runtime,
    device,
    threads,
    onProgress,
    signal,
  }: ModelPresetOptions & { readonly runtime: TensorRuntime },
): Promise<TextEncoder> {
  if (typeof folder !== 'string') return folder
  const { createSentenceEncoder } = await import('@perstream/backends/models')
  return parts.keep(await createSentenceEncoder({ folder, runtime, device, threads, onProgress, signal }))
}

/** Opens what listens, where a model for it is given. */
export async function openSpeech(
  parts: OpenedParts,
  { speech: model, runtime, device, threads, signal }: Omit<ModelPresetOptions, 'text'>,
): Promise<SpeechRecognizer | undefined> {
  if (model === undefined) return undefined
  const { createSpeechRecognizer } = await import('@perstream/backends/transformers')
  return parts.keep(await createSpeechRecognizer({ model, runtime, device, threads, signal }))
}
