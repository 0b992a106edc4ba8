import type { InTurn } from './local-host'

/** Runs work of one thread one after the other. */
export function createQueue(): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next.catch(() => {})
    return next
  }
}

const queueKey = Symbol.for('perstream.onnxruntime-web.queue')

/**
 * One queue for everything that onnxruntime-web does in this thread: overlapping runs on WebGPU freeze the page, whatever
 * session they are of. It lies where every copy of this package finds it, since all of them enter one runtime.
 */
export function webQueue(): InTurn {
  const shared = globalThis as { [queueKey]?: ReturnType<typeof createQueue> }
  shared[queueKey] ??= createQueue()
  const queue = shared[queueKey]
  return (_, work) => queue(work)
}

const lockKey = Symbol.for('perstream.onnxruntime-node.webgpu')

/** A lock that threads of this process share: its holder, or 0; and the last number that was given to a thread. */
export function webgpuLock(): Int32Array {
  const shared = globalThis as { [lockKey]?: Int32Array }
  shared[lockKey] ??= new Int32Array(new SharedArrayBuffer(8))
  return shared[lockKey]
}

/** Gives a thread its number for {@link lockedTurns}. */
export function claimNumber(lock: Int32Array): number {
  return Atomics.add(lock, 1, 1) + 1
}

/** Lets go of a lock that a thread held when it ended. */
export function unlock(lock: Int32Array, owner: number): void {
  if (Atomics.compareExchange(lock, 0, owner, 0) === owner) Atomics.notify(lock, 0)
}

/**
 * Turns for onnxruntime-node, whose runs take their thread until they end. Its WebGPU device belongs to the process, and
 * two threads on it at once end the process: they take turns by a lock.
 */
export function lockedTurns(lock: Int32Array, owner: number): InTurn {
  const queue = createQueue()
  const locked = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    while (Atomics.compareExchange(lock, 0, 0, owner) !== 0) await new Promise((resolve) => setTimeout(resolve, 1))
    try {
      return await work()
    } finally {
      unlock(lock, owner)
    }
  }
  return (device, work) => (device === 'webgpu' ? queue(() => locked(work)) : work())
}
