import { raced } from './time-watch'

/**
 * A language model of the Vercel AI SDK, as far as it is used here: specification v2 (ai 5), v3 (ai 6) and v4 (ai 7). Any model object of
 * a provider package fits; nothing of `ai` or `@ai-sdk/provider` is needed at run time.
 */
export interface AiLanguageModel {
  readonly specificationVersion: 'v2' | 'v3' | 'v4'
  readonly provider: string
  readonly modelId: string
  doGenerate(options: never): PromiseLike<unknown>
  doStream(options: never): PromiseLike<unknown>
}

/** How a request is sent to any version of the specification, what they share. */
export interface ProviderCall {
  readonly prompt: readonly ProviderMessage[]
  readonly maxOutputTokens?: number | undefined
  readonly temperature?: number | undefined
  readonly topK?: number | undefined
  readonly topP?: number | undefined
  readonly stopSequences?: readonly string[] | undefined
  readonly seed?: number | undefined
  readonly responseFormat?: { readonly type: 'json'; readonly schema: unknown; readonly name: string } | undefined
  readonly providerOptions?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined
  readonly abortSignal: AbortSignal
}

export type ProviderMessage =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user' | 'assistant'; readonly content: readonly ProviderPart[] }

export type ProviderPart =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'file'
      readonly mediaType: string
      readonly data: unknown
      readonly providerOptions?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined
    }

/** Tokens as a service reports them; undefined where it does not. */
export interface ReportedTokens {
  readonly input: number | undefined
  readonly output: number | undefined
}

/** How a reply ended. */
export interface Ending {
  readonly reason: 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other'
  readonly tokens: ReportedTokens
}

export type StreamEvent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'end'; readonly ending: Ending }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'warnings'; readonly warnings: readonly unknown[] }

/**
 * Checks that a value is a model that can be called.
 * @throws TypeError that says what was given and what to give
 */
export function requireLanguageModel(model: unknown): asserts model is AiLanguageModel {
  if (typeof model === 'string')
    throw new TypeError(
      `model is the text ${JSON.stringify(model)}: an id alone names a model of a gateway and a key from the environment, neither of which is used here. Give a model object, such as createOpenAICompatible({ name, baseURL })(${JSON.stringify(model)})`,
    )
  const given = (typeof model === 'object' || typeof model === 'function') && model !== null ? model : {}
  const { specificationVersion, provider, modelId, doGenerate, doStream } = given as Record<string, unknown>
  if (typeof doGenerate !== 'function' || typeof doStream !== 'function' || typeof modelId !== 'string')
    throw new TypeError(
      'model is no language model: it must have modelId, doGenerate and doStream, as the models of AI SDK providers have (not an embedding or an image model)',
    )
  if (specificationVersion !== 'v2' && specificationVersion !== 'v3' && specificationVersion !== 'v4')
    throw new TypeError(
      `model is of specification ${JSON.stringify(specificationVersion)}: it must be v2, v3 or v4; install a provider package for ai 5 or later`,
    )
  if (typeof provider !== 'string') throw new TypeError('model has no provider name')
}

/** Wraps file bytes as the version of the model wants them. */
export function fileData(model: AiLanguageModel, bytes: Uint8Array): unknown {
  return model.specificationVersion === 'v4' ? { type: 'data', data: bytes } : bytes
}

/** Asks for a whole reply. Only text counts: thinking and tool calls are left out. */
export async function generateReply(
  model: AiLanguageModel,
  call: ProviderCall,
): Promise<{ text: string; ending: Ending; warnings: readonly unknown[] }> {
  const replied = (model.doGenerate as (call: ProviderCall) => PromiseLike<unknown>)(call)
  const result = record(await raced(replied, call.abortSignal))
  const content = Array.isArray(result.content) ? result.content.map(record) : []
  const text = content.map((part) => (part.type === 'text' && typeof part.text === 'string' ? part.text : '')).join('')
  return { text, ending: readEnding(result), warnings: list(result.warnings) }
}

/** Asks for a reply piece by piece. Leaving the loop cancels the stream. */
export async function* streamReply(
  model: AiLanguageModel,
  call: ProviderCall,
): AsyncGenerator<StreamEvent, void, void> {
  const opened = (model.doStream as (call: ProviderCall) => PromiseLike<unknown>)(call)
  const result = record(await raced(opened, call.abortSignal))
  const reader = (result.stream as ReadableStream<unknown>).getReader()
  let ended = false
  try {
    for (;;) {
      const { done, value } = await raced(reader.read(), call.abortSignal)
      if (done) break
      const event = readEvent(record(value))
      if (event) yield event
    }
    ended = true
  } finally {
    // A stream that failed rejects its cancellation with the failure that was already thrown.
    if (!ended) reader.cancel().catch(() => {})
  }
}

function readEvent(part: Record<string, unknown>): StreamEvent | undefined {
  switch (part.type) {
    case 'text-delta':
      return typeof part.delta === 'string' && part.delta !== '' ? { kind: 'text', text: part.delta } : undefined
    case 'stream-start':
      return { kind: 'warnings', warnings: list(part.warnings) }
    case 'error':
      return { kind: 'error', error: part.error }
    case 'finish':
      return { kind: 'end', ending: readEnding(part) }
    default:
      return undefined
  }
}

function readEnding(result: Record<string, unknown>): Ending {
  const reason = typeof result.finishReason === 'string' ? result.finishReason : record(result.finishReason).unified
  const usage = record(result.usage)
  return {
    reason: known.has(reason as Ending['reason']) ? (reason as Ending['reason']) : 'other',
    tokens: { input: readTokens(usage.inputTokens), output: readTokens(usage.outputTokens) },
  }
}

const known: ReadonlySet<Ending['reason']> = new Set(['stop', 'length', 'content-filter', 'tool-calls', 'error'])

/** v2 gives a number, later versions an object with a total. */
function readTokens(value: unknown): number | undefined {
  const total = typeof value === 'number' ? value : record(value).total
  return typeof total === 'number' && Number.isFinite(total) && total >= 0 ? total : undefined
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
