import { createServedCrossEncoder, createServedSentenceEncoder } from '@perstream/backends/models'
import { createOnnxRuntime } from '@perstream/backends/onnx'
import { wasmPaths } from './wasm-paths'

const opening = { url: '/model', device: 'wasm' } as const

/** Encodes texts in the page. */
async function encode(texts: readonly string[]): Promise<number[][]> {
  const runtime = createOnnxRuntime({ wasmPaths })
  await using encoder = await createServedSentenceEncoder({ ...opening, runtime, dtype: 'int8' })
  return (await encoder.encode(texts)).map((vector) => [...vector])
}

/** Reads texts with a question in the page. */
async function score(question: string, texts: readonly string[]): Promise<number[]> {
  const runtime = createOnnxRuntime({ wasmPaths })
  await using reranker = await createServedCrossEncoder({ ...opening, runtime })
  return [...(await reranker.score(question, texts))]
}

const functions = { encode, score }
export type PageFunctions = typeof functions
Object.assign(globalThis, functions)
