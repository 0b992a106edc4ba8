import { Worker } from 'node:worker_threads'
import { PerStreamError } from '@perstream/spec'
import type { AudioReply, AudioRequest, AudioWorkerInput } from './node-av-protocol'
import type { ReadSoundContext } from './source-sound'

/** Why the thread could not open the sound. */
export class SoundRefused extends Error {
  constructor(
    readonly code: 'unreadable' | 'no-sound' | 'missing',
    reason: string,
  ) {
    super(reason)
  }
}

/** What reading sound in a thread needs. */
export interface ReadSoundOptions extends AudioWorkerInput, ReadSoundContext {
  /** How the source is called. */
  readonly name: string
  /** Told at the end when parts could not be decoded. */
  readonly onDamage: (count: number, seconds: number) => void
}

/** Chunks decoded ahead of the one that is listened to. */
const ahead = 2
/** How long a thread may take to end by itself, in milliseconds. */
const patience = 2000

/**
 * Decodes sound in a thread of its own, which ends when the loop is left.
 * @throws SoundRefused when it cannot be opened
 */
export async function* readSound(options: ReadSoundOptions): AsyncGenerator<Float32Array, void, void> {
  const { signal, resources } = options
  signal.throwIfAborted()
  const thread = startThread(options)
  const abort = () => {
    thread.fail(signal.reason)
    void thread.stop()
  }
  signal.addEventListener('abort', abort, { once: true })
  resources.add(thread.stop)
  try {
    for (let i = 0; i < ahead; i++) thread.send({ type: 'more' })
    for (let reply = await thread.next(); reply.type === 'chunk'; reply = await thread.next()) {
      thread.send({ type: 'more' })
      yield reply.samples
    }
  } finally {
    signal.removeEventListener('abort', abort)
    await thread.stop()
    resources.delete(thread.stop)
  }
}

type ChunkOrEnd = Extract<AudioReply, { type: 'chunk' | 'end' }>

function startThread({ location, range, name, onDamage }: ReadSoundOptions) {
  const workerData: AudioWorkerInput = { location, range }
  const worker = new Worker(new URL('./node-av-audio-worker.js', import.meta.url), {
    workerData,
    name: 'perstream-sound',
  })
  const arrived: ChunkOrEnd[] = []
  let failure: { readonly error: unknown } | undefined
  let wake: (() => void) | undefined
  let stopping: Promise<void> | undefined
  let exited = false
  const fail = (error: unknown) => {
    failure ??= { error }
    wake?.()
  }
  worker.on('message', (reply: AudioReply) => {
    if (reply.type === 'refused') return fail(new SoundRefused(reply.code, reply.reason))
    if (reply.type === 'end' && reply.damaged > 0) onDamage(reply.damaged, reply.seconds)
    arrived.push(reply)
    wake?.()
  })
  worker.on('error', (error) => fail(crashed(name, error)))
  const exit = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      exited = true
      fail(crashed(name, undefined))
      resolve()
    })
  })
  worker.unref()
  const send = (request: AudioRequest) => worker.postMessage(request)
  return {
    send,
    fail,
    /** The next reply. Keeps the process alive while it is waited for, and only then. */
    async next(): Promise<ChunkOrEnd> {
      worker.ref()
      for (;;) {
        const first = failure ? undefined : arrived.shift()
        if (!first && !failure) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          continue
        }
        worker.unref()
        if (first) return first
        throw failure!.error
      }
    },
    /** Asks the thread to free everything and end; one that hangs is ended from outside. */
    stop(): Promise<void> {
      stopping ??= (async () => {
        if (exited) return
        worker.ref()
        send({ type: 'close' })
        const timer = setTimeout(() => void worker.terminate(), patience)
        await exit
        clearTimeout(timer)
      })()
      return stopping
    },
  }
}

function crashed(location: string, cause: unknown): PerStreamError {
  const reason = cause instanceof Error ? cause.message : 'its thread ended'
  return new PerStreamError('source-unreadable', `Decoding the sound of ${location} stopped: ${reason}.`, {
    fields: { location },
    cause,
  })
}
