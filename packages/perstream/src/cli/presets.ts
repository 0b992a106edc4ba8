import { importPeer } from '@perstream/kit'
import type { Device, ModelDtype, SpeechRecognizer, TextEncoder, Warning } from '@perstream/spec'
import { type Command, Option } from 'commander'
import { createLitePreset } from '../presets/lite'
import { createOmniPreset } from '../presets/omni'
import { openParts } from '../presets/opened-parts'
import type { PipelinePreset } from '../presets/preset'
import { createRemotePreset } from '../presets/remote'
import { createStandardPreset } from '../presets/standard'
import type { CommandContext } from './context'
import { UsageError } from './exit'
import { checkModels, findModel } from './model-names'
import { modelsOption } from './models-folder'
import { publishedModels } from './published-models'
import { liteText, openTextEncoder, type TextFlags } from './text-encoder'
import { createWorkProgress } from './work-progress'

const names = ['lite', 'standard', 'omni', 'remote'] as const
const devices: readonly Device[] = ['auto', 'cpu', 'cuda', 'tensorrt', 'webgpu', 'wasm']
const dtypes: readonly ModelDtype[] = ['f32', 'f16', 'int8', 'q4']

/** What --vision is called that leaves grids out. */
const noVision = 'none'

/** The variable that names the speech model where --speech does not. */
const speechVariable = 'PERSTREAM_SPEECH_MODEL'
const keyVariables = ['PERSTREAM_API_KEY', 'OPENAI_API_KEY'] as const

/** What says which models a run uses. */
export interface PresetFlags extends Omit<TextFlags, 'text'> {
  readonly preset: (typeof names)[number]
  readonly text?: string
  readonly model?: string
  readonly vision?: string
  readonly projection?: string
  readonly device?: Device
  readonly dtype?: ModelDtype
  readonly baseUrl?: string
  readonly grids?: true
  readonly speech?: string | true
}

/** Adds the options of {@link PresetFlags}, but for those of grids, speech and threads. */
export function addPresetOptions(command: Command): Command {
  return command
    .addOption(new Option('--preset <name>', 'which models').choices(names).default('lite'))
    .option(
      '--model <name>',
      'model of the preset: a name of "perstream models list" or a folder; of remote, what the service calls it',
    )
    .option(
      '--text <name>',
      `what makes the vectors of memories and questions: lite, or a model (default: lite, of other presets ${publishedModels.text})`,
    )
    .option(
      '--vision <name>',
      `standard: a vision transformer whose patch grids are kept, or ${noVision} (default: ${publishedModels.vision})`,
    )
    .option(
      '--projection <file>',
      "omni: brings the model's patches into the text encoder's space, for the gate to read",
    )
    .addOption(new Option('--device <name>', 'where models run').choices(devices))
    .addOption(new Option('--dtype <name>', 'omni: how weights are kept').choices(dtypes))
    .option(
      '--base-url <url>',
      `remote: an OpenAI-compatible service; its key is read from ${keyVariables.join(' or ')}`,
    )
    .addOption(modelsOption())
}

/** The encoder that a preset's memories are written with. */
export function textOf({ preset, text }: PresetFlags): string {
  return text ?? (preset === 'lite' ? liteText : publishedModels.text)
}

/** Whether memories of a preset have patch grids. */
export function keepsGrids({ preset, grids, vision }: PresetFlags): boolean {
  return grids === true || preset === 'omni' || (preset === 'standard' && vision !== noVision)
}

/** Where the speech model is; undefined: nothing is listened to. @throws UsageError when nothing says where */
export function speechModelOf({ speech }: PresetFlags): string | undefined {
  if (speech !== true) return speech
  const model = process.env[speechVariable]
  if (model) return model
  throw new UsageError(
    `--speech needs a model: give the name or folder of a Whisper or Moonshine model in the layout of transformers.js, such as onnx-community/whisper-base, or set ${speechVariable}.`,
  )
}

/** Checks what is asked for before anything is opened. @throws UsageError */
export function checkPresetFlags(flags: PresetFlags): void {
  refuseOthers(flags)
  speechModelOf(flags)
  const { preset, model, baseUrl } = flags
  if (preset === 'remote' && (model === undefined || baseUrl === undefined))
    throw new UsageError(
      '--preset remote needs --base-url URL, of an OpenAI-compatible service, and --model NAME. Frames and memories are sent there.',
    )
}

/** Options that another preset reads are a mistake. */
function refuseOthers(flags: PresetFlags): void {
  const only = {
    model: ['standard', 'omni', 'remote'],
    vision: ['standard'],
    projection: ['omni'],
    dtype: ['omni'],
    baseUrl: ['remote'],
  } as const
  for (const [name, presets] of Object.entries(only) as [keyof typeof only, readonly string[]][])
    if (flags[name] !== undefined && !presets.includes(flags.preset))
      throw new UsageError(
        `--${name === 'baseUrl' ? 'base-url' : name} is for --preset ${presets.join(', ')}: the preset is ${flags.preset}.`,
      )
}

/** How --speech is described. */
export const speechDescription = `remember what is said too, with this Whisper or Moonshine model: a name, a folder or a URL (default: ${speechVariable})`

/**
 * Opens the models of a preset.
 * @throws UsageError; PerStreamError `model-missing` that says how to get a model, `dependency-missing`, `model-invalid`
 */
export async function loadPreset(flags: PresetFlags, context: CommandContext): Promise<PipelinePreset> {
  const { note } = context
  await checkModels(namesOf(flags), flags)
  const preset = await openParts(async (parts) => {
    const speech = await openSpeech(flags, context)
    if (speech) parts.keep(speech)
    const text = await openText(flags, context)
    if (text) parts.keep(text)
    const made = parts.keep(await openPreset(flags, { text, context }))
    return { ...made, speech }
  })
  for (const missing of preset.missing) note(`perstream: ${missing}`)
  if (flags.grids && !preset.vision) note('perstream: no grids are kept, as there is no model that makes them')
  return preset
}

/** The encoder of sentences, where the preset does not bring its own. */
async function openText(
  flags: PresetFlags,
  context: CommandContext,
): Promise<(TextEncoder & AsyncDisposable) | undefined> {
  const text = textOf(flags)
  if (flags.preset === 'lite' && text === liteText) return undefined
  return openTextEncoder({ ...flags, text }, context)
}

interface OpenPreset {
  readonly text: TextEncoder | undefined
  readonly context: CommandContext
}

async function openPreset(flags: PresetFlags, { text, context }: OpenPreset): Promise<PipelinePreset> {
  const { preset, threads, grids, device, dtype, projection } = flags
  const { signal } = context
  if (preset === 'lite') return createLitePreset({ threads, grids, text, signal })
  const shared = { text: text!, device, threads, signal }
  if (preset === 'remote') {
    const onWarning = ({ message }: Warning) => context.note(`perstream: ${message}`)
    return createRemotePreset({ ...shared, model: await remoteModel(flags), onWarning })
  }
  const { folder } = await findModel(flags.model ?? publishedModels[preset], flags)
  if (preset === 'standard') {
    const vision = visionOf(flags)
    const grids = vision === undefined ? undefined : (await findModel(vision, flags)).folder
    return createStandardPreset({ ...shared, captioner: folder, vision: grids })
  }
  const progress = createWorkProgress(context, 'bytes')
  try {
    return await createOmniPreset({ ...shared, model: folder, dtype, projection, onProgress: (at) => progress.on(at) })
  } finally {
    progress.stop()
  }
}

/** The name of the vision transformer of the standard preset. */
function visionOf({ vision = publishedModels.vision }: PresetFlags): string | undefined {
  return vision === noVision ? undefined : vision
}

/** The names of the models that a preset takes from the folder of models. */
function namesOf(flags: PresetFlags): string[] {
  const { preset, model } = flags
  const text = textOf(flags)
  const names = text === liteText ? [] : [text]
  if (preset === 'standard' || preset === 'omni') names.push(model ?? publishedModels[preset])
  const vision = preset === 'standard' ? visionOf(flags) : undefined
  return vision === undefined ? names : [...names, vision]
}

async function remoteModel({ model, baseUrl }: PresetFlags) {
  const { createOpenAICompatible } = await importPeer<typeof import('@ai-sdk/openai-compatible')>(
    '@ai-sdk/openai-compatible',
    'The remote preset',
    () => import('@ai-sdk/openai-compatible'),
  )
  const apiKey = keyVariables.map((name) => process.env[name]).find(Boolean)
  const settings = { name: 'service', baseURL: baseUrl!, includeUsage: true, supportsStructuredOutputs: true }
  return createOpenAICompatible({ ...settings, ...(apiKey && { apiKey }) })(model!)
}

async function openSpeech(
  flags: PresetFlags,
  { signal }: CommandContext,
): Promise<(SpeechRecognizer & AsyncDisposable) | undefined> {
  const name = speechModelOf(flags)
  if (name === undefined) return undefined
  const { createSpeechRecognizer } = await import('@perstream/backends/transformers')
  const model = /^https?:/.test(name) ? name : (await findModel(name, flags)).folder
  return createSpeechRecognizer({ model, device: flags.device, threads: flags.threads, signal })
}
