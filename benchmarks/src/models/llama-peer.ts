import { fork } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** The small language model in llama.cpp. */
export interface LlamaModel extends AsyncDisposable {
  /** Writes so many tokens after a prompt. Its kernels round otherwise than ours, so that they need not be the same. */
  generate(ids: readonly number[], count: number): Promise<void>
}

/** Opens a GGUF file on the CPU, in a process of its own; says why where that cannot be. */
export async function openLlama(gguf: string | undefined): Promise<LlamaModel | string> {
  if (gguf === undefined) return 'no --gguf FILE was given'
  const child = fork(fileURLToPath(new URL('llama-child.ts', import.meta.url)), [gguf], { silent: true })
  const said = text(child.stderr!)
  const ended = once(child, 'exit').then(async () => Promise.reject(new Error(lastLine(await said))))
  ended.catch(() => {})
  const reply = () => Promise.race([once(child, 'message'), ended])
  try {
    await reply()
  } catch (error) {
    return (error as Error).message
  }
  return {
    async generate(ids, count) {
      child.send({ ids, count })
      await reply()
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await ended.catch(() => {})
    },
  }
}

/** What an uncaught error says, before its stack. */
function lastLine(said: string): string {
  return /^\w*Error.*$/m.exec(said)?.[0] ?? said.trim().split('\n').at(-1)!
}
