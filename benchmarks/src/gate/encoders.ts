import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { normalize } from '@perstream/kit'
import type { TextEncoder } from '@perstream/spec'
import { InferenceSession, Tensor } from 'onnxruntime-node'

/** A text encoder by its short name, or why it is not here. */
export interface NamedEncoder {
  readonly name: string
  readonly encoder?: TextEncoder
  readonly missing?: string
}

/** Opens the real text encoders that this machine has. */
export async function openEncoders(shared: string): Promise<NamedEncoder[]> {
  return [await openUseLite(), await openMiniLm(join(shared, 'models', 'all-MiniLM-L6-v2'))]
}

interface Lite {
  createUseLiteEncoder(options: { runtime: unknown }): Promise<TextEncoder>
}

/** Opens Universal Sentence Encoder lite. */
export async function openUseLite(): Promise<NamedEncoder> {
  const name = 'USE-lite'
  const [lite, onnx]: string[] = ['@perstream/lite', '@perstream/backends/onnx']
  try {
    const { createUseLiteEncoder } = (await import(lite!)) as Lite
    const { createOnnxRuntime } = (await import(onnx!)) as { createOnnxRuntime(): unknown }
    return { name, encoder: await createUseLiteEncoder({ runtime: createOnnxRuntime() }) }
  } catch (error) {
    return { name, missing: `createUseLiteEncoder of ${lite} could not be opened: ${(error as Error).message}` }
  }
}

const longest = 256
const separator = 102

/** all-MiniLM-L6-v2 from a folder: mean of the last hidden state, then length 1. */
async function openMiniLm(folder: string): Promise<NamedEncoder> {
  const name = 'MiniLM'
  const model = join(folder, 'onnx', 'model_quantized.onnx')
  if (!existsSync(model)) return { name, missing: `there is no ${model}` }
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 })
  const json = async (file: string) => JSON.parse(await readFile(join(folder, file), 'utf8'))
  const tokenizer = new Tokenizer(await json('tokenizer.json'), await json('tokenizer_config.json'))
  const encodeOne = async (text: string) => {
    if (!text.trim()) return new Float32Array(384)
    const all = tokenizer.encode(text).ids
    const ids = all.length > longest ? [...all.slice(0, longest - 1), separator] : all
    const row = (value: (id: number) => number) =>
      new Tensor(
        'int64',
        BigInt64Array.from(ids, (id) => BigInt(value(id))),
        [1, ids.length],
      )
    const output = await session.run({
      input_ids: row((id) => id),
      attention_mask: row(() => 1),
      token_type_ids: row(() => 0),
    })
    const states = output.last_hidden_state!.data as Float32Array // [token, 384]
    const sum = new Float32Array(384)
    for (let i = 0; i < states.length; i++) sum[i % 384]! += states[i]!
    return normalize(sum)
  }
  const encoder: TextEncoder = {
    space: 'all-MiniLM-L6-v2',
    dimensions: 384,
    maxBatchSize: 32,
    async encode(texts) {
      const vectors: Float32Array[] = []
      for (const text of texts) vectors.push(await encodeOne(text))
      return vectors
    },
  }
  return { name, encoder }
}
