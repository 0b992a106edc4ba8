import { access } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import {
  type CallOptions,
  type Device,
  type ModelDtype,
  PerStreamError,
  type Progress,
  type Tensor,
  type TensorRuntime,
  type TensorSession,
  type TextEncoder,
} from '@perstream/spec'
import { dtypeSuffixes } from '../import/dtype-suffixes'
import { importModel } from '../import/import-model'
import { poolRows } from './pool-rows'
import { batchByLength, type SentenceBatch } from './sentence-batches'
import { readSentenceSettings, type SentenceSettings } from './sentence-settings'
import { createSentenceTokenizer } from './tokenize-sentences'

/** Options of {@link createSentenceEncoder}. */
export interface SentenceEncoderOptions extends CallOptions {
  /** A model of sentence-transformers: all-MiniLM-L6-v2 and its like, with safetensors or with an `onnx` folder. */
  readonly folder: string
  readonly runtime: TensorRuntime
  /** Default 'auto'. */
  readonly device?: Device | undefined
  readonly deviceIndex?: number | undefined
  /** How weights are kept. Default: of ready-made models the finest that is there; of published ones 'f32'. */
  readonly dtype?: ModelDtype | undefined
  /** Whether the model of the `onnx` folder is opened or the checkpoint is imported. Default: the former where it is there. */
  readonly from?: 'onnx' | 'checkpoint' | undefined
  /** Most ids of a text, with the two at its ends; what is longer is cut. Default: what the folder says. */
  readonly maxTokens?: number | undefined
  /** The id of the embedding space. Default: the name of the folder. */
  readonly space?: string | undefined
  /** Where an imported model is kept. Default: `.perstream` in the model's folder. */
  readonly cacheFolder?: string | undefined
  /** Threads within one operator, on the CPU. */
  readonly threads?: number | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** Texts that one call takes: enough to find others of similar length. */
const maxBatchSize = 256

/**
 * Opens a BERT encoder of sentences: rows of the last layer, pooled as the folder says and brought to length 1. Texts are
 * run together with others of similar length; an empty or blank text gives the zero vector without a run. Whoever opened
 * it closes it.
 * @throws PerStreamError what `importModel` and `runtime.open` throw; `model-missing`, `model-invalid` and
 * `model-unsupported` for what lies beside the weights
 */
export async function createSentenceEncoder(options: SentenceEncoderOptions): Promise<TextEncoder & AsyncDisposable> {
  const { folder, runtime, device = 'auto', deviceIndex, threads, signal, space = basename(resolve(folder)) } = options
  const settings = await readSentenceSettings(folder, { signal })
  const maxTokens = readMaxTokens(options, settings)
  const tokenize = createSentenceTokenizer(settings, maxTokens)
  const path = await locateModel(options)
  const session = await runtime.open({ path }, { device, deviceIndex, threads, signal })
  const { width } = settings.config
  return {
    space,
    dimensions: width,
    maxBatchSize,
    async encode(texts, { signal: stop } = {}) {
      stop?.throwIfAborted()
      if (texts.length > maxBatchSize) {
        throw new TypeError(`texts has ${texts.length} entries: one call takes ${maxBatchSize}; encode them in batches`)
      }
      const vectors: Float32Array[] = texts.map(() => new Float32Array(width))
      const told = texts.map((_, i) => i).filter((i) => texts[i]!.trim() !== '')
      const ids = told.map((i) => tokenize(texts[i]!))
      for (const batch of batchByLength(ids.map((each) => each.length))) {
        const rows = await runBatch(session, ids, batch, { signal: stop })
        batch.places.forEach((place, row) => {
          const own = rows.subarray(row * batch.length * width)
          vectors[told[place]!] = poolRows(own, { count: ids[place]!.length, width, pooling: settings.pooling })
        })
      }
      return vectors
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}

function readMaxTokens({ maxTokens }: SentenceEncoderOptions, settings: SentenceSettings): number {
  if (maxTokens === undefined) return settings.maxTokens
  const { contextLength } = settings.config
  if (Number.isInteger(maxTokens) && maxTokens >= 2 && maxTokens <= contextLength) return maxTokens
  throw new TypeError(`maxTokens is ${maxTokens}: this model takes 2 to ${contextLength}`)
}

/** The rows of the last layer, [texts, length, width]. */
async function runBatch(
  session: TensorSession,
  ids: readonly (readonly number[])[],
  { places, length }: SentenceBatch,
  options: CallOptions,
): Promise<Float32Array> {
  const shape = [places.length, length]
  const [inputs, mask] = [new BigInt64Array(places.length * length), new BigInt64Array(places.length * length)]
  places.forEach((place, row) => {
    ids[place]!.forEach((id, i) => {
      inputs[row * length + i] = BigInt(id)
      mask[row * length + i] = 1n
    })
  })
  const all: Record<string, Tensor> = {
    input_ids: { type: 'int64', shape, data: inputs },
    attention_mask: { type: 'int64', shape, data: mask },
    token_type_ids: { type: 'int64', shape, data: new BigInt64Array(inputs.length) },
  }
  const feeds = Object.fromEntries(session.inputs.map(({ name }) => [name, all[name]!]))
  const { last_hidden_state: rows } = await session.run(feeds, { ...options, outputs: ['last_hidden_state'] })
  return rows!.data as Float32Array
}

/** The model's file: ready-made, or what an import writes. */
async function locateModel(options: SentenceEncoderOptions): Promise<string> {
  const { folder, dtype, from, cacheFolder, onProgress, signal } = options
  const place = (root: string, each: ModelDtype) => join(root, 'onnx', `model${dtypeSuffixes[each]}.onnx`)
  if (from !== 'checkpoint') {
    for (const each of dtype === undefined ? (Object.keys(dtypeSuffixes) as ModelDtype[]) : [dtype]) {
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
