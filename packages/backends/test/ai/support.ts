import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { PerStreamError } from '@perstream/spec'
import { type AiAdapter, type AiAdapterOptions, createAiAdapter } from '../../src/ai'
import { type ChatServer, startChatServer } from './chat-server'

/** The key that no error and no prompt may ever hold. */
export const secretKey = 'sk-test-0123456789-secret'

export function modelAt(baseURL: string, { structured = true, apiKey = secretKey } = {}) {
  const provider = createOpenAICompatible({
    name: 'local',
    baseURL,
    apiKey,
    includeUsage: true,
    supportsStructuredOutputs: structured,
  })
  return provider('tiny')
}

/** Starts a server with a script and an adapter for it that waits milliseconds between requests. */
export async function serve(
  script: Parameters<typeof startChatServer>[0],
  options: AiAdapterOptions = {},
): Promise<{ server: ChatServer; ai: AiAdapter } & AsyncDisposable> {
  const server = await startChatServer(script)
  const ai = createAiAdapter(modelAt(server.baseURL), { retry: { firstDelay: 2, seed: 1 }, ...options })
  return { server, ai, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** The error that a promise rejects with. */
export async function failureOf(work: Promise<unknown>): Promise<PerStreamError> {
  const result = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('value' in result) throw new Error(`did not fail but gave ${JSON.stringify(result.value)}`)
  if (!PerStreamError.isInstance(result.error)) throw result.error
  return result.error
}
