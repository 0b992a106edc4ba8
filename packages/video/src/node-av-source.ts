import type { Worker } from 'node:worker_threads'
import {
  type CallOptions,
  type Frame,
  type FrameSource,
  type OpenSourceOptions,
  PerStreamError,
  type RgbImage,
} from '@perstream/spec'
import { bufferOf, type FrameData, type Reply, type Request, type SourceInfo } from './node-av-protocol'
import { createSourceFrame, iteratedBefore } from './source-frame'
import { canBeHeard } from './source-info'
import type { SourceSound } from './source-sound'

/** Why the decoding thread could not open the source. */
export interface Refused {
  readonly refused: 'unreadable' | 'no-video' | 'missing'
  readonly reason: string
}

/** Frames decoded ahead of the one being looked at, so that decoding and selecting go on side by side. */
const ahead = 4

/** Waits until the thread has opened its source, and makes the source over it, with its sound where it has any. */
export async function openThread(
  location: string,
  worker: Worker,
  options: OpenSourceOptions,
  sound: SourceSound,
): Promise<FrameSource | Refused> {
  const thread = new Thread(location, worker, options)
  try {
    const opened = await thread.opened
    if ('refused' in opened) await thread.stop()
    return 'refused' in opened ? opened : thread.source(opened, canBeHeard(opened) ? sound : undefined)
  } catch (error) {
    await thread.stop()
    throw error
  }
}

/** How long a thread may take to end by itself, in milliseconds. */
const patience = 2000

type Pending<Value> = { resolve(value: Value): void; reject(error: unknown): void }

/** The main thread's side of one decoding thread. */
class Thread {
  readonly opened: Promise<SourceInfo | Refused>
  private opening: Pending<SourceInfo | Refused> | undefined
  private next: Pending<FrameData | undefined> | undefined
  private readonly arrived: FrameData[] = []
  private readonly copies = new Map<number, Pending<RgbImage | undefined>>()
  private copyCount = 0
  private held = 0
  private waiters = 0
  private ended = false
  private failure: { error: unknown } | undefined
  private stopping: Promise<void> | undefined
  private iterated = false
  private exited = false
  private readonly onAbort = () => this.fail(this.options.signal?.reason)

  constructor(
    readonly location: string,
    private readonly worker: Worker,
    private readonly options: OpenSourceOptions,
  ) {
    this.opened = new Promise((resolve, reject) => {
      this.opening = { resolve, reject }
    })
    worker.on('message', (reply: Reply) => this.receive(reply))
    worker.on('error', (error) => this.fail(this.crashed(error)))
    worker.on('exit', () => {
      this.exited = true
      if (!this.stopping) this.fail(this.crashed(undefined))
    })
    options.signal?.addEventListener('abort', this.onAbort, { once: true })
    if (options.signal?.aborted) this.onAbort()
  }

  source(info: SourceInfo, sound: SourceSound | undefined): FrameSource {
    const { location } = this
    const stop = () => this.stop()
    this.worker.unref()
    return {
      location,
      startedAt: info.startedAt === undefined ? undefined : new Date(info.startedAt),
      duration: info.duration,
      width: info.width,
      height: info.height,
      frameRate: info.frameRate,
      [Symbol.asyncIterator]: () => this.frames(),
      ...(sound && { audio: sound.audio }),
      [Symbol.asyncDispose]: async () => {
        await Promise.all([stop(), sound?.close()])
      },
    }
  }

  /** Ends the thread and frees everything. Idempotent. */
  stop(): Promise<void> {
    this.stopping ??= (async () => {
      this.options.signal?.removeEventListener('abort', this.onAbort)
      this.settle()
      await this.endThread()
    })()
    return this.stopping
  }

  /** Asks the thread to free everything and end; one that hangs in a network call is ended from outside. */
  private async endThread(): Promise<void> {
    if (this.exited) return
    const exit = new Promise<void>((resolve) => this.worker.once('exit', () => resolve()))
    this.worker.ref()
    this.worker.postMessage({ type: 'close' } satisfies Request)
    const timer = setTimeout(() => void this.worker.terminate(), patience)
    await exit
    clearTimeout(timer)
  }

  private async *frames(): AsyncGenerator<Frame, void, void> {
    if (this.iterated) throw iteratedBefore(this.location)
    this.iterated = true
    let finished = false
    try {
      for (let i = 0; i < ahead; i++) this.send({ type: 'more' })
      for (let data = await this.take(); data; data = await this.take()) {
        this.send({ type: 'more' })
        this.held++
        yield createSourceFrame(data, this)
      }
      finished = true
    } finally {
      // Frames still held after the last one keep the thread, for their larger copies, until they are released.
      if (!finished || this.held === 0) await this.stop()
    }
  }

  private async take(): Promise<FrameData | undefined> {
    if (this.failure) throw this.failure.error
    const first = this.arrived.shift()
    if (first || this.ended || this.stopping) return first
    return await this.waiting(
      new Promise((resolve, reject) => {
        this.next = { resolve, reject }
      }),
    )
  }

  async enlarge(frame: FrameData, height: number, { signal }: CallOptions): Promise<RgbImage | undefined> {
    if (this.failure) throw this.failure.error
    if (this.stopping) return undefined
    const id = this.copyCount++
    this.send({ type: 'pixels', index: frame.index, height, id })
    const copy = new Promise<RgbImage | undefined>((resolve, reject) => this.copies.set(id, { resolve, reject }))
    const abort = () => this.copies.get(id)?.reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    try {
      return await this.waiting(copy)
    } finally {
      signal?.removeEventListener('abort', abort)
      this.copies.delete(id)
    }
  }

  released({ index }: FrameData, images: readonly RgbImage[]): void {
    this.held--
    if (this.stopping) return
    const buffers = images.map(bufferOf).filter((buffer) => buffer !== undefined)
    if (this.ended && this.held === 0 && this.arrived.length === 0) void this.stop()
    else this.send({ type: 'release', index, buffers }, buffers)
  }

  /** Keeps the process alive while something is waited for, and only then: frames and larger copies may be waited for at once. */
  private async waiting<Value>(promise: Promise<Value>): Promise<Value> {
    this.waiters++
    this.worker.ref()
    try {
      return await promise
    } finally {
      if (--this.waiters === 0) this.worker.unref()
    }
  }

  private send(request: Request, transfer: readonly ArrayBuffer[] = []): void {
    if (!this.stopping) this.worker.postMessage(request, transfer)
  }

  private receive(reply: Reply): void {
    if (reply.type === 'opened') this.opening?.resolve(reply.info)
    else if (reply.type === 'refused') this.opening?.resolve({ refused: reply.code, reason: reply.reason })
    else if (reply.type === 'warning') this.options.onWarning?.(reply.warning)
    else if (reply.type === 'pixels') this.copies.get(reply.id)?.resolve(reply.image)
    else if (reply.type === 'frame') this.arrive(reply.frame)
    else {
      this.ended = true
      this.next?.resolve(undefined)
    }
  }

  private arrive(frame: FrameData): void {
    if (!this.next) this.arrived.push(frame)
    this.next?.resolve(frame)
    this.next = undefined
  }

  private fail(error: unknown): void {
    if (this.failure) return
    this.failure = { error }
    this.opening?.reject(error)
    this.next?.reject(error)
    for (const copy of this.copies.values()) copy.reject(error)
    void this.stop()
  }

  /** Lets go of everyone who still waits. */
  private settle(): void {
    this.arrived.length = 0
    this.next?.resolve(undefined)
    for (const copy of this.copies.values()) copy.resolve(undefined)
  }

  private crashed(cause: unknown): PerStreamError {
    return new PerStreamError(
      'source-unreadable',
      `Decoding ${this.location} stopped: ${cause instanceof Error ? cause.message : 'its thread ended'}.`,
      {
        fields: { location: this.location },
        cause,
      },
    )
  }
}
