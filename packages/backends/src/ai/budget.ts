import { PerStreamError } from '@perstream/spec'
import type { ReportedTokens } from './language-model'

/** What an adapter may spend in its life. */
export interface AiBudgetOptions {
  /** Requests at most, repeated ones included. Default: no limit. */
  readonly maxRequests?: number | undefined
  /** Tokens at most, input and output together, as the service reports them. The request that reaches it still ends. Default: no limit. */
  readonly maxTokens?: number | undefined
  /** Requests under way at a time; others wait in line. A stream keeps its place until it ends or is left. Default 4. */
  readonly maxConcurrent?: number | undefined
}

/** What an adapter has spent. */
export interface AiUsage {
  /** Requests sent, repeated ones included. */
  readonly requests: number
  /** Those of them that repeated a failed or unusable one. */
  readonly repeated: number
  /** Answers that came from the cache and cost nothing. */
  readonly cached: number
  /** Tokens of prompts and of replies, those of the cache not counted. */
  readonly inputTokens: number
  readonly outputTokens: number
  /**
   * The part of these tokens that no service reported (a cut or aborted reply, a stream without usage) and that was reckoned
   * instead: a token for each 4 characters, 1000 for each image.
   */
  readonly estimatedTokens: number
  /** Tokens that the cached answers had cost when they were made. */
  readonly cachedTokens: number
  /** Requests under way. */
  readonly running: number
}

/** Keeps what is spent within what may be. */
export class Budget {
  readonly #maxRequests: number
  readonly #maxTokens: number
  readonly #maxConcurrent: number
  readonly #waiting: (() => void)[] = []
  #requests = 0
  #repeated = 0
  #cached = 0
  #input = 0
  #output = 0
  #estimated = 0
  #cachedTokens = 0
  #running = 0

  /** @throws TypeError for an option out of range */
  constructor({
    maxRequests = Number.POSITIVE_INFINITY,
    maxTokens = Number.POSITIVE_INFINITY,
    maxConcurrent = 4,
  }: AiBudgetOptions = {}) {
    for (const [name, value] of Object.entries({ maxRequests, maxTokens }))
      if (!(value >= 0)) throw new TypeError(`budget.${name} is ${value}: it must be 0 or more`)
    if (!(maxConcurrent >= 1)) throw new TypeError(`budget.maxConcurrent is ${maxConcurrent}: it must be 1 or more`)
    this.#maxRequests = maxRequests
    this.#maxTokens = maxTokens
    this.#maxConcurrent = maxConcurrent
  }

  get usage(): AiUsage {
    return {
      requests: this.#requests,
      repeated: this.#repeated,
      cached: this.#cached,
      inputTokens: this.#input,
      outputTokens: this.#output,
      estimatedTokens: this.#estimated,
      cachedTokens: this.#cachedTokens,
      running: this.#running,
    }
  }

  /** Waits in line for a place, and gives what frees it. @throws the signal's reason when aborted while waiting */
  async enter(signal: AbortSignal | undefined): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.#running >= this.#maxConcurrent) await this.#wait(signal)
    else this.#running++
    let left = false
    return () => {
      if (left) return
      left = true
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }

  /** A place is handed on without becoming free, so that nobody who came later takes it. */
  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }
      const stop = () => {
        this.#waiting.splice(this.#waiting.indexOf(start), 1)
        reject(signal!.reason)
      }
      this.#waiting.push(start)
      signal?.addEventListener('abort', stop, { once: true })
    })
  }

  /**
   * Counts a request that is about to be sent.
   * @throws PerStreamError `budget-exceeded`, with what was spent and what may be, when it may not be sent
   */
  spendRequest(repeats: boolean): void {
    const tokens = this.#input + this.#output
    if (this.#requests >= this.#maxRequests) throw this.#exceeded('maxRequests', this.#requests, this.#maxRequests)
    if (tokens >= this.#maxTokens) throw this.#exceeded('maxTokens', tokens, this.#maxTokens)
    this.#requests++
    if (repeats) this.#repeated++
  }

  /** Counts the tokens of a reply, or of what there is of one. What was not reported is estimated. */
  spendTokens(reported: ReportedTokens | undefined, estimate: { input: number; output: number }): void {
    this.#input += reported?.input ?? estimate.input
    this.#output += reported?.output ?? estimate.output
    if (reported?.input === undefined) this.#estimated += estimate.input
    if (reported?.output === undefined) this.#estimated += estimate.output
  }

  countCached(tokens: number): void {
    this.#cached++
    this.#cachedTokens += tokens
  }

  #exceeded(limit: string, spent: number, allowed: number): PerStreamError {
    return new PerStreamError(
      'budget-exceeded',
      `The budget of this adapter is spent: ${spent} of ${allowed} (${limit}). Raise budget.${limit} or make a new adapter.`,
      { fields: { limit, spent, allowed, usage: this.usage } },
    )
  }
}
