/** The small language model in llama.cpp. */
export interface LlamaModel extends AsyncDisposable {
  /** Writes so many tokens after a prompt. Its kernels round otherwise than ours, so that they need not be the same. */
  generate(ids: readonly number[], count: number): Promise<void>
}

/** What we use of node-llama-cpp, which is not installed with this package: it brings its own binaries. */
interface LlamaLibrary {
  getLlama(options: object): Promise<{ loadModel(options: object): Promise<LlamaWeights> }>
}

interface LlamaWeights {
  createContext(options: object): Promise<{ getSequence(): LlamaSequence }>
  dispose(): Promise<void>
}

interface LlamaSequence {
  clearHistory(): Promise<void>
  evaluate(ids: readonly number[], options: object): AsyncIterable<number>
}

/** Opens a GGUF file on the CPU; says why where that cannot be. */
export async function openLlama(gguf: string | undefined): Promise<LlamaModel | string> {
  if (gguf === undefined) return 'no --gguf FILE was given'
  const name = 'node-llama-cpp'
  try {
    const { getLlama } = (await import(name)) as LlamaLibrary
    const llama = await getLlama({ gpu: false, build: 'never' })
    const model = await llama.loadModel({ modelPath: gguf })
    const sequence = (await model.createContext({ contextSize: 512 })).getSequence()
    return {
      async generate(ids, count) {
        await sequence.clearHistory()
        let written = 0
        for await (const _ of sequence.evaluate(ids, { temperature: 0 })) if (++written === count) return
        throw new Error(`llama.cpp ended after ${written} tokens`)
      },
      [Symbol.asyncDispose]: () => model.dispose(),
    }
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0]! : String(error)
  }
}
