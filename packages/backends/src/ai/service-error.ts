import { PerStreamError, type PerStreamErrorCode } from '@perstream/spec'

/** A failure of a service, and whether asking again can help. */
export interface ServiceFailure {
  readonly error: PerStreamError
  readonly retry: boolean
  /** The service took the prompt, so that its tokens may be charged. */
  readonly taken: boolean
  /** How long the service asks to wait, in milliseconds. */
  readonly retryAfter?: number | undefined
}

/** Which model failed. */
export interface ServiceName {
  readonly provider: string
  readonly modelId: string
}

const apiCallError = Symbol.for('vercel.ai.error.AI_APICallError')

/**
 * Tells the kinds of failure apart. The errors of the SDK are not kept as causes, since they carry the whole request; nor is what a
 * service says to a refused key, which may repeat it.
 */
export function readFailure(error: unknown, service: ServiceName): ServiceFailure {
  if (PerStreamError.isInstance(error)) return { error, retry: false, taken: false }
  if (hasMarker(error, apiCallError)) return readApiCallError(error as ApiCallError, service)
  const name = error instanceof Error ? error.name : ''
  if (name === 'AI_LoadAPIKeyError' || name === 'AI_LoadSettingError')
    return refused(service, 'the provider was made without a key or a setting that it needs: give it one', {
      reason: 'key-missing',
    })
  if (name === 'AI_NoSuchModelError') return modelMissing(service, {})
  if (name === 'AI_UnsupportedFunctionalityError' || name === 'AI_InvalidPromptError')
    return failure('model-unsupported', service, `cannot do this: ${shorten(messageOf(error))}`, {}, false)
  if (/header/i.test(messageOf(error)) && error instanceof TypeError)
    return refused(
      service,
      'its request headers are not valid: look for line ends or other odd characters in the key',
      {
        reason: 'headers-invalid',
      },
    )
  if (isNetworkError(error)) return readNetworkError(error, service)
  return readReportedError(error, service)
}

/** What is wrong with a reply that a content filter cut or a model refused. Asking again does not help. */
export function contentRefused(service: ServiceName): PerStreamError {
  return refused(service, 'the service or the model refused this content', { reason: 'content-filter' }).error
}

/** What is wrong with a stream that ended before its end. */
export function streamCut(service: ServiceName, streamed: number): ServiceFailure {
  return failure(
    'service-failed',
    service,
    cutMessage(streamed),
    { reason: 'cut', streamedCharacters: streamed },
    streamed === 0,
  )
}

/** Makes of a failure within a stream one that says that text had been given out: it is not begun again. */
export function afterText({ error }: ServiceFailure, streamed: number): PerStreamError {
  const fields = { ...error.fields, streamedCharacters: streamed }
  return new PerStreamError(error.code, `${error.message} (${cutMessage(streamed)})`, { fields })
}

/** Shortens what a service or a model said to what a person reads in a message, and hides what looks like a key. */
export function shorten(text: string, length = 300): string {
  const line = text.replace(/\s+/g, ' ').trim()
  const hidden = line
    .replace(/\b(bearer|basic)\s+[^\s"',;]+/gi, '$1 ***')
    .replace(/\b(sk|pk|rk|gsk|xai|hf|key|token)[-_][\w-]{8,}/gi, '$1-***')
    .replace(/((?:api[-_ ]?key|authorization|token)"?\s*[:=]\s*"?)[^\s"',;]+/gi, '$1***')
  return hidden.length > length ? `${hidden.slice(0, length)}…` : hidden
}

interface ApiCallError extends Error {
  readonly statusCode?: number
  readonly responseHeaders?: Readonly<Record<string, string>>
  readonly responseBody?: string
}

function readApiCallError(error: ApiCallError, service: ServiceName): ServiceFailure {
  const { statusCode: status, responseHeaders = {}, responseBody = '' } = error
  if (status === undefined) return readNetworkError(error, service)
  const said = `${error.message} ${responseBody}`
  const fields = { status }
  const retryAfter = readRetryAfter(responseHeaders)
  if (status === 401 || status === 403)
    return refused(service, `HTTP ${status}: check the key and what it may use`, { ...fields, reason: 'not-allowed' })
  if (status === 402 || saysQuota(said))
    return failure(
      'service-limited',
      service,
      `HTTP ${status}: the account has no quota left`,
      { ...fields, reason: 'quota' },
      false,
    )
  if (status === 429) return limited(service, fields, retryAfter)
  if (saysTooLong(said) || status === 413) return tooLong(service, said, fields)
  if (saysContent(said)) return { error: contentRefused(service), retry: false, taken: false }
  if (status === 404 || saysNoModel(said)) return modelMissing(service, fields)
  if (status < 400)
    return failure(
      'service-failed',
      service,
      `its reply could not be read: ${shorten(error.message)}`,
      { ...fields, reason: 'protocol' },
      true,
    )
  if (status >= 500 || status === 408 || status === 409 || status === 425)
    return failure(
      'service-failed',
      service,
      `HTTP ${status}: ${shorten(error.message)}`,
      { ...fields, retryAfter },
      true,
      retryAfter,
    )
  return failure(
    'model-unsupported',
    service,
    `HTTP ${status}: it does not take this request: ${shorten(error.message)}`,
    fields,
    false,
  )
}

function limited(service: ServiceName, fields: Fields, retryAfter: number | undefined): ServiceFailure {
  const wait = retryAfter === undefined ? '' : `; it asks to wait ${Math.ceil(retryAfter / 1000)} s`
  return failure(
    'service-limited',
    service,
    `HTTP 429: too many requests${wait}`,
    { ...fields, retryAfter },
    true,
    retryAfter,
  )
}

function tooLong(service: ServiceName, said: string, fields: Fields): ServiceFailure {
  const message = `the prompt is longer than the model takes: give fewer memories or smaller images (${shorten(said, 160)})`
  return failure('prompt-too-long', service, message, fields, false)
}

function modelMissing(service: ServiceName, fields: Fields): ServiceFailure {
  return failure(
    'model-missing',
    service,
    'there is no such model at this address: check the model id and the base URL',
    fields,
    false,
  )
}

function refused(service: ServiceName, message: string, fields: Fields): ServiceFailure {
  return failure('service-refused', service, message, fields, false)
}

type Fields = Readonly<Record<string, unknown>>

function failure(
  code: PerStreamErrorCode,
  { provider, modelId }: ServiceName,
  message: string,
  fields: Fields,
  retry: boolean,
  retryAfter?: number,
): ServiceFailure {
  const error = new PerStreamError(code, `${provider} "${modelId}": ${message}`, {
    fields: { provider, modelId, ...fields },
  })
  const { status, reason } = fields
  const taken = code === 'service-failed' && (reason !== undefined || status === undefined)
  return { error, retry, taken, retryAfter }
}

/** Errors that arrive within a stream: objects or texts in the service's own form, or errors of the SDK's parser. */
function readReportedError(error: unknown, service: ServiceName): ServiceFailure {
  const said = messageOf(error)
  const { code, status, type } = typeof error === 'object' && error !== null ? (error as Fields) : ({} as Fields)
  const kind = `${code} ${status} ${type} ${said}`
  if (/without a finish reason/.test(said)) return streamCut(service, 0)
  if (saysTooLong(kind)) return tooLong(service, said, {})
  if (saysContent(kind)) return { error: contentRefused(service), retry: false, taken: true }
  if (saysQuota(kind))
    return failure('service-limited', service, 'the account has no quota left', { reason: 'quota' }, false)
  if (code === 429 || status === 429 || /rate.?limit|too many requests/i.test(kind))
    return limited(service, {}, undefined)
  return failure('service-failed', service, shorten(said), { reason: 'reported' }, true)
}

function isNetworkError(error: unknown): boolean {
  return networkCode(error) !== undefined || (error instanceof TypeError && /fetch/i.test(error.message))
}

/** No connection: unreachable. A connection that was made and broke: failed. */
function readNetworkError(error: unknown, service: ServiceName): ServiceFailure {
  const code = networkCode(error)
  if (code !== undefined && brokenCodes.has(code))
    return failure(
      'service-failed',
      service,
      `the connection broke before a reply (${code})`,
      { reason: 'cut', network: code },
      true,
    )
  const message = `it cannot be reached (${code ?? shorten(messageOf(error))}): check the base URL and the network`
  return failure('service-unreachable', service, message, { network: code }, code !== 'ENOTFOUND')
}

const brokenCodes: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
])

/** The first system code in a chain of causes, and in the attempts on several addresses of one name. */
function networkCode(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 8) return undefined
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown }
  if (typeof code === 'string' && /^(E[A-Z_]+|UND_ERR_\w+)$/.test(code)) return code
  return networkCode(cause, depth + 1) ?? (Array.isArray(errors) ? networkCode(errors[0], depth + 1) : undefined)
}

function saysTooLong(text: string): boolean {
  return /context_length_exceeded|exceed_context_size|maximum context length|maximum model length|context (length|size|window)[^.]{0,40}exceed|exceeds? [^.]{0,60}(context|maximum number of tokens)|prompt is too long|input is too long|too many (input )?tokens/i.test(
    text,
  )
}

function saysContent(text: string): boolean {
  return /content[_ -]?(filter|policy)|responsible_?ai|safety (system|filter)|flagged as/i.test(text)
}

function saysQuota(text: string): boolean {
  return /insufficient_quota|exceeded your current quota|credit balance is too low/i.test(text)
}

function saysNoModel(text: string): boolean {
  return /model_not_found|is not a valid model|model [^.]{0,80}(does not exist|not found)/i.test(text)
}

/** Reads how long to wait: `retry-after-ms`, or `retry-after` in seconds or as a date. */
function readRetryAfter(headers: Readonly<Record<string, string>>): number | undefined {
  const milliseconds = Number.parseFloat(headers['retry-after-ms'] ?? '')
  if (milliseconds >= 0) return milliseconds
  const given = headers['retry-after']
  if (given === undefined) return undefined
  const wait = /^\s*\d+(\.\d+)?\s*$/.test(given) ? Number(given) * 1000 : Date.parse(given) - Date.now()
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

function cutMessage(streamed: number): string {
  return streamed === 0
    ? 'the stream was cut before any text'
    : `the stream was cut after ${streamed} characters had been given out, so it is not begun again: ask anew`
}

function hasMarker(value: unknown, marker: symbol): boolean {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[marker] === true
}

function messageOf(error: unknown): string {
  if (typeof error === 'string') return error
  const message = typeof error === 'object' && error !== null ? (error as { message?: unknown }).message : undefined
  return typeof message === 'string' ? message : 'an error without a message'
}
