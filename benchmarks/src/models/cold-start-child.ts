import { performance } from 'node:perf_hooks'

const [models, started] = process.argv.slice(2)
const times: Record<string, number> = { process: Date.now() - Number(started) }
let last = performance.now()
const step = (name: string) => {
  times[name] = performance.now() - last
  last = performance.now()
}

const { createLanguageModel, openLanguageModel } = await import('@perstream/backends/models')
const { createOnnxRuntime } = await import('@perstream/backends/onnx')
const { ask, smallModelFolder } = await import('./small-model')
step('code')
const parts = await openLanguageModel(smallModelFolder(models!), { runtime: createOnnxRuntime(), device: 'cpu' })
step('sessions')
const model = await createLanguageModel(parts)
step('tokenizer')
for await (const _ of model.generate(ask('What is a cup?'), { maxNewTokens: 1 }));
step('first token')
await parts[Symbol.asyncDispose]()
console.log(JSON.stringify(times))
