import { createRandom } from '@perstream/kit'

/** How failed requests are repeated. */
export interface AiRetryOptions {
  /** Requests at most for one answer, the first included, 1 or more. Default 4. */
  readonly attempts?: number | undefined
  /** Milliseconds before the second request; each further wait is twice as long. Default 500. */
  readonly firstDelay?: number | undefined
  /** Milliseconds waited at most. A service that asks for more is not waited for. Default 30000. */
  readonly longestDelay?: number | undefined
  /** Makes the jitter (each wait is 0.5 to 1 times its length) repeat. Default: by chance. */
  readonly seed?: number | undefined
}

/** Decides how long to wait before a request is repeated. */
export interface Backoff {
  readonly attempts: number
  /** Milliseconds before request `attempt + 1`, or undefined when it is not worth it. */
  delay(attempt: number, retryAfter: number | undefined): number | undefined
}

/** @throws TypeError for an option out of range */
export function createBackoff(options: AiRetryOptions = {}): Backoff {
  const { attempts = 4, firstDelay = 500, longestDelay = 30_000, seed = Math.floor(Math.random() * 2 ** 32) } = options
  if (!Number.isInteger(attempts) || attempts < 1)
    throw new TypeError(`retry.attempts is ${attempts}: it must be a whole number, 1 or more`)
  for (const [name, value] of Object.entries({ firstDelay, longestDelay }))
    if (!(value >= 0)) throw new TypeError(`retry.${name} is ${value}: it must be milliseconds, 0 or more`)
  const random = createRandom(seed)
  return {
    attempts,
    delay(attempt, retryAfter = 0) {
      if (attempt >= attempts || retryAfter > longestDelay) return undefined
      const full = Math.min(longestDelay, firstDelay * 2 ** (attempt - 1))
      return Math.max(retryAfter, full * (0.5 + 0.5 * random.next()))
    },
  }
}

/** Waits. Rejects at once with the signal's reason when aborted. */
export function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const stop = () => {
      clearTimeout(timer)
      reject(signal!.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
