import {
  type ModelSource,
  type OpenModelOptions,
  PerStreamError,
  type Tensor,
  type TensorHandle,
  type TensorRuntime,
  type TensorSession,
} from '@perstream/spec'
import type { ModelPlace } from './placement'

/** Options of {@link createReplicas}. */
export interface ReplicaOptions extends OpenModelOptions {
  /** Runs the copies whose place names no runtime of its own. */
  readonly runtime: TensorRuntime
  /** Where the copies run; one place, several times, makes several there. */
  readonly places: readonly ModelPlace[]
}

type Feeds = Readonly<Record<string, Tensor | TensorHandle>>
type RunOptions = Parameters<TensorSession['run']>[1]

/** One call that waits for a copy. */
interface Job {
  readonly work: (session: TensorSession) => Promise<unknown>
  /** The copy that made what the call is fed: no other one can run it. */
  readonly owner: Replica | undefined
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Replica {
  readonly session: TensorSession
  busy: boolean
}

/**
 * Opens copies of a model on several devices and runs them behind one queue, as one session: each call goes to the first
 * copy that is free, so calls that are made at the same time run side by side. A copy whose device is lost is dropped and
 * its work done again elsewhere; when none is left, calls reject with `device-lost`. Held tensors are fed to the copy that
 * made them. Copies on the CPU run side by side only in runtimes of their own: one runtime has one thread a device.
 * @throws what `open` throws, after closing the copies that did open
 */
export async function createReplicas(model: ModelSource, options: ReplicaOptions): Promise<TensorSession> {
  const { runtime, places, ...opening } = options
  if (places.length === 0) throw new TypeError('places is empty: name a device for each copy')
  const opened = await Promise.allSettled(
    places.map(({ runtime: own = runtime, ...place }) => own.open(model, { ...opening, ...place })),
  )
  const sessions = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = opened.find((result) => result.status === 'rejected')
  if (failed) {
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()))
    throw failed.reason
  }
  const { device, inputs, outputs } = sessions[0]!
  const queue = new ReplicaQueue(sessions)
  return {
    device,
    inputs,
    outputs,
    run: (feeds, options) => queue.run(feeds, options),
    runHeld: (feeds, options) => queue.runHeld(feeds, options),
    async [Symbol.asyncDispose]() {
      await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()))
    },
  }
}

class ReplicaQueue {
  readonly #waiting: Job[] = []
  readonly #owners = new WeakMap<TensorHandle, Replica>()
  #replicas: Replica[]

  constructor(sessions: readonly TensorSession[]) {
    this.#replicas = sessions.map((session) => ({ session, busy: false }))
  }

  run(feeds: Feeds, options?: RunOptions): Promise<Record<string, Tensor>> {
    return this.#start(feeds, options, (session) => session.run(feeds, options))
  }

  runHeld(feeds: Feeds, options?: RunOptions): Promise<Record<string, TensorHandle>> {
    return this.#start(feeds, options, async (session) => {
      const handles = await session.runHeld(feeds, options)
      const owner = this.#replicas.find((replica) => replica.session === session)
      if (owner) for (const handle of Object.values(handles)) this.#owners.set(handle, owner)
      return handles
    })
  }

  #start<Result>(
    feeds: Feeds,
    options: RunOptions,
    work: (session: TensorSession) => Promise<Result>,
  ): Promise<Result> {
    const signal = options?.signal
    const owner = this.#ownerOf(feeds)
    return new Promise<unknown>((resolve, reject) => {
      signal?.throwIfAborted()
      const abandon = () => {
        const place = this.#waiting.indexOf(job)
        if (place >= 0) this.#waiting.splice(place, 1)
        reject(signal!.reason)
      }
      const settle =
        <Value>(end: (value: Value) => void) =>
        (value: Value) => {
          signal?.removeEventListener('abort', abandon)
          end(value)
        }
      const job: Job = {
        work,
        owner,
        resolve: settle(resolve),
        reject: settle(reject),
      }
      signal?.addEventListener('abort', abandon, { once: true })
      this.#waiting.push(job)
      this.#next()
    }) as Promise<Result>
  }

  #ownerOf(feeds: Feeds): Replica | undefined {
    for (const name in feeds) {
      const feed = feeds[name]!
      const owner = 'read' in feed ? this.#owners.get(feed) : undefined
      if (owner) return owner
    }
    return undefined
  }

  #next(): void {
    for (const job of [...this.#waiting]) {
      const gone = this.#replicas.length === 0 || (job.owner !== undefined && !this.#replicas.includes(job.owner))
      const replica = this.#replicas.find((each) => !each.busy && (job.owner === undefined || job.owner === each))
      if (!gone && !replica) continue
      this.#waiting.splice(this.#waiting.indexOf(job), 1)
      if (replica) void this.#give(job, replica)
      else job.reject(lost(job.owner !== undefined))
    }
  }

  async #give(job: Job, replica: Replica): Promise<void> {
    replica.busy = true
    try {
      job.resolve(await job.work(replica.session))
    } catch (error) {
      if (PerStreamError.isInstance(error) && error.code === 'device-lost') {
        this.#replicas = this.#replicas.filter((each) => each !== replica)
        this.#waiting.unshift(job)
      } else job.reject(error)
    }
    replica.busy = false
    this.#next()
  }
}

function lost(bound: boolean): PerStreamError {
  const problem = bound ? 'The device that holds these tensors is lost' : 'The devices of all copies are lost'
  return new PerStreamError('device-lost', `${problem}: open the model again`)
}
