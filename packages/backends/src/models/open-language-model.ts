import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeModel } from '@perstream/onnx'
import { writeWholeFile } from '@perstream/onnx/node'
import {
  type CallOptions,
  type Device,
  type ModelDtype,
  type OpenModelOptions,
  PerStreamError,
  type Progress,
  type TensorRuntime,
  type TensorSession,
} from '@perstream/spec'
import { dtypeSuffixes, finestFirst } from '../dtype-suffixes'
import type { LanguageModelConfig } from './config/model-config'
import { readModelConfig } from './config/read-model-config'
import { writeDecoderLayers } from './graphs/model-graphs'
import { importModel } from './import/import-model'
import { readImportedTable } from './import/imported-table'
import type { ImportDtype } from './import/weight-plan'
import type { LanguageModelParts } from './language-model-parts'

/** Where one part of a model runs. */
export interface PartPlacement {
  /** Default: the `device` of the whole. */
  readonly device?: Device | undefined
  /** Which of several devices of the kind, from 0. Default 0. */
  readonly deviceIndex?: number | undefined
}

/** Where the parts of a model run. */
export interface ModelPlacement {
  readonly vision?: PartPlacement | undefined
  /** Default: the processor, since a look-up of rows gains nothing elsewhere. */
  readonly embed?: PartPlacement | undefined
  /** Of several placements each takes an equal share of the layers, in order. */
  readonly decoder?: PartPlacement | readonly PartPlacement[] | undefined
}

/** Options of {@link openLanguageModel}. */
export interface OpenLanguageModelOptions extends CallOptions {
  readonly runtime: TensorRuntime
  /** Where the parts run that `placement` does not name. Default 'auto'. */
  readonly device?: Device | undefined
  readonly placement?: ModelPlacement | undefined
  /** Splits the decoder into sessions of so many layers. Default: as many parts as `placement.decoder` has, or one. */
  readonly layersPerPart?: number | undefined
  /** How weights are kept. Default: of ready-made models the finest that is there; of published ones 'f32'. */
  readonly dtype?: ModelDtype | undefined
  /**
   * Whether the models of the `onnx` folder are opened, or the checkpoint is imported. Default: the former where they are
   * there and nothing asks for another split of the decoder.
   */
  readonly from?: 'onnx' | 'checkpoint' | undefined
  /** Where imported models are kept. Default: `.perstream` in the model's folder. */
  readonly cacheFolder?: string | undefined
  /** Threads within one operator, on the CPU. */
  readonly threads?: number | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/**
 * Opens a language model from its folder: published (config.json, safetensors, tokenizer), which is imported first, or
 * ready-made (`onnx/decoder_model_merged.onnx` or `onnx/decoder_part_0.onnx` and so on). When one part does not open, those
 * that did are closed.
 * @throws PerStreamError what {@link importModel} and `runtime.open` throw; `model-missing` when the folder has no models of
 * the dtype, `model-unsupported` when it holds no language model
 */
export async function openLanguageModel(
  folder: string,
  options: OpenLanguageModelOptions,
): Promise<LanguageModelParts> {
  const { signal, runtime } = options
  signal?.throwIfAborted()
  const config = await readLanguageConfig(folder)
  const opened = await locateParts(folder, config, options)
  const sessions: TensorSession[] = []
  const close = async () => {
    await Promise.allSettled(sessions.map((session) => session[Symbol.asyncDispose]()))
  }
  const open = async (name: string, more: Omit<OpenModelOptions, 'signal' | 'dtype'>): Promise<TensorSession> => {
    const session = await runtime.open(
      { path: opened.pathOf(name) },
      { signal, ...(options.threads === undefined ? {} : { threads: options.threads }), ...more },
    )
    sessions.push(session)
    return session
  }
  try {
    const decoder: TensorSession[] = []
    for (const [i, part] of opened.decoder.entries()) {
      const placement = decoderPlacement(options, { part: i, parts: opened.decoder.length })
      decoder.push(await open(part.name, { ...placement, heldOutputs: part.held }))
    }
    const vision =
      'vision' in config ? await open('vision_encoder', place(options, options.placement?.vision)) : undefined
    const embed = await open('embed_tokens', await embedPlacement(options, decoder[0]!.device))
    const readText: LanguageModelParts['readText'] = (name, { signal: stop } = {}) =>
      readFolderText(opened.folder, name, stop)
    return { config, embed, decoder, vision, readText, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

async function readLanguageConfig(folder: string): Promise<LanguageModelConfig> {
  const config = readModelConfig(await readFolderText(folder, 'config.json'))
  if (config.family === 'bert') {
    throw new PerStreamError('model-unsupported', `${folder} holds a BERT encoder, which writes no text`, {
      fields: { folder, family: config.family },
    })
  }
  return config
}

async function readFolderText(folder: string, name: string, signal?: AbortSignal): Promise<string> {
  signal?.throwIfAborted()
  return readFile(join(folder, name), 'utf8').catch((cause: unknown) => {
    throw new PerStreamError('model-missing', `The model's folder ${folder} has no readable ${name}`, {
      fields: { folder, file: name },
      cause,
    })
  })
}

/** A part of the decoder, and what of it stays on the device. */
interface DecoderFile {
  readonly name: string
  readonly held: readonly string[]
}

interface LocatedParts {
  readonly folder: string
  readonly pathOf: (name: string) => string
  readonly decoder: readonly DecoderFile[]
}

async function locateParts(
  folder: string,
  config: LanguageModelConfig,
  options: OpenLanguageModelOptions,
): Promise<LocatedParts> {
  const { from } = options
  const layersPerPart = splitOf(config, options)
  const suffix = await readyMadeSuffix(folder, options.dtype)
  const ready = suffix === undefined ? [] : await readyMadeDecoder(folder, config, suffix)
  if (from === 'onnx' || (from === undefined && ready.length > 0 && layersPerPart === undefined)) {
    if (ready.length === 0) throw noModels(folder, options.dtype)
    if (layersPerPart !== undefined) {
      throw new TypeError(`layersPerPart cannot split a ready-made decoder: give from: 'checkpoint', or leave it out`)
    }
    return { folder, pathOf: (name) => onnxPath(folder, name, suffix!), decoder: ready }
  }
  return importParts(folder, config, { ...options, layersPerPart })
}

/** How many layers a part has, where the decoder is to be split. */
function splitOf(
  { text: { layers } }: LanguageModelConfig,
  { layersPerPart, placement }: OpenLanguageModelOptions,
): number | undefined {
  if (layersPerPart !== undefined) {
    if (Number.isInteger(layersPerPart) && layersPerPart > 0) return layersPerPart
    throw new TypeError(`layersPerPart is ${layersPerPart}: it must be a whole number, 1 or more`)
  }
  const places = Array.isArray(placement?.decoder) ? placement.decoder.length : 1
  return places > 1 ? Math.ceil(layers / places) : undefined
}

async function importParts(
  folder: string,
  config: LanguageModelConfig,
  { dtype = 'f32', layersPerPart, cacheFolder, onProgress, signal }: OpenLanguageModelOptions,
): Promise<LocatedParts> {
  if (dtype === 'q4f16') throw new TypeError('dtype is "q4f16": a checkpoint is imported as f32, f16, int8 or q4')
  const imported = await importModel(folder, { cacheFolder, dtype, onProgress, signal })
  const pathOf = (name: string) => onnxPath(imported, name, dtypeSuffixes[dtype])
  const { layers } = config.text
  if (layersPerPart === undefined || layersPerPart >= layers) {
    return { folder: imported, pathOf, decoder: [wholeDecoder(layers)] }
  }
  const decoder: DecoderFile[] = []
  for (let first = 0; first < layers; first += layersPerPart) {
    const part = { first, end: Math.min(first + layersPerPart, layers) }
    const name = `decoder_layers_${part.first}_to_${part.end - 1}`
    await writePart(pathOf(name), { folder, imported, dtype, config, part })
    const states = part.end < layers ? ['hidden_states_out'] : []
    decoder.push({ name, held: [...states, ...presents(part)] })
  }
  return { folder: imported, pathOf, decoder }
}

interface PartOptions {
  readonly folder: string
  readonly imported: string
  readonly dtype: ImportDtype
  readonly config: LanguageModelConfig
  readonly part: { readonly first: number; readonly end: number }
}

/** Graphs of parts are written beside the weights when they are first asked for. */
async function writePart(path: string, { folder, imported, config, part }: PartOptions): Promise<void> {
  if (await exists(path)) return
  const table = await readImportedTable(folder, imported)
  const bytes = encodeModel(writeDecoderLayers(config, { table }, part))
  await writeWholeFile(path, (sink) => sink.write(bytes))
}

async function readyMadeSuffix(folder: string, dtype: ModelDtype | undefined): Promise<string | undefined> {
  for (const each of dtype === undefined ? finestFirst : [dtype]) {
    if (await exists(onnxPath(folder, 'embed_tokens', dtypeSuffixes[each]))) return dtypeSuffixes[each]
  }
  return undefined
}

async function readyMadeDecoder(folder: string, config: LanguageModelConfig, suffix: string): Promise<DecoderFile[]> {
  if (await exists(onnxPath(folder, 'decoder_model_merged', suffix))) return [wholeDecoder(config.text.layers)]
  const parts: DecoderFile[] = []
  // Which layers such a part has is not written down, so that its cache crosses over in every step.
  while (await exists(onnxPath(folder, `decoder_part_${parts.length}`, suffix))) {
    parts.push({ name: `decoder_part_${parts.length}`, held: [] })
  }
  return parts
}

function wholeDecoder(layers: number): DecoderFile {
  return { name: 'decoder_model_merged', held: presents({ first: 0, end: layers }) }
}

function presents({ first, end }: { readonly first: number; readonly end: number }): string[] {
  const layers = Array.from({ length: end - first }, (_, i) => first + i)
  return layers.flatMap((layer) => [`present.${layer}.key`, `present.${layer}.value`])
}

function onnxPath(folder: string, name: string, suffix: string): string {
  return join(folder, 'onnx', `${name}${suffix}.onnx`)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function noModels(folder: string, dtype: ModelDtype | undefined): PerStreamError {
  const suffix = dtype === undefined ? '' : dtypeSuffixes[dtype]
  const wanted = `onnx/embed_tokens${suffix}.onnx with onnx/decoder_model_merged${suffix}.onnx`
  return new PerStreamError(
    'model-missing',
    `${folder} has no ${wanted}: name another dtype, or import the checkpoint`,
    {
      fields: { folder, dtype },
    },
  )
}

function place({ device = 'auto' }: OpenLanguageModelOptions, placement: PartPlacement | undefined) {
  return { device, ...placement }
}

/** Parts beyond the last placement share it: layers rarely divide evenly. */
function decoderPlacement(
  options: OpenLanguageModelOptions,
  { part, parts }: { readonly part: number; readonly parts: number },
): ReturnType<typeof place> {
  const { decoder } = options.placement ?? {}
  if (!isList(decoder)) return place(options, decoder)
  return place(options, decoder[Math.floor((part * decoder.length) / parts)])
}

function isList(value: PartPlacement | readonly PartPlacement[] | undefined): value is readonly PartPlacement[] {
  return Array.isArray(value)
}

/** Looks tokens up on the processor, in whichever of its two ways this runtime has. */
async function embedPlacement(options: OpenLanguageModelOptions, decoderDevice: TensorSession['device']) {
  if (options.placement?.embed) return place(options, options.placement.embed)
  if (decoderDevice === 'cpu' || decoderDevice === 'wasm') return { device: decoderDevice }
  const table = await options.runtime.capabilities({ signal: options.signal })
  const works = (wanted: Device) => table.some(({ device, available }) => available && device === wanted)
  return { device: works('cpu') ? ('cpu' as const) : works('wasm') ? ('wasm' as const) : decoderDevice }
}
