import { createServedSentenceEncoder } from '@perstream/backends/models'
import { createOnnxRuntime } from '@perstream/backends/onnx'
import { wasmPaths } from './wasm-paths'

/** Encodes texts in the page. */
async function encode(texts: readonly string[]): Promise<number[][]> {
  const runtime = createOnnxRuntime({ wasmPaths })
  await using encoder = await createServedSentenceEncoder({ url: '/model', runtime, device: 'wasm', dtype: 'int8' })
  return (await encoder.encode(texts)).map((vector) => [...vector])
}

Object.assign(globalThis, { encode })
