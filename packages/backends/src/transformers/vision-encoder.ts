import { poolGrid } from '@perstream/kit'
import {
  type CallOptions,
  type Device,
  type ModelDtype,
  type PatchGrid,
  PerStreamError,
  type Tensor,
  type TensorRuntime,
  type TensorSession,
  type VisionEncoder,
} from '@perstream/spec'
import { createImageProcessor } from './image-processor'
import { loadLibrary } from './library'
import { type ModelFolder, type ModelLocation, openModelFolder } from './model-folder'
import type { TransformersPlatform } from './platform'

type Settings = Readonly<Record<string, unknown>>

/** Where and how a model of @huggingface/transformers' layout is opened. */
export interface TransformersModelOptions extends CallOptions {
  /** The folder of the model, or the URL of one. */
  readonly model: ModelLocation
  /** Which files of the folder are taken. Default: the finest that are there. */
  readonly dtype?: ModelDtype | undefined
  readonly device?: Device | undefined
  readonly deviceIndex?: number | undefined
  /** Threads within one operator, on the CPU. */
  readonly threads?: number | undefined
  /** What models run on. Default: ONNX Runtime. */
  readonly runtime?: TensorRuntime | undefined
}

/** Options of {@link createTransformersVisionEncoder}. */
export interface TransformersVisionEncoderOptions extends TransformersModelOptions {
  /** The id of its embedding space. Default: the model's type and the name of its folder. */
  readonly space?: string | undefined
  /** Grids are pooled to this size, as the prototype does before it stores them. Default: they are kept as they are. */
  readonly pool?: { readonly rows: number; readonly columns: number } | undefined
}

/** Opens a vision transformer on a platform: `createTransformersVisionEncoder` of the entry point. */
export async function openVisionEncoder(
  platform: TransformersPlatform,
  options: TransformersVisionEncoderOptions,
): Promise<VisionEncoder & AsyncDisposable> {
  const { model, runtime = platform.createRuntime(), dtype, device, deviceIndex, threads, signal } = options
  signal?.throwIfAborted()
  const folder = openModelFolder(model, platform)
  const [config, preprocessor] = await Promise.all([
    folder.readJson('config.json', { signal }),
    folder.readJson('preprocessor_config.json', { signal }),
  ])
  const layout = readLayout(folder, config)
  const library = await loadLibrary('Preparing images')
  const session = await folder.open(runtime, layout.file, { dtype, device, deviceIndex, threads, signal })
  const problem = unfit(session)
  if (problem) {
    await session[Symbol.asyncDispose]()
    throw unsupported(folder, problem)
  }
  const process = createImageProcessor(library, preprocessor)
  const { space = `${layout.type}-${folderName(model)}`, pool } = options
  return {
    space,
    dimensions: layout.width,
    async encode(frames, callOptions = {}) {
      callOptions.signal?.throwIfAborted()
      const grids: PatchGrid[] = []
      for (const frame of frames) {
        const whole = await gridOf(await process(frame, callOptions), { session, layout, folder }, callOptions)
        const grid = { ...whole, space }
        grids.push(pool ? poolGrid(grid, pool.rows, pool.columns) : grid)
      }
      return grids
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}

/** What a model's config.json says of its patches. */
interface PatchLayout {
  readonly type: string
  /** Which model of the folder sees. */
  readonly file: string
  readonly patchSize: number
  readonly width: number
  /** Tokens before the first patch: class, registers. */
  readonly prefix: number
}

const registers = (config: Settings) => Number(config.num_register_tokens ?? 0)
/** Tokens before the first patch, by the type of the model. */
const prefixes: Readonly<Record<string, (config: Settings) => number>> = {
  siglip: () => 0,
  siglip_vision_model: () => 0,
  clip: () => 1,
  clip_vision_model: () => 1,
  chinese_clip: () => 1,
  dinov2: () => 1,
  dinov2_with_registers: (config) => 1 + registers(config),
  dinov3_vit: (config) => 1 + registers(config),
  vit: () => 1,
  deit: () => 2,
}

function readLayout(folder: ModelFolder, config: Settings): PatchLayout {
  const type = String(config.model_type)
  const prefix = Object.hasOwn(prefixes, type) ? prefixes[type] : undefined
  if (!prefix)
    throw unsupported(folder, `its type is "${type}": patch grids are made with ${Object.keys(prefixes).join(', ')}`)
  const nested = config.vision_config as Settings | undefined
  const vision = nested ?? config
  const [patchSize, width] = [Number(vision.patch_size), Number(vision.hidden_size)]
  if (!(patchSize > 0 && width > 0))
    throw new PerStreamError(
      'model-invalid',
      `The config.json of ${folder.location} has patch_size ${vision.patch_size} and hidden_size ${vision.hidden_size}: both must be numbers above 0.`,
      { fields: { location: folder.location } },
    )
  return { type, file: nested ? 'vision_model' : 'model', patchSize, width, prefix: prefix(vision) }
}

const hidden = 'last_hidden_state'

function unfit({ inputs, outputs }: TensorSession): string | undefined {
  if (!outputs.some(({ name }) => name === hidden))
    return `it has no output "${hidden}", but ${outputs.map(({ name }) => name).join(', ')}: export it with the hidden states of its patches`
  const others = inputs.filter(({ name }) => name !== 'pixel_values')
  return others.length === 0 ? undefined : `it takes ${others.map(({ name }) => name).join(', ')} beside pixel_values`
}

async function gridOf(
  pixels: Tensor,
  { session, layout, folder }: { session: TensorSession; layout: PatchLayout; folder: ModelFolder },
  options: CallOptions,
): Promise<Omit<PatchGrid, 'space'>> {
  const { [hidden]: states } = await session.run({ pixel_values: pixels }, { ...options, outputs: [hidden] })
  const [, tokens = 0, dimensions = 0] = states!.shape
  const rows = Math.floor(pixels.shape[2]! / layout.patchSize)
  const columns = Math.floor(pixels.shape[3]! / layout.patchSize)
  if (tokens !== layout.prefix + rows * columns || dimensions !== layout.width)
    throw new PerStreamError(
      'model-invalid',
      `The model ${folder.location} gave ${tokens} tokens of width ${dimensions}, where its config.json says ${layout.prefix} + ${rows} x ${columns} of width ${layout.width}.`,
      { fields: { location: folder.location, tokens, dimensions } },
    )
  const data = (states!.data as Float32Array).slice(layout.prefix * dimensions)
  return { data, rows, columns, dimensions }
}

function folderName(location: string): string {
  return location
    .replace(/[\\/]+$/, '')
    .split(/[\\/]/)
    .at(-1)!
}

function unsupported({ location }: ModelFolder, reason: string): PerStreamError {
  return new PerStreamError('model-unsupported', `The model ${location} cannot be used: ${reason}.`, {
    fields: { location },
  })
}
