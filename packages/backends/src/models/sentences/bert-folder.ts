import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ModelDtype, PerStreamError, type Progress } from '@perstream/spec'
import { dtypeSuffixes, finestFirst } from '../../dtype-suffixes'
import type { SentenceModelConfig } from '../config/model-config'
import { importModel } from '../import/import-model'
import { type OpenBertOptions, type OpenedBert, openBert } from './opened-bert'
import { type ReadModelFile, readSentenceSettings } from './sentence-settings'

/** How a model in a folder is opened. */
export interface BertFolderOptions extends OpenBertOptions {
  /** A published model with safetensors, or one with an `onnx` folder. */
  readonly folder: string
  /** How weights are kept. Default: of ready-made models the finest that is there; of published ones 'f32'. */
  readonly dtype?: ModelDtype | undefined
  /** Whether the model of the `onnx` folder is opened or the checkpoint is imported. Default: the former where it is there. */
  readonly from?: 'onnx' | 'checkpoint' | undefined
  /** Where an imported model is kept. Default: `.perstream` in the model's folder. */
  readonly cacheFolder?: string | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/**
 * Opens a BERT model of a folder that gives what is wanted.
 * @throws PerStreamError what `importModel` and `runtime.open` throw; `model-missing`, `model-invalid` and
 * `model-unsupported` for what lies beside the weights
 */
export async function openBertFolder(
  options: BertFolderOptions,
  wanted: SentenceModelConfig['gives'],
): Promise<OpenedBert> {
  const { folder } = options
  const settings = await readSentenceSettings(folder, readFolderFile(folder), { ...options, wanted })
  return openBert(settings, { path: await locateModel(options) }, options)
}

function readFolderFile(folder: string): ReadModelFile {
  return async (name, { signal }) => {
    const text = await readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    signal?.throwIfAborted()
    return text
  }
}

/** The model's file: ready-made, or what an import writes. */
async function locateModel(options: BertFolderOptions): Promise<string> {
  const { folder, dtype, from, cacheFolder, onProgress, signal } = options
  const place = (root: string, each: ModelDtype) => join(root, 'onnx', `model${dtypeSuffixes[each]}.onnx`)
  if (from !== 'checkpoint') {
    for (const each of dtype === undefined ? finestFirst : [dtype]) {
      if (await exists(place(folder, each))) return place(folder, each)
    }
    if (from === 'onnx') throw noModel(place(folder, dtype ?? 'f32'))
  }
  if (dtype === 'q4f16') throw new TypeError('dtype is "q4f16": a checkpoint is imported as f32, f16, int8 or q4')
  const imported = await importModel(folder, { dtype, cacheFolder, onProgress, signal })
  return place(imported, dtype ?? 'f32')
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function noModel(path: string): PerStreamError {
  return new PerStreamError('model-missing', `${path} is not there: name another dtype, or import the checkpoint`, {
    fields: { path },
  })
}
