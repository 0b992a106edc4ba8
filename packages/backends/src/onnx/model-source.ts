import { bytesSource } from '@perstream/onnx'
import {
  type CallOptions,
  type ElementType,
  type ModelDtype,
  type ModelSource,
  type OpenModelOptions,
  PerStreamError,
} from '@perstream/spec'
import { dtypeSuffixes, finestFirst } from '../dtype-suffixes'
import { modelMissing } from './failures'
import type { HostModel } from './host'
import { nameNodes, nameOf } from './name-nodes'
import type { ModelFiles } from './platform'
import { type ModelFacts, type NodePlace, scanModel } from './scan-model'

/** Where published models come from: a file of one of them, as a path or URL that can be read. */
export interface ModelHub {
  /** @throws PerStreamError `model-missing` when the model has no such file */
  file(id: string, path: string, options: CallOptions & { readonly revision?: string | undefined }): Promise<string>
}

/** A model that was found. */
export interface FoundModel {
  /** How it is named in messages. */
  readonly label: string
  /** Its bytes, or where they are. */
  readonly content: Uint8Array | string
  readonly facts: ModelFacts
  /** Finds a file beside it; undefined for bytes, which have no neighbours. */
  readonly sibling: ((name: string) => Promise<string>) | undefined
}

/** What {@link findModel} needs. */
export interface FindModelParts {
  readonly files: ModelFiles
  readonly hub: ModelHub | undefined
  /** What the device computes: decides which file of a folder is taken. */
  readonly elementTypes: readonly ElementType[]
}

/** Finds a model and reads its graph, not its weights. @throws PerStreamError `model-missing`, `model-invalid` */
export async function findModel(
  model: ModelSource,
  parts: FindModelParts,
  options: OpenModelOptions,
): Promise<FoundModel> {
  if ('bytes' in model) {
    const label = `the model of ${model.bytes.length} bytes`
    const facts = await scanModel(bytesSource(label, model.bytes))
    return { label, content: model.bytes, facts, sibling: undefined }
  }
  if ('path' in model) return describe(model.path, parts.files, options)
  if ('url' in model) return describe(model.url, parts.files, options)
  if ('folder' in model) return findInFolder(model, parts, options)
  return findOnHub(model, parts, options)
}

async function findInFolder(
  { folder, name = 'model' }: { readonly folder: string; readonly name?: string | undefined },
  { files, elementTypes }: FindModelParts,
  { signal, dtype }: OpenModelOptions,
): Promise<FoundModel> {
  const tried: string[] = []
  for (const each of dtypes(dtype, elementTypes)) {
    const path = `${folder.replace(/[/\\]$/, '')}/onnx/${name}${dtypeSuffixes[each]}.onnx`
    if (await files.exists(path, { signal })) return describe(path, files, { signal })
    tried.push(path)
  }
  throw modelMissing(folder, `there is none of ${tried.join(', ')}`)
}

async function findOnHub(
  { hub: id, name = 'model', revision }: Extract<ModelSource, { hub: string }>,
  { files, hub, elementTypes }: FindModelParts,
  { signal, dtype }: OpenModelOptions,
): Promise<FoundModel> {
  if (!hub) throw modelMissing(id, 'give createOnnxRuntime a `hub` to fetch it from')
  const fetchFile = (path: string) => hub.file(id, path, { revision, signal })
  let missing: unknown
  for (const each of dtypes(dtype, elementTypes)) {
    try {
      const location = await fetchFile(`onnx/${name}${dtypeSuffixes[each]}.onnx`)
      const found = await describe(location, files, { signal })
      return { ...found, label: `the model ${id}`, sibling: (file) => fetchFile(`onnx/${file}`) }
    } catch (error) {
      if (!PerStreamError.isInstance(error) || error.code !== 'model-missing') throw error
      missing = error
    }
  }
  throw modelMissing(id, `it has no onnx/${name}.onnx, nor one of another dtype`, missing)
}

/** The dtypes to try: the one that is asked for, or those whose arithmetic the device has, finest first. */
function dtypes(asked: ModelDtype | undefined, elementTypes: readonly ElementType[]): readonly ModelDtype[] {
  if (asked !== undefined && !Object.hasOwn(dtypeSuffixes, asked)) {
    throw new TypeError(`dtype is "${asked}": it must be one of ${finestFirst.join(', ')}`)
  }
  if (asked !== undefined) return [asked]
  return finestFirst.filter((dtype) => !dtype.includes('f16') || elementTypes.includes('float16'))
}

async function describe(location: string, files: ModelFiles, { signal }: CallOptions): Promise<FoundModel> {
  const source = await files.open(location, { signal })
  try {
    const label = `the model ${location}`
    const facts = await scanModel(source)
    return { label, content: source.bytes ?? location, facts, sibling: async (name) => files.beside(location, name) }
  } finally {
    await source.close()
  }
}

type LoadedParts = Pick<HostModel, 'content' | 'external' | 'externalFolder' | 'cpuNodes'>

/** What {@link loadModel} needs. */
export interface LoadModelParts {
  readonly files: ModelFiles
  /** Whether the runtime opens files by itself. */
  readonly opensFiles: boolean
  /** Nodes that the device must leave to the CPU: the runtime knows them by name. */
  readonly cpuNodes: readonly NodePlace[]
}

/** Weights beside a model: their bytes, or the file that they are in. */
interface WeightsPlace {
  readonly location: string
  readonly bytes?: Uint8Array
  readonly place?: string
}

/**
 * Reads what the runtime cannot open by itself: onnxruntime-node maps files of weights that lie together under the names
 * that the model gives them; onnxruntime-web takes bytes.
 * @throws PerStreamError `model-missing`, `model-invalid`
 */
export async function loadModel(
  found: FoundModel,
  { files, opensFiles, cpuNodes: nodes }: LoadModelParts,
  { signal, externalData = [] }: OpenModelOptions,
): Promise<LoadedParts> {
  const places = await findWeights(found, externalData)
  const { content } = found
  const cpuNodes = nodes.map(nameOf)
  const unchanged = nodes.every(({ name }) => name !== '')
  const ownPath = opensFiles && typeof content === 'string' ? files.path(content) : undefined
  const path = unchanged ? ownPath : undefined
  const folder = opensFiles ? commonFolder(places, files) : undefined
  const beside = path === undefined || files.folder(path, basename(path)) === folder
  const whole = path ?? (typeof content === 'string' ? await files.read(content, { signal }) : content)
  const loaded = typeof whole === 'string' ? whole : nameNodes(whole, found.facts.graph, nodes)
  if (folder !== undefined && beside) {
    return { content: loaded, external: [], externalFolder: path === undefined ? folder : undefined, cpuNodes }
  }
  const external = await Promise.all(
    places.map(async ({ location, bytes, place }) => ({
      path: location,
      data: bytes ?? (await files.read(place!, { signal })),
    })),
  )
  return { content: loaded, external, externalFolder: undefined, cpuNodes }
}

/** Where the weights are that a model keeps in other files: given, or beside it. */
async function findWeights(
  { label, facts, sibling }: FoundModel,
  given: NonNullable<OpenModelOptions['externalData']>,
): Promise<WeightsPlace[]> {
  const named = facts.externalLocations
  const stranger = given.find(({ location }) => !named.includes(location))
  if (stranger) {
    const known = named.length === 0 ? 'it names none' : `it names ${named.join(', ')}`
    throw new TypeError(`externalData has "${stranger.location}", which ${label} does not name: ${known}`)
  }
  return Promise.all(
    named.map(async (location) => {
      const data = given.find((each) => each.location === location)?.data
      if (data)
        return 'bytes' in data
          ? { location, bytes: data.bytes }
          : { location, place: 'path' in data ? data.path : data.url }
      if (/^([/\\]|[a-z]+:)|(^|[/\\])\.\.([/\\]|$)/i.test(location)) {
        const problem = `it keeps weights in "${location}", outside its folder: give them as externalData`
        throw new PerStreamError('model-invalid', `${label} is refused: ${problem}`, {
          fields: { model: label, location },
        })
      }
      if (!sibling) throw modelMissing(location, `${label} keeps weights there: give them as externalData`)
      return { location, place: await sibling(location) }
    }),
  )
}

function basename(path: string): string {
  return path.split(/[/\\]/).at(-1)!
}

/** The folder in which every file of weights lies under the name that the model gives it. */
function commonFolder(places: readonly WeightsPlace[], files: ModelFiles): string | undefined {
  const folders = places.map(({ location, place }) => (place === undefined ? undefined : files.folder(place, location)))
  return folders.length > 0 && folders.every((folder) => folder === folders[0]) ? folders[0] : undefined
}
