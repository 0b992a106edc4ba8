import { type CallOptions, PerStreamError, type Tensor, type TensorHandle, type TensorSession } from '@perstream/spec'
import { checkOutputs, createFeedCheck } from './feeds'
import type { HeldTensor, Host, HostFeed, HostRun, HostSession } from './host'
import type { NamedDevice } from './named-device'

/** What a session is made from. */
interface OnnxSessionParts {
  readonly host: Host
  readonly opened: HostSession
  readonly device: NamedDevice
  /** How the model is named in messages. */
  readonly label: string
  /** Is called once, after the session has closed. */
  readonly onClosed: () => void
}

type Feeds = Readonly<Record<string, Tensor | TensorHandle>>
type RunOptions = Parameters<TensorSession['run']>[1]

/** Wraps a session that a host has opened. */
export function createOnnxSession({ host, opened, device, label, onClosed }: OnnxSessionParts): TensorSession {
  const { session, inputs, outputs } = opened
  const checkFeeds = createFeedCheck(inputs)
  const allOutputs = outputs.map(({ name }) => name)
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  const start = async (
    feeds: Feeds,
    { signal, outputs: asked = allOutputs }: NonNullable<RunOptions>,
    hold: boolean,
  ) => {
    signal?.throwIfAborted()
    if (closing) throw new PerStreamError('input-invalid', `The session of ${label} is closed: open the model again`)
    checkOutputs(allOutputs, asked)
    checkFeeds(feeds)
    const run = { session, feeds: await toHost(host, feeds, signal), outputs: asked, hold }
    return finish(host, run, signal)
  }
  const tracked = <Value>(work: Promise<Value>): Promise<Value> => {
    running.add(work)
    const done = () => void running.delete(work)
    work.then(done, done)
    return work
  }

  return {
    device,
    inputs,
    outputs,
    run: (feeds, options = {}) => tracked(start(feeds, options, false)) as Promise<Record<string, Tensor>>,
    async runHeld(feeds, options = {}) {
      const results = await tracked(start(feeds, options, true))
      const handles: Record<string, TensorHandle> = {}
      for (const name in results) {
        const tensor = results[name]!
        handles[name] = 'held' in tensor ? new HeldHandle(host, tensor) : new ValueHandle(tensor)
      }
      return handles
    },
    [Symbol.asyncDispose]() {
      closing ??= close(host, session, running).finally(onClosed)
      return closing
    },
  }
}

async function finish(host: Host, run: HostRun, signal: AbortSignal | undefined) {
  signal?.throwIfAborted()
  const results = await host.run(run, signal)
  if (signal?.aborted) {
    host.release(Object.values(results).flatMap((tensor) => ('held' in tensor ? [tensor.held] : [])))
    throw signal.reason
  }
  return results
}

async function close(host: Host, session: number, running: ReadonlySet<Promise<unknown>>): Promise<void> {
  await Promise.allSettled(running)
  try {
    await host.close(session)
  } catch (error) {
    // A session whose device is gone is closed.
    if (!PerStreamError.isInstance(error) || error.code !== 'device-lost') throw error
  }
}

/** Gives the host what lies with it by number, and brings over what lies elsewhere. */
function toHost(
  host: Host,
  feeds: Feeds,
  signal: AbortSignal | undefined,
): Record<string, HostFeed> | Promise<Record<string, HostFeed>> {
  const ready: Record<string, HostFeed> = {}
  const foreign: [name: string, handle: TensorHandle][] = []
  for (const name in feeds) {
    const feed = feeds[name]!
    if (feed instanceof HeldHandle && feed.host === host) ready[name] = { held: feed.number }
    else if ('read' in feed) foreign.push([name, feed])
    else ready[name] = feed
  }
  if (foreign.length === 0) return ready
  return Promise.all(foreign.map(async ([name, handle]) => (ready[name] = await handle.read({ signal })))).then(
    () => ready,
  )
}

/** A tensor that stays where the runtime made it. */
class HeldHandle implements TensorHandle {
  readonly host: Host
  readonly type: TensorHandle['type']
  readonly shape: readonly number[]
  readonly #number: number
  #disposed = false

  constructor(host: Host, { held, type, shape }: HeldTensor) {
    this.host = host
    this.#number = held
    this.type = type
    this.shape = shape
  }

  /** @throws PerStreamError `input-invalid` once it is disposed */
  get number(): number {
    if (this.#disposed) throw disposed()
    return this.#number
  }

  async read({ signal }: CallOptions = {}): Promise<Tensor> {
    signal?.throwIfAborted()
    const tensor = await this.host.read(this.number, signal)
    signal?.throwIfAborted()
    return tensor
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    this.host.release([this.#number])
  }
}

/** A tensor that is in memory already. */
class ValueHandle implements TensorHandle {
  readonly type: TensorHandle['type']
  readonly shape: readonly number[]
  #tensor: Tensor | undefined

  constructor(tensor: Tensor) {
    this.type = tensor.type
    this.shape = tensor.shape
    this.#tensor = tensor
  }

  async read({ signal }: CallOptions = {}): Promise<Tensor> {
    signal?.throwIfAborted()
    if (!this.#tensor) throw disposed()
    return this.#tensor
  }

  [Symbol.dispose](): void {
    this.#tensor = undefined
  }
}

function disposed(): PerStreamError {
  return new PerStreamError('input-invalid', 'The tensor handle was disposed: read or feed it before that')
}
