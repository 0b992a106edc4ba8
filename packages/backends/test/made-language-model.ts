import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LanguageModelParts } from '../src/models/language-model-parts'
import { llamaConfig, llamaShapes, madeFolder, writeCheckpoint } from '../src/models/made-checkpoint'
import { openLanguageModel } from '../src/models/open-language-model'
import { createOnnxRuntime } from '../src/onnx'
import { byteTokenizerConfig, byteTokenizerJson, controlId, controlTokens } from './byte-tokenizer'

/** A small Llama with random weights whose tokens are bytes, and the folder it lies in. Closing it removes the folder. */
export async function madeLanguageModel(): Promise<LanguageModelParts> {
  const folder = await madeFolder()
  const config = { ...llamaConfig, vocab_size: 256 + controlTokens.length, eos_token_id: controlId('<|im_end|>') }
  await writeCheckpoint(folder.path, { config, shapes: llamaShapes(config) })
  await writeFile(join(folder.path, 'tokenizer.json'), byteTokenizerJson())
  await writeFile(join(folder.path, 'tokenizer_config.json'), byteTokenizerConfig())
  const runtime = createOnnxRuntime({ threads: 1, worker: false })
  const parts = await openLanguageModel(folder.path, { runtime, device: 'cpu' })
  return {
    ...parts,
    async [Symbol.asyncDispose]() {
      await parts[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
