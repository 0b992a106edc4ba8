import {
  type CallOptions,
  type ModelDtype,
  type OpenModelOptions,
  PerStreamError,
  type TensorRuntime,
  type TensorSession,
} from '@perstream/spec'
import { dtypeSuffixes, finestFirst } from '../dtype-suffixes'
import type { TransformersPlatform } from './platform'

/** Where a model in the layout of transformers.js is: a folder on the disk, or the URL of one. */
export type ModelLocation = string

/** A folder with config.json, tokenizer.json and so on, and its models under onnx/. */
export interface ModelFolder {
  readonly location: string
  /** Reads a file of settings. @throws PerStreamError `model-missing`, `model-invalid` */
  readJson(name: string, options?: CallOptions): Promise<Readonly<Record<string, unknown>>>
  /** The same, or undefined when the file is not there. */
  readOptionalJson(name: string, options?: CallOptions): Promise<Readonly<Record<string, unknown>> | undefined>
  /** Opens one of its models. Without a dtype, the finest that is there. @throws PerStreamError `model-missing` and what opening gives */
  open(runtime: TensorRuntime, name: string, options?: OpenModelOptions): Promise<TensorSession>
}

/** Looks at a model's folder; nothing is read before it is asked for. @throws TypeError for an empty location */
export function openModelFolder(location: ModelLocation, platform: TransformersPlatform): ModelFolder {
  if (typeof location !== 'string' || location === '')
    throw new TypeError(`model is ${JSON.stringify(location)}: give the folder of a model, or the URL of one`)
  const { readFile } = platform
  const isUrl = !readFile || /^(https?|file):/.test(location)
  const base = location.replace(/[\\/]+$/, '')
  const readText = !readFile || /^https?:/.test(location) ? fetchText : readFile
  const readOptionalJson: ModelFolder['readOptionalJson'] = async (name, { signal } = {}) => {
    const text = await readText(`${base}/${name}`, signal)
    return text === undefined ? undefined : parse(text, `${base}/${name}`)
  }
  return {
    location,
    readOptionalJson,
    async readJson(name, options) {
      const found = await readOptionalJson(name, options)
      if (found) return found
      throw new PerStreamError(
        'model-missing',
        `The model ${location} has no ${name}: give a folder in the layout of transformers.js, with its files beside "onnx".`,
        { fields: { location, file: name } },
      )
    },
    open: (runtime, name, options = {}) => {
      const dtypes = options.dtype === undefined ? finestFirst : [options.dtype]
      const source = (dtype: ModelDtype) =>
        isUrl ? { url: `${base}/onnx/${name}${dtypeSuffixes[dtype]}.onnx` } : { folder: base, name }
      return openFirst(dtypes, (dtype) => runtime.open(source(dtype), { ...options, dtype }))
    },
  }
}

/** Opens the first that is there; any other failure ends the search. */
async function openFirst(
  dtypes: readonly ModelDtype[],
  open: (dtype: ModelDtype) => Promise<TensorSession>,
): Promise<TensorSession> {
  let first: unknown
  for (const dtype of dtypes) {
    try {
      return await open(dtype)
    } catch (error) {
      if (!PerStreamError.isInstance(error) || error.code !== 'model-missing') throw error
      first ??= error
    }
  }
  throw first
}

function parse(text: string, place: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw new PerStreamError('model-invalid', `${place} holds no JSON: ${String(cause)}`, {
      fields: { location: place },
      cause,
    })
  }
}

async function fetchText(url: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  const response = await fetch(url, { signal: signal ?? null }).catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw new PerStreamError('service-unreachable', `${url} cannot be reached: ${String(cause)}.`, {
      fields: { url },
      cause,
    })
  })
  if (response.status === 404) return undefined
  if (!response.ok) throw unreadable(url, `the server answered ${response.status}`)
  return response.text()
}

/** The error of a place that cannot be read, and why. */
export function unreadable(location: string, reason: string, cause?: unknown): PerStreamError {
  return new PerStreamError('model-missing', `${location} could not be read: ${reason}.`, {
    fields: { location },
    cause,
  })
}
