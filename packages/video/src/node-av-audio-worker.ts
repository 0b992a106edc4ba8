import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { type AudioDecoding, openAudioDecoding } from './node-av-audio-decoder'
import { Refusal } from './node-av-input'
import { loadNodeAv } from './node-av-library'
import type { AudioReply, AudioRequest, AudioWorkerInput } from './node-av-protocol'

/** The thread that decodes sound: works while there is demand, and looks up between packets. */
class SoundThread {
  private demand = 0
  private over = false
  private closed = false
  private readonly chunks: Generator<Float32Array | undefined, void, void>

  constructor(
    private readonly port: MessagePort,
    private readonly decoding: AudioDecoding,
  ) {
    this.chunks = decoding.chunks()
    port.on('message', (request: AudioRequest) => {
      this.serve(request)
      this.work()
    })
  }

  private work(): void {
    while (this.demand > 0 && !this.over) {
      const next = this.chunks.next()
      if (next.done) this.end()
      else if (next.value) this.hand(next.value as Float32Array<ArrayBuffer>)
      for (let waiting = receiveMessageOnPort(this.port); waiting; waiting = receiveMessageOnPort(this.port))
        this.serve(waiting.message as AudioRequest)
    }
  }

  private serve({ type }: AudioRequest): void {
    if (type === 'more') this.demand++
    else this.close()
  }

  private hand(samples: Float32Array<ArrayBuffer>): void {
    this.demand--
    this.port.postMessage({ type: 'chunk', samples } satisfies AudioReply, [samples.buffer])
  }

  private end(): void {
    this.over = true
    const { count, seconds } = this.decoding.damage
    this.port.postMessage({ type: 'end', damaged: count, seconds } satisfies AudioReply)
  }

  /** Frees all native memory before the thread ends. */
  private close(): void {
    if (this.closed) return
    this.closed = true
    this.over = true
    this.chunks.return()
    this.decoding.close()
    this.port.close()
  }
}

async function main(port: MessagePort, { location, range }: AudioWorkerInput): Promise<void> {
  const refuse = (code: 'unreadable' | 'no-sound' | 'missing', reason: string) =>
    port.postMessage({ type: 'refused', code, reason } satisfies AudioReply)
  const av = await loadNodeAv().catch((error: Error) => refuse('missing', error.message))
  if (!av) return
  try {
    new SoundThread(port, openAudioDecoding(av, location, range))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    refuse(error.code === 'no-sound' ? 'no-sound' : 'unreadable', error.message)
  }
}

// A failure in here reaches the main thread as the worker's error event.
if (parentPort) void main(parentPort, workerData as AudioWorkerInput)
