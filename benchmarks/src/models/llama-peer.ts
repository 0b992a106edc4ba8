/** The small language model in llama.cpp. */
export interface LlamaModel extends AsyncDisposable {
  generate(prompt: string, count: number): Promise<void>
}

interface LlamaLibrary {
  getLlama(options: object): Promise<{
    loadModel(
      options: object,
    ): Promise<{ createContext(options: object): Promise<LlamaContext>; dispose(): Promise<void> }>
  }>
  LlamaChatSession: new (
    options: object,
  ) => {
    prompt(text: string, options: object): Promise<string>
    resetChatHistory(): void
  }
}

interface LlamaContext {
  getSequence(): object
}

/** Opens a GGUF file on the CPU; says why where that cannot be. The package is not installed with this one: it brings its own binaries. */
export async function openLlama(gguf: string | undefined): Promise<LlamaModel | string> {
  if (gguf === undefined) return 'no --gguf FILE was given'
  const name = 'node-llama-cpp'
  try {
    const { getLlama, LlamaChatSession } = (await import(name)) as LlamaLibrary
    const llama = await getLlama({ gpu: false, build: 'never' })
    const model = await llama.loadModel({ modelPath: gguf })
    const context = await model.createContext({ contextSize: 512 })
    const session = new LlamaChatSession({ contextSequence: context.getSequence() })
    return {
      async generate(prompt, count) {
        session.resetChatHistory()
        await session.prompt(prompt, { maxTokens: count, temperature: 0 })
      },
      [Symbol.asyncDispose]: () => model.dispose(),
    }
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0]! : String(error)
  }
}
