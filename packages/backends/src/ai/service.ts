import { type CallOptions, PerStreamError, type Warning } from '@perstream/spec'
import { saysAnything } from '../thinking'
import type { Budget } from './budget'
import type { AiCache } from './cache'
import {
  type AiLanguageModel,
  type Ending,
  generateReply,
  type ProviderCall,
  type ReportedTokens,
  streamReply,
} from './language-model'
import { type AiRequest, identifyRequest, writePrompt } from './request'
import { type Backoff, sleep } from './retry'
import { afterText, contentRefused, readFailure, type ServiceFailure, shorten, streamCut } from './service-error'
import { type TimeWatch, watchTime } from './time-watch'

/** A setting of a request that can be left out, for services that refuse it. */
export type AiSetting = 'temperature' | 'topK' | 'topP' | 'seed' | 'stopSequences' | 'responseFormat'

/** What the calls of one adapter share. */
export interface ServiceOptions {
  readonly model: AiLanguageModel
  readonly budget: Budget
  readonly backoff: Backoff
  readonly cache: AiCache | undefined
  readonly omit: readonly AiSetting[]
  readonly providerOptions: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined
  readonly thinkingTokens: number
  /** Milliseconds without a sign of the service. */
  readonly timeout: number
  readonly onWarning: ((warning: Warning) => void) | undefined
}

/** What came of reading a reply: a value, or what is wrong with the reply, said to the model when it is asked again. */
export type Reading<Value> = { readonly value: Value } | { readonly problem: string }

interface Reply {
  readonly text: string
  readonly ending: Ending
}

/** A request in the form of the provider, with its name in the cache. */
interface Prepared {
  readonly request: AiRequest
  readonly key: string
  readonly call: Omit<ProviderCall, 'abortSignal'>
}

/** Asks one model: within its budget, again when that can help, from the cache when it was asked before. */
export class AiService {
  readonly #options: ServiceOptions

  constructor(options: ServiceOptions) {
    this.#options = options
  }

  get name(): { readonly provider: string; readonly modelId: string } {
    const { provider, modelId } = this.#options.model
    return { provider, modelId }
  }

  /**
   * Asks for a reply that `read` understands, and once more, saying what was wrong, when it does not.
   * @throws PerStreamError `reply-invalid`, with the reply shortened, when the second is no better
   */
  async ask<Value>(
    request: AiRequest,
    read: (text: string, cut: boolean) => Reading<Value>,
    { signal }: CallOptions = {},
  ): Promise<Value> {
    signal?.throwIfAborted()
    const prepared = await this.#prepare(request)
    const kept = await this.#fromCache(prepared.key, signal)
    const known = kept && read(kept.text, kept.ending.reason === 'length')
    if (kept && known && 'value' in known) {
      this.#options.budget.countCached(total(kept.ending.tokens))
      return known.value
    }
    let asked = prepared
    for (let again = false; ; again = true) {
      const reply = await this.#reply(asked, again, signal)
      this.#checkEnding(reply.ending)
      const reading = read(reply.text, reply.ending.reason === 'length')
      if ('value' in reading) {
        await this.#keep(prepared.key, reply, signal)
        return reading.value
      }
      if (again) throw this.invalid(`${reading.problem}, twice`, reply.text, reply.ending.reason === 'length')
      asked = await this.#prepare(repaired(request, reading.problem, reply))
    }
  }

  /**
   * Asks for a reply piece by piece. A stream that breaks before its first piece is begun again; later the error says how much had
   * been given out.
   */
  async *stream(request: AiRequest, { signal }: CallOptions = {}): AsyncGenerator<string, void, void> {
    signal?.throwIfAborted()
    const prepared = await this.#prepare(request)
    const kept = await this.#fromCache(prepared.key, signal)
    if (kept) {
      this.#options.budget.countCached(total(kept.ending.tokens))
      if (kept.text !== '') yield kept.text
      return
    }
    let text = ''
    const ending: { last: Ending | undefined } = { last: undefined }
    for await (const piece of this.#pieces(prepared, ending, signal)) {
      text += piece
      yield piece
    }
    this.#checkEnding(ending.last!)
    if (saysAnything(text)) await this.#keep(prepared.key, { text, ending: ending.last! }, signal)
  }

  async *#pieces(
    prepared: Prepared,
    ending: { last: Ending | undefined },
    signal: AbortSignal | undefined,
  ): AsyncGenerator<string, void, void> {
    const { budget } = this.#options
    const leave = await budget.enter(signal)
    try {
      for (let attempt = 1; ; attempt++) {
        budget.spendRequest(attempt > 1)
        ending.last = undefined
        const watch = watchTime(this.#options.timeout, signal)
        let streamed = ''
        let failed: ServiceFailure | undefined
        try {
          for await (const event of streamReply(this.#options.model, { ...prepared.call, abortSignal: watch.signal })) {
            watch.seen()
            if (event.kind === 'warnings') this.#warn(event.warnings)
            if (event.kind === 'error') throw event.error
            if (event.kind === 'end') ending.last = event.ending
            if (event.kind !== 'text') continue
            streamed += event.text
            watch.pause()
            yield event.text
            watch.seen()
          }
          if (ending.last && ending.last.reason !== 'error') return
          failed = streamCut(this.name, streamed.length)
        } catch (error) {
          failed = this.#failure(error, watch, signal)
        } finally {
          watch.end()
          if (failed?.taken !== false) budget.spendTokens(ending.last?.tokens, estimate(prepared.request, streamed))
        }
        if (streamed !== '' && failed.retry) throw afterText(failed, streamed.length)
        await this.#pause(failed, attempt, signal)
      }
    } finally {
      leave()
    }
  }

  async #reply(prepared: Prepared, repeats: boolean, signal: AbortSignal | undefined): Promise<Reply> {
    const { budget, model } = this.#options
    const leave = await budget.enter(signal)
    try {
      for (let attempt = 1; ; attempt++) {
        budget.spendRequest(repeats || attempt > 1)
        const watch = watchTime(this.#options.timeout, signal)
        let reply: Awaited<ReturnType<typeof generateReply>> | undefined
        let failed: ServiceFailure | undefined
        try {
          reply = await generateReply(model, { ...prepared.call, abortSignal: watch.signal })
          this.#warn(reply.warnings)
          if (reply.ending.reason !== 'error') return reply
          failed = streamCut(this.name, 0)
        } catch (error) {
          failed = this.#failure(error, watch, signal)
        } finally {
          watch.end()
          if (failed?.taken !== false)
            budget.spendTokens(reply?.ending.tokens, estimate(prepared.request, reply?.text ?? ''))
        }
        await this.#pause(failed, attempt, signal)
      }
    } finally {
      leave()
    }
  }

  #checkEnding({ reason }: Ending): void {
    if (reason === 'content-filter') throw contentRefused(this.name)
  }

  #failure(error: unknown, watch: TimeWatch, signal: AbortSignal | undefined): ServiceFailure {
    signal?.throwIfAborted()
    if (!watch.expired) return readFailure(error, this.name)
    const { provider, modelId } = this.name
    const message = `${provider} "${modelId}": no sign of it for ${this.#options.timeout} ms`
    const fields = { provider, modelId, reason: 'timeout', timeout: this.#options.timeout }
    return { error: new PerStreamError('service-failed', message, { fields }), retry: true, taken: true }
  }

  async #pause(
    { error, retry, retryAfter }: ServiceFailure,
    attempt: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const wait = retry ? this.#options.backoff.delay(attempt, retryAfter) : undefined
    if (wait === undefined) throw error
    await sleep(wait, signal)
  }

  async #prepare(request: AiRequest): Promise<Prepared> {
    const { model, omit, providerOptions, thinkingTokens } = this.#options
    const sent = { omit: [...omit].sort(), providerOptions, thinkingTokens }
    const { key, code } = await identifyRequest(request, model, sent)
    const { format, temperature, topK, topP, stopSequences, seed } = request
    const responseFormat = format && { type: 'json' as const, ...format }
    const settings = { temperature, topK, topP, stopSequences, seed, responseFormat }
    const kept = Object.entries(settings).filter(
      ([name, value]) => value !== undefined && !omit.includes(name as AiSetting),
    )
    const call = {
      prompt: writePrompt(request.turns, model, code),
      maxOutputTokens: request.maxOutputTokens + thinkingTokens,
      ...Object.fromEntries(kept),
      ...(providerOptions && { providerOptions }),
    }
    return { request, key, call }
  }

  /** What the cache holds under a key; what is not of our form counts as nothing and is written anew. */
  async #fromCache(key: string, signal: AbortSignal | undefined): Promise<Reply | undefined> {
    const text = await this.#options.cache?.get(key, { signal })
    return text === undefined ? undefined : readKept(text)
  }

  async #keep(key: string, { text, ending }: Reply, signal: AbortSignal | undefined): Promise<void> {
    const { reason, tokens } = ending
    await this.#options.cache?.set(key, JSON.stringify({ text, reason, input: tokens.input, output: tokens.output }), {
      signal,
    })
  }

  #warn(warnings: readonly unknown[]): void {
    const { onWarning } = this.#options
    if (!onWarning) return
    for (const warning of warnings) {
      const said = shorten(JSON.stringify(warning))
      onWarning({ code: 'setting-unsupported', message: `${this.name.provider} "${this.name.modelId}": ${said}` })
    }
  }

  /** The error of a reply that is of no use: `problem` says what it was or had. */
  invalid(problem: string, text: string, cut = false): PerStreamError {
    const { provider, modelId } = this.name
    const reply = shorten(text)
    const limit = cut ? ' It was cut at its token limit: allow more tokens.' : ''
    return new PerStreamError(
      'reply-invalid',
      `${provider} "${modelId}": the reply ${problem}: ${JSON.stringify(reply)}.${limit} Ask again, or a model that keeps better to what it is asked.`,
      { fields: { provider, modelId, problem, reply } },
    )
  }
}

/** The request once more, with what was wrong. The bad reply is not repeated: it may hold words of the data. */
function repaired(request: AiRequest, problem: string, { ending }: Reply): AiRequest {
  const room = ending.reason === 'length' ? 2 : 1
  const text = `An earlier reply to this ${problem}. Keep exactly to the form that is asked for, and reply with nothing else.`
  const turns = [...request.turns]
  const last = turns.pop()!
  return {
    ...request,
    maxOutputTokens: request.maxOutputTokens * room,
    turns: [...turns, { ...last, parts: [...last.parts, { kind: 'text', text }] }],
  }
}

function readKept(text: string): Reply | undefined {
  try {
    const { text: said, reason, input, output } = JSON.parse(text) as Record<string, unknown>
    if (typeof said !== 'string' || typeof reason !== 'string') return undefined
    const tokens = {
      input: typeof input === 'number' ? input : undefined,
      output: typeof output === 'number' ? output : undefined,
    }
    return { text: said, ending: { reason: reason as Ending['reason'], tokens } }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

function total({ input = 0, output = 0 }: ReportedTokens): number {
  return input + output
}

function estimate({ turns }: AiRequest, reply: string): { input: number; output: number } {
  let [characters, images] = [0, 0]
  for (const part of turns.flatMap(({ parts }) => parts)) {
    if (part.kind === 'text' || part.kind === 'data') characters += part.text.length
    else images++
  }
  return { input: Math.ceil(characters / 4) + 1000 * images, output: Math.ceil(reply.length / 4) }
}
