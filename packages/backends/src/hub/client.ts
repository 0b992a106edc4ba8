import { setTimeout as wait } from 'node:timers/promises'
import { type CallOptions, PerStreamError, type PerStreamErrorCode } from '@perstream/spec'

/** How a hub is reached. */
export interface HubClientOptions {
  /** Where the hub is, without a slash at its end. */
  readonly endpoint: string
  /** Sent to the endpoint alone, never to where it redirects. */
  readonly token: string | undefined
  readonly offline: boolean
  readonly fetch: typeof globalThis.fetch
  /** How often a request is repeated that failed in a way that passes. */
  readonly retries: number
  /** Seconds before the first repetition; each further one waits twice as long. */
  readonly retrySeconds: number
  /** Seconds without a byte after which a connection counts as cut. */
  readonly idleSeconds: number
}

/** An answer, and what the hub itself said before it redirected. */
export interface HubResponse {
  readonly status: number
  readonly headers: Headers
  /** Headers of the hub's own answer: those of the commit and the checksum. */
  readonly hubHeaders: Headers
  /** @throws PerStreamError `service-failed` when the connection is cut */
  body(): AsyncIterable<Uint8Array>
  /** Drops the answer. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Talks to a hub. */
export interface HubClient {
  readonly endpoint: string
  /**
   * Asks for a path once; statuses of success and 416 are answers.
   * @throws PerStreamError `service-refused`, `model-missing`, `service-limited`, `service-failed`, `service-unreachable`
   */
  get(path: string, options: CallOptions & { readonly headers?: Record<string, string> }): Promise<HubResponse>
  /** Does work again that failed in a way that passes; `progressed` tells whether the last try got further. */
  persist<Value>(work: () => Promise<Value>, options: CallOptions & { progressed?: () => boolean }): Promise<Value>
}

const mostRedirects = 10
const longestWait = 120
const passing: readonly PerStreamErrorCode[] = ['service-limited', 'service-failed', 'service-unreachable']

/** Makes a client of a hub. Nothing is sent until something is asked. */
export function createHubClient(options: HubClientOptions): HubClient {
  const { endpoint, offline } = options
  return {
    endpoint,
    async get(path, { signal, headers = {} }) {
      if (offline) throw unreachable(path, 'offline is set: pull the model while there is a connection')
      return follow(path, headers, signal, options)
    },
    async persist(work, { signal, progressed = () => false }) {
      for (let failures = 0; ; ) {
        signal?.throwIfAborted()
        try {
          return await work()
        } catch (error) {
          signal?.throwIfAborted()
          failures = progressed() ? 1 : failures + 1
          const seconds = secondsToWait(error, failures, options)
          if (seconds === undefined) throw error
          await wait(seconds * 1000, undefined, { signal }).catch(() => signal?.throwIfAborted())
        }
      }
    },
  }
}

/** How long to wait before the next try; undefined when there is to be none. */
function secondsToWait(error: unknown, failures: number, { offline, retries, retrySeconds }: HubClientOptions) {
  if (offline || failures > retries || !PerStreamError.isInstance(error) || !passing.includes(error.code)) return
  const asked = error.fields.retryAfterSeconds
  if (typeof asked === 'number') return asked > longestWait ? undefined : asked
  return Math.min(retrySeconds * 2 ** (failures - 1), 30)
}

async function follow(
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
  { endpoint, token, fetch, idleSeconds }: HubClientOptions,
): Promise<HubResponse> {
  const home = new URL(endpoint).origin
  let url = new URL(endpoint + path)
  let hubHeaders: Headers | undefined
  for (let hops = 0; hops <= mostRedirects; hops++) {
    const own = url.origin === home
    const idle = idleTimer(idleSeconds, signal)
    const sent = {
      'accept-encoding': 'identity',
      ...headers,
      ...(own && token ? { authorization: `Bearer ${token}` } : {}),
    }
    const response = await fetch(url.href, { headers: sent, redirect: 'manual', signal: idle.signal }).catch(
      (cause: unknown) => {
        idle.stop()
        signal?.throwIfAborted()
        throw isCut(cause) || idle.signal.aborted ? cutOff(path, cause) : unreachable(path, reasonOf(cause), cause)
      },
    )
    hubHeaders ??= response.headers
    const location = response.headers.get('location')
    if (response.status >= 300 && response.status < 400 && location !== null) {
      idle.stop()
      await response.body?.cancel()
      url = redirected(url, location, path)
      continue
    }
    if (response.ok || response.status === 416) return answerOf(response, hubHeaders, { path, idle, signal })
    idle.stop()
    await response.body?.cancel()
    throw failureOf(response, path, endpoint)
  }
  throw new PerStreamError('service-failed', `The hub redirected ${path} more than ${mostRedirects} times`)
}

function redirected(from: URL, location: string, path: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  const safe = to && (to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:'))
  if (safe) return to
  // The address may hold a signature: it is not shown.
  throw new PerStreamError('reply-invalid', `The hub redirects ${path} to an address that is not safe to follow`)
}

interface IdleTimer {
  readonly signal: AbortSignal
  /** Tells that a byte has come. */
  readonly touch: () => void
  readonly stop: () => void
}

function idleTimer(seconds: number, signal: AbortSignal | undefined): IdleTimer {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new Error(`nothing came for ${seconds} s`)), seconds * 1000)
  return {
    signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
    touch: () => void timer.refresh(),
    stop: () => clearTimeout(timer),
  }
}

interface AnswerContext {
  readonly path: string
  readonly idle: IdleTimer
  readonly signal: AbortSignal | undefined
}

function answerOf(response: Response, hubHeaders: Headers, { path, idle, signal }: AnswerContext): HubResponse {
  return {
    status: response.status,
    headers: response.headers,
    hubHeaders,
    async *body() {
      try {
        for await (const chunk of response.body ?? []) {
          idle.touch()
          yield chunk
        }
      } catch (cause) {
        signal?.throwIfAborted()
        throw cutOff(path, cause)
      } finally {
        idle.stop()
      }
    },
    async [Symbol.asyncDispose]() {
      idle.stop()
      if (!response.bodyUsed) await response.body?.cancel()
    },
  }
}

function failureOf({ status, headers }: Response, path: string, endpoint: string): PerStreamError {
  const said = (problem: string) => `The hub ${endpoint} answered ${status} for ${path}: ${problem}`
  const fields = { status, path }
  if (status === 401 || status === 403) {
    const advice =
      'give a token that may read it, and accept its terms on the hub; private and missing models look alike'
    return new PerStreamError('service-refused', said(advice), { fields })
  }
  if (status === 404 || status === 410) {
    return new PerStreamError('model-missing', said('there is no such model, revision or file'), { fields })
  }
  if (status === 429) {
    const retryAfterSeconds = retryAfter(headers.get('retry-after'))
    const message = said(`too many requests; wait ${retryAfterSeconds ?? 'a few'} seconds`)
    return new PerStreamError('service-limited', message, { fields: { ...fields, retryAfterSeconds } })
  }
  const retryAfterSeconds = retryAfter(headers.get('retry-after'))
  return new PerStreamError('service-failed', said('try again later'), { fields: { ...fields, retryAfterSeconds } })
}

/** Seconds, from a number of them or a date. */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}

function unreachable(path: string, reason: string, cause?: unknown): PerStreamError {
  return new PerStreamError('service-unreachable', `The hub could not be asked for ${path}: ${reason}`, { cause })
}

function cutOff(path: string, cause: unknown): PerStreamError {
  const message = `The connection was cut while ${path} came: ${reasonOf(cause)}`
  return new PerStreamError('service-failed', message, { cause })
}

const cuts = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']

/** Tells a server that was reached, and left, from one that was not. */
function isCut(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && cuts.includes(String(cause.code))
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
