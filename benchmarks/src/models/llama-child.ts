// The small language model in llama.cpp, in a process of its own: beside ONNX Runtime in one process it does not come to an end.
// One thread: with more, its threads wait for each other by spinning, which took a hundred times as long on two virtual cores.
// Argument: the GGUF file. Messages in: a prompt's ids and how many tokens to write; out: an empty one when that is done, first once it is open.
import { once } from 'node:events'

/** What we use of node-llama-cpp, which is not installed with this package: it brings its own binaries. */
interface LlamaLibrary {
  getLlama(options: object): Promise<{ loadModel(options: object): Promise<LlamaWeights> }>
}

interface LlamaWeights {
  createContext(options: object): Promise<{ getSequence(): LlamaSequence }>
}

interface LlamaSequence {
  clearHistory(): Promise<void>
  evaluate(ids: readonly number[], options: object): AsyncIterable<number>
}

const [modelPath = ''] = process.argv.slice(2)
const name = 'node-llama-cpp'
const { getLlama } = (await import(name)) as LlamaLibrary
const llama = await getLlama({ gpu: false, build: 'never' })
const model = await llama.loadModel({ modelPath })
const sequence = (await model.createContext({ contextSize: 512, threads: 1 })).getSequence()
process.send!({})
for (;;) {
  const [{ ids, count }] = (await once(process, 'message')) as [{ ids: readonly number[]; count: number }]
  await sequence.clearHistory()
  let written = 0
  for await (const _ of sequence.evaluate(ids, { temperature: 0 })) if (++written === count) break
  if (written < count) throw new Error(`llama.cpp ended after ${written} tokens`)
  process.send!({})
}
