import { type ModelDtype, PerStreamError } from '@perstream/spec'
import { dtypeSuffixes } from '../../dtype-suffixes'
import type { SentenceModelConfig } from '../config/model-config'
import { type OpenBertOptions, type OpenedBert, openBert } from './opened-bert'
import { type ReadModelFile, readSentenceSettings } from './sentence-settings'

/** How a model is opened from the URL of its folder. */
export interface ServedBertOptions extends OpenBertOptions {
  /** The URL of a ready-made model's folder, in the layout of transformers.js. */
  readonly url: string
  /** Which file is taken. Default 'f32'. */
  readonly dtype?: ModelDtype | undefined
}

/**
 * Opens a ready-made BERT model from the URL of its folder, in browsers too.
 * @throws PerStreamError `model-missing` for a file that the server does not have, `model-invalid`, `model-unsupported`, and
 * what `runtime.open` throws
 */
export async function openServedBert(
  { url, dtype = 'f32', ...options }: ServedBertOptions,
  wanted: SentenceModelConfig['gives'],
): Promise<OpenedBert> {
  const base = baseOf(url)
  const settings = await readSentenceSettings(url, fetchFile(base), { ...options, wanted })
  return openBert(settings, { url: `${base}/onnx/model${dtypeSuffixes[dtype]}.onnx` }, options)
}

/** A URL without slashes at its end. */
export function baseOf(url: string): string {
  return url.replace(/\/+$/, '')
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
