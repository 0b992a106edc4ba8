import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type CallOptions, PerStreamError } from '@perstream/spec'
import { longestHeader, openSafetensors } from '../safetensors'
import type { WeightTensor } from '../weight'
import { type FileSource, fileSource } from './file-source'

/** A tensor of a published checkpoint. */
export interface CheckpointTensor extends WeightTensor {
  /** The file that holds it, a name in the checkpoint's folder: what `external` takes as location. */
  readonly file: string
}

/** The weights of a published model. Its files stay open until it is closed; whoever opened it closes it. */
export interface Checkpoint extends AsyncDisposable {
  readonly folder: string
  /** By name. */
  readonly tensors: ReadonlyMap<string, CheckpointTensor>
  /** The files, names in the folder. */
  readonly files: readonly string[]
}

const single = 'model.safetensors'
const index = 'model.safetensors.index.json'

/**
 * Opens the weights of a published model: `model.safetensors`, or the shards that `model.safetensors.index.json` names.
 * Only headers are read; values are read when they are asked for.
 * @throws PerStreamError `model-missing` when the weights or a shard is not there; `model-invalid`, which names file and
 * tensor, when a file is damaged or cut off, a tensor is not in the shard that the index says, or in two of them
 */
export async function openCheckpoint(folder: string, { signal }: CallOptions = {}): Promise<Checkpoint> {
  signal?.throwIfAborted()
  const present = new Set(
    await readdir(folder).catch((cause: unknown) => {
      throw new PerStreamError('model-missing', `The folder ${folder} cannot be read: ${cause}`, {
        fields: { folder },
        cause,
      })
    }),
  )
  const places = present.has(single) ? undefined : await readIndex(folder, present)
  const files = places ? [...new Set(places.values())].sort() : [single]
  for (const file of files) if (!present.has(file)) throw missingShard(folder, file, places)
  const opened: FileSource[] = []
  const close = async () => {
    await Promise.all(opened.map((source) => source[Symbol.asyncDispose]()))
  }
  try {
    const tensors = new Map<string, CheckpointTensor>()
    for (const file of files) {
      const source = await fileSource(join(folder, file))
      opened.push(source)
      for (const entry of (await openSafetensors(source, { signal })).tensors.values()) {
        const other = tensors.get(entry.name)
        if (other) throw invalid(`"${entry.name}" lies in ${other.file} and in ${file}`, join(folder, file), entry.name)
        tensors.set(entry.name, { entry, source, file })
      }
    }
    if (places) checkPlaces(folder, places, tensors)
    return { folder, tensors, files, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

async function readIndex(folder: string, present: ReadonlySet<string>): Promise<Map<string, string>> {
  const path = join(folder, index)
  if (!present.has(index)) {
    const other = [...present].filter((name) => /\.(bin|pt|pth|gguf|safetensors)$/.test(name)).sort()
    const found = other.length === 0 ? '' : `; it holds ${other.slice(0, 5).join(', ')}`
    throw new PerStreamError(
      'model-missing',
      `The folder ${folder} has neither ${single} nor ${index}${found}: download the safetensors files of the model`,
      { fields: { folder } },
    )
  }
  await using source = await fileSource(path)
  if (source.size > longestHeader) throw invalid(`it has ${source.size} bytes`, path)
  const text = new TextDecoder().decode(await source.read(0, source.size))
  let map: unknown
  try {
    map = (JSON.parse(text) as { weight_map?: unknown } | null)?.weight_map
  } catch (cause) {
    throw invalid(`it is no JSON: ${cause}`, path)
  }
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw invalid('it has no "weight_map"', path)
  const places = new Map<string, string>()
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== 'string' || !/^[^/\\]+\.safetensors$/.test(file) || basename(file) !== file) {
      throw invalid(`"${name}" lies in ${JSON.stringify(file)}, which is no safetensors file of the folder`, path, name)
    }
    places.set(name, file)
  }
  return places
}

function checkPlaces(
  folder: string,
  places: ReadonlyMap<string, string>,
  tensors: ReadonlyMap<string, CheckpointTensor>,
): void {
  for (const [name, file] of places) {
    const found = tensors.get(name)?.file
    if (found === file) continue
    const where = found === undefined ? 'no file has it' : `it is in ${found}`
    throw invalid(`${index} says that "${name}" is in it, but ${where}`, join(folder, file), name)
  }
}

function missingShard(folder: string, file: string, places: ReadonlyMap<string, string> | undefined): PerStreamError {
  const tensor = [...(places ?? [])].find(([, place]) => place === file)?.[0]
  return new PerStreamError(
    'model-missing',
    `The file ${join(folder, file)} is missing: ${index} says that it holds "${tensor}" and more; download it again`,
    { fields: { file: join(folder, file), tensor } },
  )
}

function invalid(problem: string, file: string, tensor?: string): PerStreamError {
  return new PerStreamError('model-invalid', `The checkpoint file ${file} cannot be used: ${problem}`, {
    fields: { file, ...(tensor === undefined ? {} : { tensor }) },
  })
}
