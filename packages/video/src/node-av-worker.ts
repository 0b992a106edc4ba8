import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { RgbImage } from '@perstream/spec'
import type { Frame as AvFrame } from 'node-av/lib'
import { createBufferPool } from './buffer-pool'
import { type DecodedFrame, type Decoding, openDecoding } from './node-av-decoder'
import { Refusal } from './node-av-input'
import { loadNodeAv, type NodeAv } from './node-av-library'
import { bufferOf, type Reply, type Request, type WorkerInput } from './node-av-protocol'
import { createFrameScaler, type FrameScaler } from './node-av-scaler'
import { retainedBytes, retainedFrames } from './source-frame'

/** The decoding thread: decodes while there is demand, and between packets serves what the main thread asks. */
class DecodingThread {
  private demand = 0
  private ended = false
  private readonly frames: Generator<DecodedFrame | undefined, void, void>
  private readonly retained = new Map<number, AvFrame>()
  private readonly buffers = createBufferPool()
  private readonly scaler: FrameScaler

  constructor(
    private readonly port: MessagePort,
    av: NodeAv,
    private readonly decoding: Decoding,
    private readonly height: number,
  ) {
    this.frames = decoding.frames()
    this.scaler = createFrameScaler(av, this.buffers)
    port.on('message', (request: Request) => {
      this.serve(request)
      this.work()
    })
  }

  private work(): void {
    while (this.demand > 0 && !this.ended) {
      const next = this.frames.next()
      if (next.done) {
        this.ended = true
        this.reply({ type: 'end' })
      } else if (next.value) this.hand(next.value)
      for (let waiting = receiveMessageOnPort(this.port); waiting; waiting = receiveMessageOnPort(this.port))
        this.serve(waiting.message as Request)
    }
  }

  private serve(request: Request): void {
    if (request.type === 'more') this.demand++
    else if (request.type === 'close') this.close()
    else if (request.type === 'release') this.release(request)
    else {
      const kept = this.retained.get(request.index)
      const image = kept && this.scaler.scale(kept, request.height, this.decoding.input.orientation)
      this.reply({ type: 'pixels', id: request.id, image }, image)
    }
  }

  private hand({ av, index, seconds }: DecodedFrame): void {
    const { orientation } = this.decoding.input
    const small = this.scaler.scale(av, this.height, orientation)
    const turned = orientation?.a === 0
    const width = turned ? av.height : av.width
    const height = turned ? av.width : av.height
    if (small.height < height) this.retain(index, av)
    this.demand--
    this.reply({ type: 'frame', frame: { index, seconds, width, height, small } }, small)
  }

  /** Keeps a decoded frame for larger copies; beyond the bound the oldest goes. */
  private retain(index: number, av: AvFrame): void {
    const room = Math.max(2, Math.min(retainedFrames, Math.floor(retainedBytes / (av.width * av.height * 1.5))))
    for (const oldest of this.retained.keys()) {
      if (this.retained.size < room) break
      this.free(oldest)
    }
    const copy = av.clone()
    if (copy) this.retained.set(index, copy)
  }

  /** Frees all native memory before the thread ends: ending it from outside while FFmpeg holds some can crash the process. */
  private close(): void {
    this.ended = true
    this.frames.return()
    this.decoding.close()
    for (const index of [...this.retained.keys()]) this.free(index)
    this.scaler.close()
    this.port.close()
  }

  private release({ index, buffers }: Extract<Request, { type: 'release' }>): void {
    this.free(index)
    for (const buffer of buffers) this.buffers.give(buffer)
  }

  private free(index: number): void {
    this.retained.get(index)?.free()
    this.retained.delete(index)
  }

  private reply(reply: Reply, image?: RgbImage): void {
    const buffer = image && bufferOf(image)
    this.port.postMessage(reply, buffer ? [buffer] : [])
  }
}

async function main(port: MessagePort, { location, sampling, threads }: WorkerInput): Promise<void> {
  const reply = (message: Reply) => port.postMessage(message)
  const av = await loadNodeAv().catch((error: Error) => {
    reply({ type: 'refused', code: 'missing', reason: error.message })
  })
  if (!av) return
  try {
    const decoding = openDecoding(av, location, sampling, threads, (warning) => reply({ type: 'warning', warning }))
    new DecodingThread(port, av, decoding, sampling.height)
    reply({ type: 'opened', info: decoding.input.info })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    reply({ type: 'refused', code: error.code === 'no-video' ? 'no-video' : 'unreadable', reason: error.message })
  }
}

// A failure in here reaches the main thread as the worker's error event.
if (parentPort) void main(parentPort, workerData as WorkerInput)
