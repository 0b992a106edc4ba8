import { access, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type ModelDtype, PerStreamError, type Progress, type TextEncoder } from '@perstream/spec'
import { dtypeSuffixes, finestFirst } from '../../dtype-suffixes'
import { importModel } from '../import/import-model'
import { encoderOfSession } from './encoder-of-session'
import type { OpenSentenceOptions } from './open-sentence-options'
import { chooseMaxTokens, type ReadModelFile, readSentenceSettings } from './sentence-settings'

/** Options of {@link createSentenceEncoder}. */
export interface SentenceEncoderOptions extends OpenSentenceOptions {
  /** A model of sentence-transformers: all-MiniLM-L6-v2 and its like, with safetensors or with an `onnx` folder. */
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
 * Opens a BERT encoder of sentences: rows of the last layer, pooled as the folder says and brought to length 1. Texts are
 * run together with others of similar length; an empty or blank text gives the zero vector without a run. Whoever opened
 * it closes it.
 * @throws PerStreamError what `importModel` and `runtime.open` throw; `model-missing`, `model-invalid` and
 * `model-unsupported` for what lies beside the weights
 */
export async function createSentenceEncoder(options: SentenceEncoderOptions): Promise<TextEncoder & AsyncDisposable> {
  const { folder, runtime, device = 'auto', deviceIndex, threads, signal, space = basename(resolve(folder)) } = options
  const settings = await readSentenceSettings(folder, readFolderFile(folder), { signal })
  const maxTokens = chooseMaxTokens(options.maxTokens, settings)
  const path = await locateModel(options)
  const session = await runtime.open({ path }, { device, deviceIndex, threads, signal })
  return encoderOfSession({ settings, session, space, maxTokens })
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
async function locateModel(options: SentenceEncoderOptions): Promise<string> {
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
