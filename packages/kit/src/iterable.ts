/** Gathers all values of a stream. */
export async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const list: Value[] = []
  for await (const value of values) list.push(value)
  return list
}

/** Runs a function on each value, one at a time, in order. Leaving the loop closes the source. */
export async function* mapAsync<In, Out>(
  values: AsyncIterable<In>,
  map: (value: In) => Out | Promise<Out>,
): AsyncGenerator<Out, void, void> {
  for await (const value of values) yield await map(value)
}

/** A bridge from code that pushes to code that pulls. */
export interface Channel<Value> extends AsyncIterable<Value> {
  /** Hands a value over; resolves when there is room for the next, so that waiting for it is back-pressure. False: nobody reads any more. */
  push(value: Value): Promise<boolean>
  /** Ends the stream, after what was pushed. Idempotent. */
  end(): void
  /** Ends the stream with an error, after what was pushed. */
  fail(error: unknown): void
}

/** Makes a channel that holds at most `capacity` values (1 or more, default 1). It can be read once. */
export function createChannel<Value>(capacity = 1): Channel<Value> {
  const queue: Value[] = []
  let ended = false
  let closed = false
  let failure: { error: unknown } | undefined
  let wake: (() => void) | undefined
  let room: (() => void)[] = []
  const change = () => {
    wake?.()
    wake = undefined
  }
  const makeRoom = () => {
    for (const resolve of room) resolve()
    room = []
  }
  async function* read(): AsyncGenerator<Value, void, void> {
    try {
      for (;;) {
        while (queue.length > 0) {
          const value = queue.shift()!
          makeRoom()
          yield value
        }
        if (failure) throw failure.error
        if (ended) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      closed = true
      makeRoom()
    }
  }
  const reader = read()
  return {
    async push(value) {
      if (closed || ended) return false
      queue.push(value)
      change()
      while (queue.length >= capacity && !closed) await new Promise<void>((resolve) => room.push(resolve))
      return !closed
    },
    end() {
      ended = true
      change()
    },
    fail(error) {
      failure ??= { error }
      ended = true
      change()
    },
    [Symbol.asyncIterator]: () => reader,
  }
}
