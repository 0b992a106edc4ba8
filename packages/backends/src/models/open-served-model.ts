import {
  type CallOptions,
  type Device,
  type ModelDtype,
  PerStreamError,
  type TensorRuntime,
  type TensorSession,
} from '@perstream/spec'
import { dtypeSuffixes } from '../dtype-suffixes'
import { readModelConfig } from './config/read-model-config'
import type { LanguageModelParts } from './language-model-parts'

/** Options of {@link openServedModel}. */
export interface OpenServedModelOptions extends CallOptions {
  readonly runtime: TensorRuntime
  /** Default 'auto'. */
  readonly device?: Device | undefined
  /** Which files are taken. Default 'f32'. */
  readonly dtype?: ModelDtype | undefined
  /** False leaves the vision tower out, for prompts of words and stored embeddings alone. Default true. */
  readonly vision?: boolean | undefined
}

/**
 * Opens a ready-made language model (ONNX files in the layout of transformers.js) from the URL of its folder, in
 * browsers too. When one part does not open, those that did are closed.
 * @throws PerStreamError `model-missing` for a file that the server does not have, `model-unsupported`, and what
 * `runtime.open` throws
 */
export async function openServedModel(
  url: string,
  { runtime, device = 'auto', dtype = 'f32', vision = true, signal }: OpenServedModelOptions,
): Promise<LanguageModelParts> {
  const base = `${url.replace(/\/$/, '')}/`
  const readText: LanguageModelParts['readText'] = (name, options = {}) => fetchText(base + name, options)
  const config = readModelConfig(await readText('config.json', { signal }))
  if (config.family === 'bert') {
    throw new PerStreamError('model-unsupported', `${url} holds a BERT encoder, which writes no text`, {
      fields: { url, family: config.family },
    })
  }
  const sessions: TensorSession[] = []
  const close = async () => {
    await Promise.allSettled(sessions.map((session) => session[Symbol.asyncDispose]()))
  }
  const open = async (name: string, heldOutputs: readonly string[] = []): Promise<TensorSession> => {
    const model = { url: `${base}onnx/${name}${dtypeSuffixes[dtype]}.onnx` }
    const session = await runtime.open(model, { device, heldOutputs, signal })
    sessions.push(session)
    return session
  }
  try {
    const layers = Array.from({ length: config.text.layers }, (_, i) => i)
    const presents = layers.flatMap((layer) => [`present.${layer}.key`, `present.${layer}.value`])
    const decoder = [await open('decoder_model_merged', presents)]
    const embed = await open('embed_tokens')
    const tower = vision && 'vision' in config ? await open('vision_encoder') : undefined
    return { config, embed, decoder, vision: tower, readText, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

async function fetchText(url: string, { signal }: CallOptions): Promise<string> {
  const response = await fetch(url, { signal: signal ?? null }).catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw missing(url, cause instanceof Error ? cause.message : String(cause), cause)
  })
  if (!response.ok) throw missing(url, `the server answered ${response.status}`)
  return response.text()
}

function missing(url: string, reason: string, cause?: unknown): PerStreamError {
  return new PerStreamError('model-missing', `${url} could not be read: ${reason}`, { fields: { url }, cause })
}
