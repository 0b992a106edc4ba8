import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/** How far rendering may run ahead of who takes the frames. */
const ahead = 12

interface Rendered {
  readonly index: number
  readonly frame: Uint8Array
}

/** What a farm renders: frames `from` to `to` (exclusive) of the clip of a seed. */
interface FrameRange {
  readonly seed: number
  readonly from: number
  readonly to: number
}

/** Renders frames on one thread for each processor and yields them in order. Leaving the loop ends the threads. */
export async function* renderFrames({ seed, from, to }: FrameRange, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted()
  const done = new Map<number, Uint8Array>()
  let wake = () => {}
  let failure: unknown
  let next = from
  let taken = from
  const waiting: Worker[] = []
  const feed = () => {
    while (waiting.length > 0 && next < to && next - taken < ahead) waiting.pop()!.postMessage(next++)
  }
  const fail = (error: unknown) => {
    failure ??= error
    wake()
  }
  const hire = () => {
    const worker = new Worker(new URL('./render-worker.js', import.meta.url), { workerData: { seed } })
    worker.on('error', fail)
    worker.on('message', ({ index, frame }: Rendered) => {
      done.set(index, frame)
      waiting.push(worker)
      feed()
      wake()
    })
    waiting.push(worker)
    return worker
  }
  const stop = () => fail(signal!.reason)
  signal?.addEventListener('abort', stop, { once: true })
  const workers = Array.from({ length: Math.max(1, Math.min(8, availableParallelism(), to - from)) }, hire)
  try {
    feed()
    while (taken < to) {
      const frame = done.get(taken)
      if (failure !== undefined) throw failure
      if (frame) {
        done.delete(taken++)
        feed()
        yield frame
      } else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}
