import { PerStreamError, type Tensor } from '@perstream/spec'
import type { Host, HostFeed, HostModel, HostRun, HostSession, HostTensor } from './host'
import type { HostLink } from './platform'
import { type FromWorker, type HostMethod, type Port, type ToWorker, unpackError } from './worker-protocol'

/** A thread, seen from outside. */
export interface WorkerPort extends Port<ToWorker, FromWorker> {
  /** Is called once when the thread ends, for whatever reason. */
  onEnd(listener: (reason: string) => void): void
  stop(): void
  /** Tells whether the process must stay for the thread's sake. */
  hold(busy: boolean): void
}

/** Options of {@link connectWorker}. */
export interface ConnectWorkerOptions {
  /** How the thread starts. */
  readonly start: unknown
  /** Seconds after which a call that does not end takes its thread with it. Default: never. */
  readonly watchdogSeconds?: number | undefined
}

interface Call {
  readonly method: HostMethod
  readonly argument: unknown
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  /** Stops listening for an abort. */
  readonly settled: () => void
  /** Whoever asked does not wait any more. */
  abandoned: boolean
}

/**
 * Starts the host in another thread. One call is under way at a time, the others wait on this side, so that one that is
 * aborted while it waits never runs. One that is aborted while it runs is given up at once; it ends in its thread, what
 * it made is let go, and only then the next one starts.
 * @throws PerStreamError `dependency-missing`, `device-lost`
 */
export async function connectWorker(
  port: WorkerPort,
  { start, watchdogSeconds }: ConnectWorkerOptions,
): Promise<HostLink> {
  const calls = new WorkerCalls(port, watchdogSeconds)
  const host = createRemoteHost(await calls.start(start), calls)
  return { host, stop: () => calls.stop(), onLost: (listener) => calls.onLost(listener) }
}

function createRemoteHost(version: string, calls: WorkerCalls): Host {
  let releasing: number[] = []
  // What is let go travels together, before the next run: a decoder lets go of sixty tensors a token.
  const flush = () => {
    const gone = releasing
    releasing = []
    if (gone.length > 0) calls.call('release', gone).catch(() => {})
  }
  return {
    version,
    open: (model, signal) => calls.call('open', compactModel(model), signal) as Promise<HostSession>,
    run: (run, signal) => {
      flush()
      return calls.call('run', compactRun(run), signal) as Promise<Record<string, HostTensor>>
    },
    read: (held, signal) => calls.call('read', held, signal) as ReturnType<Host['read']>,
    release(gone) {
      if (releasing.length === 0) queueMicrotask(flush)
      releasing.push(...gone)
    },
    async close(session) {
      flush()
      await calls.call('close', session)
    },
  }
}

/** A message copies the whole buffer that a view lies in: a view of a part of one becomes an array of its own. */
function compact<View extends Tensor['data']>(view: View): View {
  return view.byteLength === view.buffer.byteLength ? view : (view.slice() as View)
}

function compactRun(run: HostRun): HostRun {
  const feeds: Record<string, HostFeed> = {}
  for (const name in run.feeds) {
    const feed = run.feeds[name]!
    feeds[name] = 'data' in feed ? { type: feed.type, shape: feed.shape, data: compact(feed.data) } : feed
  }
  return { ...run, feeds }
}

function compactModel(model: HostModel): HostModel {
  const { content, external } = model
  return {
    ...model,
    content: typeof content === 'string' ? content : compact(content),
    external: external.map(({ path, data }) => ({ path, data: compact(data) })),
  }
}

/** The calls to one thread: one at a time. */
class WorkerCalls {
  readonly #port: WorkerPort
  readonly #watchdogSeconds: number | undefined
  readonly #waiting: Call[] = []
  readonly #lostListeners: (() => void)[] = []
  #running: Call | undefined
  #starting: { resolve(version: string): void; reject(error: unknown): void } | undefined
  #lost: PerStreamError | undefined
  #watchdog: ReturnType<typeof setTimeout> | undefined

  constructor(port: WorkerPort, watchdogSeconds: number | undefined) {
    this.#port = port
    this.#watchdogSeconds = watchdogSeconds
    port.onEnd((reason) => this.#end(reason))
    port.listen((message) => this.#receive(message))
  }

  start(argument: unknown): Promise<string> {
    const version = new Promise<string>((resolve, reject) => {
      this.#starting = { resolve, reject }
    })
    this.#port.hold(true)
    this.#watch()
    this.#port.post({ start: argument })
    return version.finally(() => {
      clearTimeout(this.#watchdog)
      this.#port.hold(false)
    })
  }

  stop(): void {
    this.#lostListeners.length = 0
    this.#end('it was stopped')
  }

  onLost(listener: () => void): void {
    this.#lostListeners.push(listener)
  }

  call(method: HostMethod, argument: unknown, signal?: AbortSignal): Promise<unknown> {
    if (this.#lost) return Promise.reject(this.#lost)
    return new Promise((resolve, reject) => {
      const abandon = () => {
        call.abandoned = true
        const place = this.#waiting.indexOf(call)
        if (place >= 0) this.#waiting.splice(place, 1)
        reject(signal!.reason)
      }
      const settled = () => signal?.removeEventListener('abort', abandon)
      const call: Call = { method, argument, resolve, reject, settled, abandoned: false }
      signal?.addEventListener('abort', abandon, { once: true })
      this.#waiting.push(call)
      this.#next()
    })
  }

  #next(): void {
    if (this.#running || this.#lost) return
    this.#running = this.#waiting.shift()
    this.#port.hold(this.#running !== undefined)
    if (!this.#running) return
    const { method, argument } = this.#running
    this.#watch()
    this.#port.post({ id: 0, method, argument })
  }

  #watch(): void {
    const seconds = this.#watchdogSeconds
    if (seconds === undefined) return
    this.#watchdog = setTimeout(() => this.#end(`a call did not end within ${seconds} s`), seconds * 1000)
  }

  #receive(message: FromWorker): void {
    if ('version' in message) this.#starting?.resolve(message.version)
    else if (message.id === -1) this.#starting?.reject('error' in message ? unpackError(message.error) : undefined)
    else this.#finish(message)
  }

  #finish(message: Exclude<FromWorker, { version: string }>): void {
    const call = this.#running
    if (!call) return
    this.#running = undefined
    clearTimeout(this.#watchdog)
    call.settled()
    if ('error' in message) {
      call.reject(unpackError(message.error))
      // A runtime that lost its device does not find it again: the next model is opened in a new thread.
      if (message.error.code === 'device-lost') this.#end(message.error.message)
    } else if (call.abandoned) this.#letGo(call.method, message.result)
    else call.resolve(message.result)
    this.#next()
  }

  /** Lets go of what a call made that nobody waits for any more. */
  #letGo(method: HostMethod, result: unknown): void {
    if (method === 'open') this.call('close', (result as HostSession).session).catch(() => {})
    if (method !== 'run') return
    const tensors = Object.values(result as Record<string, HostTensor>)
    const held = tensors.flatMap((tensor) => ('held' in tensor ? [tensor.held] : []))
    if (held.length > 0) this.call('release', held).catch(() => {})
  }

  #end(reason: string): void {
    if (this.#lost) return
    const lost = new PerStreamError(
      'device-lost',
      `The thread that runs ONNX models ended: ${reason}. Open the model again`,
    )
    this.#lost = lost
    clearTimeout(this.#watchdog)
    this.#port.stop()
    this.#starting?.reject(lost)
    const calls = [...(this.#running ? [this.#running] : []), ...this.#waiting.splice(0)]
    this.#running = undefined
    for (const call of calls) {
      call.settled()
      call.reject(lost)
    }
    this.#port.hold(false)
    for (const listener of this.#lostListeners) listener()
  }
}
