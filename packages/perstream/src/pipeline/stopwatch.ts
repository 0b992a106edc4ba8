/** Adds up wall time by part of a run. */
export interface Stopwatch {
  /** Runs work and books its time on a part; `within` names the part that waits meanwhile, from which it is taken back. */
  time<Value>(part: string, work: () => Promise<Value>, within?: string): Promise<Value>
  /** Books the time spent waiting for each value of a stream, in the same way. */
  timeEach<Value>(part: string, values: AsyncIterable<Value>, within?: string): AsyncGenerator<Value, void, void>
  /** Seconds by part. */
  seconds(): Record<string, number>
}

export function createStopwatch(): Stopwatch {
  const parts = new Map<string, number>()
  const book = (part: string, seconds: number) => parts.set(part, (parts.get(part) ?? 0) + seconds)
  const stopwatch: Stopwatch = {
    async time(part, work, within) {
      const start = performance.now()
      try {
        return await work()
      } finally {
        const seconds = (performance.now() - start) / 1000
        book(part, seconds)
        if (within !== undefined) book(within, -seconds)
      }
    },
    async *timeEach(part, values, within) {
      const iterator = values[Symbol.asyncIterator]()
      try {
        for (;;) {
          const next = await stopwatch.time(part, () => iterator.next(), within)
          if (next.done) return
          yield next.value
        }
      } finally {
        await iterator.return?.()
      }
    },
    seconds: () => Object.fromEntries(parts),
  }
  return stopwatch
}
