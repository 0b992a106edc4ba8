import type { TensorRuntime } from '@perstream/spec'
import { mainThreadSeconds } from './thread-clock'

/** Books the CPU of the main thread on parts of a run, each moment on one part: the innermost that is at work. */
export interface Meter {
  /** Books on `part` while the work goes on, be it done at once or by a promise. */
  run<Value>(part: string, work: () => Value): Value
  /** Books on `part` while a value of the stream is waited for. */
  stream<Value>(part: string, values: AsyncIterable<Value>): AsyncGenerator<Value, void, void>
  /** Wraps the named methods of an object: each books on the part it is given. */
  methods<Target extends object>(target: Target, parts: Partial<Record<keyof Target, string>>): Target
  /** Wraps a runtime, so that the calls of its models book on `part`. */
  runtime(part: string, runtime: TensorRuntime): TensorRuntime
  /** CPU seconds by part since the meter was made or reset, without those of the meter itself. */
  seconds(): ReadonlyMap<string, number>
  /** CPU seconds of the meter itself. */
  overhead(): number
  reset(): void
}

/** Makes a meter. It is right for work that goes on one thing at a time, as a pipeline that pulls does. */
export function createMeter(rest: string): Meter {
  const booked = new Map<string, number>()
  const look = costOfALook()
  let current = rest
  let looks = 0
  let since = mainThreadSeconds() ?? 0
  const enter = (part: string) => {
    const now = mainThreadSeconds() ?? 0
    looks++
    booked.set(current, (booked.get(current) ?? 0) + now - since - look)
    since = now
    const before = current
    current = part
    return before
  }
  const meter: Meter = {
    run(part, work) {
      const before = enter(part)
      let pending = false
      try {
        const value = work()
        if (!(value instanceof Promise)) return value
        pending = true
        return value.finally(() => enter(before)) as typeof value
      } finally {
        if (!pending) enter(before)
      }
    },
    async *stream(part, values) {
      const iterator = values[Symbol.asyncIterator]()
      try {
        for (;;) {
          const next = await meter.run(part, () => iterator.next())
          if (next.done) return
          yield next.value
        }
      } finally {
        await iterator.return?.()
      }
    },
    methods: (target, parts) =>
      new Proxy(target, {
        get(_, name) {
          const value = Reflect.get(target, name)
          const part = parts[name as keyof typeof target]
          if (typeof value !== 'function') return value
          if (part === undefined) return value.bind(target)
          return (...args: unknown[]) => meter.run(part, () => value.apply(target, args))
        },
      }),
    runtime: (part, runtime) => ({
      name: runtime.name,
      capabilities: (options) => runtime.capabilities(options),
      open: async (model, options) => meter.methods(await runtime.open(model, options), { run: part }),
    }),
    seconds() {
      enter(current)
      return booked
    },
    overhead: () => looks * look,
    reset() {
      enter(current)
      booked.clear()
      looks = 0
    },
  }
  return meter
}

/** CPU seconds of one look at the clock. */
function costOfALook(): number {
  const looks = 2000
  const start = mainThreadSeconds() ?? 0
  for (let i = 0; i < looks; i++) mainThreadSeconds()
  return ((mainThreadSeconds() ?? 0) - start) / looks
}
