import { createHash } from 'node:crypto'
import { copyFile, link, mkdir, readdir, readFile, realpath, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { encodeModel, openSafetensors } from '@perstream/onnx'
import { type Checkpoint, fileSource, openCheckpoint } from '@perstream/onnx/node'
import { type CallOptions, PerStreamError, type Progress } from '@perstream/spec'
import { dtypeSuffixes } from '../../dtype-suffixes'
import type { ModelConfig } from '../config/model-config'
import { readModelConfig } from '../config/read-model-config'
import { writeModelGraphs } from '../graphs/model-graphs'
import type { WeightRole } from '../graphs/model-weights'
import { findLanguageModelNames } from '../graphs/tensor-names'
import type { WeightTable } from '../graphs/weight-table'
import { checkpointTable, convertedTable } from './checkpoint-table'
import { convertWeights } from './convert-weights'
import {
  fingerprintInputs,
  type ImportManifest,
  importVersion,
  isCurrentImport,
  listSmallFiles,
  manifestName,
} from './import-manifest'
import { convertedName } from './imported-table'
import { refuseUnusedTensors } from './unused-tensors'
import { type ImportDtype, planWeights } from './weight-plan'
import { makeWholeFolder } from './whole-folder'

/** Options of {@link importModel}. */
export interface ImportModelOptions extends CallOptions {
  /** Where imported models are kept, one folder each. Default: `.perstream` in the model's folder. */
  readonly cacheFolder?: string | undefined
  /**
   * How weights are kept. 'f32' (the default) reads the checkpoint's own files, whatever type they have: nothing is
   * converted. 'f16' stores 2 bytes a weight; 'int8' and 'q4' store matrices in blocks of 32 with a scale each, in 8 and 4
   * bits (of 'q4' the output matrix and the vision tower get 8). All compute in float32, except that on processors the
   * 8-bit matrices of decoders and sentence encoders multiply what was rounded to 8 bits too.
   */
  readonly dtype?: ImportDtype | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/**
 * Imports a published model (config.json, safetensors, sharded or not, tokenizer) into a folder of the transformers.js
 * layout, and gives that folder. Graphs are written from the config over the checkpoint's own tensors. Weights that need no
 * conversion are hard links to the published files; others are converted once, piece by piece. Imported again, it takes
 * milliseconds until the published files change. Nothing half-made is ever seen: the folder appears whole or not at all.
 * @throws PerStreamError `model-missing` for missing files; `model-invalid` for weights that are damaged, cut off, missing,
 * of another shape or not accounted for by the config, named; `model-unsupported` for model types and options that nothing
 * here computes; `store-full`
 */
export async function importModel(
  folder: string,
  { cacheFolder = join(folder, '.perstream'), dtype = 'f32', onProgress, signal }: ImportModelOptions = {},
): Promise<string> {
  signal?.throwIfAborted()
  if (!Object.hasOwn(dtypeSuffixes, dtype) || (dtype as string) === 'q4f16') {
    throw new TypeError(`dtype is ${JSON.stringify(dtype)}: a model is imported as f32, f16, int8 or q4`)
  }
  const config = readModelConfig(await readConfig(folder))
  await using checkpoint = await openCheckpoint(folder, { signal })
  const inputs = await fingerprintInputs(folder, [...(await listSmallFiles(folder)), ...checkpoint.files], { signal })
  const stamp = { version: importVersion, dtype, inputs }
  const target = join(cacheFolder, await targetName(folder, dtype))
  const isDone = () => isCurrentImport(target, stamp)
  if (await isDone()) return target
  const fill = async (path: string) => {
    await fillFolder(path, { folder, config, checkpoint, dtype, onProgress, signal })
    const outputs = await listOutputs(path)
    const manifest: ImportManifest = { ...stamp, outputs }
    await writeFile(join(path, manifestName), `${JSON.stringify(manifest, null, 2)}\n`)
    signal?.throwIfAborted()
  }
  await makeWholeFolder(target, fill, isDone)
  return target
}

async function readConfig(folder: string): Promise<string> {
  const path = join(folder, 'config.json')
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new PerStreamError('model-missing', `${path} cannot be read: ${(cause as Error).message}`, {
      fields: { file: path },
      cause,
    })
  })
}

/** Models of one name in different folders are kept apart. */
async function targetName(folder: string, dtype: ImportDtype): Promise<string> {
  const path = await realpath(folder)
  return `${basename(path)}-${dtype}-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`
}

interface FillOptions extends Pick<ImportModelOptions, 'onProgress' | 'signal'> {
  readonly folder: string
  readonly config: ModelConfig
  readonly checkpoint: Checkpoint
  readonly dtype: ImportDtype
}

async function fillFolder(path: string, options: FillOptions): Promise<void> {
  const { folder, config, checkpoint, dtype } = options
  const published = checkpointTable(checkpoint)
  const roles = new Map<string, Set<WeightRole>>()
  const onUse = (name: string, role: WeightRole) => {
    roles.set(name, (roles.get(name) ?? new Set()).add(role))
  }
  writeModelGraphs(config, { table: published, onUse })
  refuseUnusedTensors(config.family, checkpoint.tensors.keys(), roles)
  await mkdir(join(path, 'onnx'))
  const table = await placeWeights(join(path, 'onnx'), { ...options, published, roles })
  for (const [name, model] of writeModelGraphs(config, { table })) {
    await writeFile(join(path, 'onnx', `${name}${dtypeSuffixes[dtype]}.onnx`), encodeModel(model))
  }
  for (const name of await listSmallFiles(folder)) {
    await mkdir(dirname(join(path, name)), { recursive: true })
    await copyFile(join(folder, name), join(path, name))
  }
}

interface PlaceOptions extends FillOptions {
  readonly published: WeightTable
  readonly roles: ReadonlyMap<string, ReadonlySet<WeightRole>>
}

/** Links the published files where they serve as they are, and converts otherwise; says where each weight is then. */
async function placeWeights(path: string, options: PlaceOptions): Promise<WeightTable> {
  const { config, checkpoint, dtype, published, roles, onProgress, signal } = options
  const plan = planWeights(checkpoint.tensors, roles, { dtype, isDelicate: delicate(config, published) })
  const asTheyAre = plan.every(({ forms }) => forms.every((form) => form === 'same'))
  if (asTheyAre && (await linkFiles(checkpoint, path))) return published
  const target = join(path, convertedName)
  await convertWeights(target, plan, { onProgress, signal })
  await using source = await fileSource(target)
  return convertedTable((await openSafetensors(source, { signal })).tensors, published, convertedName)
}

function delicate(config: ModelConfig, table: WeightTable): (name: string) => boolean {
  if (config.family === 'bert') return () => false
  const { head, vision } = findLanguageModelNames(config, table)
  return (name) => name === head || (vision !== undefined && name.startsWith(vision))
}

/** False when the two folders are on different disks, or the disk has no links. */
async function linkFiles({ folder, files }: Checkpoint, path: string): Promise<boolean> {
  try {
    for (const file of files) await link(await realpath(join(folder, file)), join(path, file))
    return true
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK', 'EACCES', 'ENOSYS'].includes(code)) return false
    throw error
  }
}

async function listOutputs(path: string): Promise<Record<string, number>> {
  const names = await readdir(join(path, 'onnx'))
  const sizes = names.map(async (name) => [`onnx/${name}`, (await stat(join(path, 'onnx', name))).size] as const)
  return Object.fromEntries(await Promise.all(sizes))
}
