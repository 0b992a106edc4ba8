const marker = Symbol.for('perstream.error')

/**
 * The stable, machine-readable causes of failure. A caller switches on these, never on messages.
 */
export type PerStreamErrorCode =
  // sources
  | 'source-not-found'
  | 'source-unreadable'
  | 'source-no-video'
  | 'source-driver-missing'
  // models
  | 'model-missing'
  | 'model-invalid'
  | 'model-unsupported'
  | 'device-unavailable'
  | 'device-lost'
  | 'prompt-too-long'
  // services: a hub, a hosted model
  | 'service-unreachable'
  | 'service-refused'
  | 'service-limited'
  | 'service-failed'
  | 'reply-invalid'
  // memory
  | 'memory-not-found'
  | 'entity-not-found'
  | 'category-unknown'
  | 'space-mismatch'
  | 'store-locked'
  | 'store-read-only'
  | 'store-full'
  | 'store-corrupt'
  | 'store-closed'
  | 'store-changed'
  | 'store-version'
  | 'budget-exceeded'
  | 'out-of-memory'
  // composition
  | 'pipeline-incompatible'
  | 'dependency-missing'
  | 'input-invalid'

/** What a {@link PerStreamError} is made from. */
export interface PerStreamErrorOptions {
  /** Facts a program can act on: the path, the value given, the name of the missing package. Never a secret. */
  readonly fields?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * The base of every error PerStream throws by intent. The message says what failed, the value given and what to do.
 * Wrong arguments throw `TypeError` instead; an abort throws the signal's own reason, never wrapped.
 */
export class PerStreamError extends Error {
  readonly code: PerStreamErrorCode
  readonly fields: Readonly<Record<string, unknown>>

  constructor(code: PerStreamErrorCode, message: string, options: PerStreamErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'PerStreamError'
    this.code = code
    this.fields = options.fields ?? {}
    Object.defineProperty(this, marker, { value: true })
  }

  /** Recognises a PerStream error even when two copies of this package are installed. */
  static isInstance(value: unknown): value is PerStreamError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[marker] === true
  }
}
