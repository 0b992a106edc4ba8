/** The time since the service last gave a sign. */
export interface TimeWatch {
  /** Aborts with the caller's signal, or when the time is over. */
  readonly signal: AbortSignal
  readonly expired: boolean
  seen(): void
  /** While the reader is busy with a piece, the service is not waited for. */
  pause(): void
  end(): void
}

/** Starts to count milliseconds without a sign; `Infinity` never ends. */
export function watchTime(timeout: number, signal: AbortSignal | undefined): TimeWatch {
  const late = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = () => clearTimeout(timer)
  const seen = () => {
    end()
    if (timeout !== Number.POSITIVE_INFINITY)
      timer = setTimeout(() => late.abort(new DOMException('timeout', 'TimeoutError')), timeout)
  }
  seen()
  return {
    signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
    get expired() {
      return late.signal.aborted
    },
    seen,
    pause: end,
    end,
  }
}

/** Stops at once when aborted, even where a provider does not heed the signal. */
export async function raced<Value>(work: PromiseLike<Value>, signal: AbortSignal): Promise<Value> {
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
