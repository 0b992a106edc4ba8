import { type ModelDtype, PerStreamError, type TextEncoder } from '@perstream/spec'
import { dtypeSuffixes } from '../../dtype-suffixes'
import { encoderOfSession } from './encoder-of-session'
import type { OpenSentenceOptions } from './open-sentence-options'
import { chooseMaxTokens, type ReadModelFile, readSentenceSettings } from './sentence-settings'

/** Options of {@link createServedSentenceEncoder}. */
export interface ServedSentenceEncoderOptions extends OpenSentenceOptions {
  /** The URL of a ready-made model's folder, in the layout of transformers.js. */
  readonly url: string
  /** Which file is taken. Default 'f32'. */
  readonly dtype?: ModelDtype | undefined
}

/**
 * Opens a ready-made BERT encoder of sentences from the URL of its folder, in browsers too; else as `createSentenceEncoder`.
 * @throws PerStreamError `model-missing` for a file that the server does not have, `model-invalid`, `model-unsupported`, and
 * what `runtime.open` throws
 */
export async function createServedSentenceEncoder({
  url,
  dtype = 'f32',
  ...options
}: ServedSentenceEncoderOptions): Promise<TextEncoder & AsyncDisposable> {
  const { runtime, device = 'auto', deviceIndex, threads, signal } = options
  const base = url.replace(/\/+$/, '')
  const { space = base.slice(base.lastIndexOf('/') + 1) } = options
  const settings = await readSentenceSettings(url, fetchFile(base), { signal })
  const maxTokens = chooseMaxTokens(options.maxTokens, settings)
  const model = { url: `${base}/onnx/model${dtypeSuffixes[dtype]}.onnx` }
  const session = await runtime.open(model, { device, deviceIndex, threads, signal })
  return encoderOfSession({ settings, session, space, maxTokens })
}

function fetchFile(base: string): ReadModelFile {
  return async (name, { signal }) => {
    const place = `${base}/${name}`
    const response = await fetch(place, { signal: signal ?? null }).catch((cause: unknown) => {
      signal?.throwIfAborted()
      throw unreadable(place, cause instanceof Error ? cause.message : String(cause), cause)
    })
    if (response.status === 404) return undefined
    if (!response.ok) throw unreadable(place, `the server answered ${response.status}`)
    return response.text()
  }
}

function unreadable(url: string, reason: string, cause?: unknown): PerStreamError {
  return new PerStreamError('model-missing', `${url} could not be read: ${reason}`, { fields: { url }, cause })
}
