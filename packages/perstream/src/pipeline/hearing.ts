import type { AudioChunk, FrameSource, SpeechRecognizer, Utterance } from '@perstream/spec'

/** What is said in a source, heard beside its frames. */
export interface Hearing {
  /**
   * Gives the sentences that ended by a second (inclusive) and were not given before, once all that was said until then is
   * heard; of an endless second, all that are left.
   */
  until(seconds: number): AsyncGenerator<Utterance, void, void>
  /** The second up to which the sound was listened to, once it has ended; undefined before, and when there was none. */
  readonly ended: number | undefined
  /** Stops listening and frees everything. Idempotent. */
  close(): Promise<void>
}

/** What is listened to. */
export interface HearingOptions {
  readonly speech: SpeechRecognizer
  readonly audio: NonNullable<FrameSource['audio']>
  /** First second that is listened to. Default: the first one the source was opened for. */
  readonly start?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Seconds of sound that are listened to ahead of the frames. A sentence that ended before is known by then: recognisers look at
 * most 30 seconds at a time, and hear the pause behind it.
 */
const ahead = 40

/** Begins to listen. A sentence that a recogniser gives later than it should comes late, and is not lost. */
export function createHearing({ speech, audio, start, signal }: HearingOptions): Hearing {
  const closing = new AbortController()
  const stop = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal
  const pace = createPace(ahead)
  const sound = pacedSound(audio({ start, signal: stop }), pace)
  const sentences = speech.transcribe(sound, { signal: stop })[Symbol.asyncIterator]()
  let pending: Promise<void> | undefined
  let next: Utterance | undefined
  let done = false
  /** Waits for the next sentence, or the end. */
  const listen = () => {
    pending ??= sentences.next().then((result) => {
      pending = undefined
      done = result.done === true
      if (!result.done) next = result.value
    })
    // A failure is told where it is waited for.
    pending.catch(() => {})
    return pending
  }
  const closed = async () => {
    closing.abort()
    pace.allow(Number.POSITIVE_INFINITY)
    await pending?.catch(() => {})
    await sentences.return?.()
  }
  let closure: Promise<void> | undefined
  listen()
  return {
    get ended() {
      return done ? pace.heard : undefined
    },
    async *until(seconds) {
      pace.allow(seconds + ahead)
      for (;;) {
        if (!next && !done) await Promise.race([listen(), pace.held()])
        if (!next || next.endSeconds > seconds) return
        const sentence = next
        next = undefined
        if (!done) listen()
        yield sentence
      }
    },
    close() {
      closure ??= closed()
      return closure
    },
  }
}

/** How far the sound may be listened to. */
interface Pace {
  /** The end of what was listened to. */
  heard: number | undefined
  allow(seconds: number): void
  /** Waits until the sound from this second on may be listened to. */
  until(seconds: number): Promise<void>
  /** Resolves when more sound is asked for than is allowed. */
  held(): Promise<undefined>
}

function createPace(first: number): Pace {
  let allowed = first
  let waiting: { seconds: number; go: () => void } | undefined
  let told: (() => void)[] = []
  return {
    heard: undefined,
    allow(seconds) {
      allowed = Math.max(allowed, seconds)
      if (!waiting || waiting.seconds > allowed) return
      waiting.go()
      waiting = undefined
    },
    until(seconds) {
      if (seconds <= allowed) return Promise.resolve()
      return new Promise((resolve) => {
        waiting = { seconds, go: resolve }
        for (const tell of told) tell()
        told = []
      })
    },
    held() {
      if (waiting) return Promise.resolve(undefined)
      return new Promise((resolve) => {
        told.push(() => resolve(undefined))
      })
    },
  }
}

async function* pacedSound(chunks: AsyncIterable<AudioChunk>, pace: Pace): AsyncGenerator<AudioChunk, void, void> {
  for await (const chunk of chunks) {
    await pace.until(chunk.startSeconds)
    pace.heard = chunk.startSeconds + chunk.samples.length / chunk.sampleRate
    yield chunk
  }
}
