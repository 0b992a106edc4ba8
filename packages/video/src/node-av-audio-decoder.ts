import type { Frame, Packet } from 'node-av/lib'
import type { Location } from './location'
import { type AudioInput, openAudioInput } from './node-av-input'
import type { NodeAv } from './node-av-library'
import { createResampler, type Resampler } from './node-av-resampler'
import { type SoundRange, soundLength } from './sound'

/** Decodes the sound of a source step by step. */
export interface AudioDecoding {
  /** Yields undefined after each packet, so that the caller can look up, and each chunk of about a second. */
  chunks(): Generator<Float32Array | undefined, void, void>
  /** Parts that could not be decoded so far, and about where the last one lay. */
  readonly damage: { readonly count: number; readonly seconds: number }
  /** Frees everything. Call it once, after the generator has ended or was left. */
  close(): void
}

/** Seconds before the first sample wanted at which decoding begins: codecs need a little sound to be right. */
const preroll = 1

/** Seconds by which sound may go on behind the length that its container states. */
const slack = 60

/** Opens the sound of a source for decoding. @throws Refusal */
export function openAudioDecoding(av: NodeAv, location: Location, range: SoundRange): AudioDecoding {
  return new AudioDecoder(av, openAudioInput(av, location), range)
}

class AudioDecoder implements AudioDecoding {
  damage = { count: 0, seconds: 0 }
  private readonly packet: Packet
  private readonly frame: Frame
  private resampler: Resampler | undefined
  /** The second at which the resampler begins. */
  private zero = 0
  private readonly gathered: Gathered
  private left: number
  private ended = false

  constructor(
    private readonly av: NodeAv,
    private readonly input: AudioInput,
    private readonly range: SoundRange,
  ) {
    this.packet = new av.lib.Packet()
    this.packet.alloc()
    this.frame = new av.lib.Frame()
    this.frame.alloc()
    this.left = soundLength(range)
    this.gathered = createGathered(range.sampleRate)
  }

  *chunks(): Generator<Float32Array | undefined, void, void> {
    this.seek()
    while (this.left > 0 && !this.ended && this.read()) {
      if (this.packet.streamIndex === this.input.stream.index) this.decode(this.packet)
      this.packet.unref()
      yield* this.gathered.whole()
      yield undefined
    }
    if (this.left > 0) this.decode(null)
    this.take(this.resampler?.flush() ?? [])
    yield* this.gathered.whole()
    yield* this.gathered.rest()
  }

  close(): void {
    this.resampler?.close()
    this.packet.free()
    this.frame.free()
    this.input.close()
  }

  private seek(): void {
    const { format, stream, unit, origin } = this.input
    const target = this.range.start - preroll
    if (target <= 0) return
    // What cannot be sought is decoded from its beginning: the resampler cuts what comes too early.
    format.seekFrameSync(
      stream.index,
      BigInt(Math.floor((target + origin) / unit)),
      this.av.constants.AVSEEK_FLAG_BACKWARD,
    )
  }

  /** Reads the next packet; false at the end. */
  private read(): boolean {
    const { AVERROR_EAGAIN } = this.av.constants
    for (;;) {
      const result = this.input.format.readFrameSync(this.packet)
      if (result !== AVERROR_EAGAIN) return result >= 0
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }

  private decode(packet: Packet | null): void {
    const { AVERROR_EAGAIN, AVERROR_EOF } = this.av.constants
    const seconds = packet ? this.secondsOf(packet.pts) : this.damage.seconds
    if (this.input.decoder.sendPacketSync(packet) < 0 && packet) this.damaged(seconds)
    for (;;) {
      const result = this.input.decoder.receiveFrameSync(this.frame)
      if (result === AVERROR_EAGAIN || result === AVERROR_EOF) return
      if (result < 0) {
        this.damaged(seconds)
        return
      }
      if (this.frame.decodeErrorFlags !== 0) this.damaged(seconds)
      this.resample()
      this.frame.unref()
    }
  }

  /** Puts the frame on the clock of what is made, and through the resampler; one whose format is new gets a new one. */
  private resample(): void {
    const { frame, input, range } = this
    if (this.resampler && !this.resampler.takes(frame)) {
      this.take(this.resampler.flush())
      this.resampler.close()
      this.resampler = undefined
    }
    if (!this.resampler) {
      this.zero = range.start + this.gathered.count / range.sampleRate
      this.resampler = createResampler(this.av, frame, input.stream.timeBase, range.sampleRate)
    }
    const none = this.av.constants.AV_NOPTS_VALUE
    const time = frame.pts === none ? frame.bestEffortTimestamp : frame.pts
    if (time === none || this.isAbsurd(time)) frame.pts = none
    else {
      frame.pts = time - BigInt(Math.round((input.origin + this.zero) / input.unit))
      if (this.secondsOf(time) >= range.end) this.ended = true
    }
    this.take(this.resampler.push(frame))
  }

  /** Whether a damaged time lies far behind the end: nobody wants hours of silence before it. */
  private isAbsurd(time: bigint): boolean {
    return this.secondsOf(time) > (this.input.duration ?? Number.POSITIVE_INFINITY) + slack
  }

  private take(samples: readonly Float32Array[]): void {
    for (const part of samples) {
      const taken = part.length <= this.left ? part : part.subarray(0, this.left)
      this.left -= taken.length
      this.gathered.add(taken)
    }
  }

  private secondsOf(time: bigint): number {
    if (time === this.av.constants.AV_NOPTS_VALUE) return this.damage.seconds
    return Number(time) * this.input.unit - this.input.origin
  }

  private damaged(seconds: number): void {
    this.damage = { count: this.damage.count + 1, seconds }
  }
}

/** Sound that is gathered into chunks of one length. */
interface Gathered {
  /** Samples in all. */
  readonly count: number
  add(samples: Float32Array): void
  /** Takes the chunks that are full. */
  whole(): Generator<Float32Array, void, void>
  /** Takes what is left. */
  rest(): Generator<Float32Array, void, void>
}

function createGathered(length: number): Gathered {
  const full: Float32Array[] = []
  let chunk = new Float32Array(length)
  let filled = 0
  let count = 0
  return {
    get count() {
      return count
    },
    add(samples) {
      count += samples.length
      for (let at = 0; at < samples.length; ) {
        const part = samples.subarray(at, at + length - filled)
        chunk.set(part, filled)
        at += part.length
        filled += part.length
        if (filled < length) continue
        full.push(chunk)
        chunk = new Float32Array(length)
        filled = 0
      }
    },
    *whole() {
      yield* full.splice(0)
    },
    *rest() {
      if (filled > 0) yield chunk.slice(0, filled)
      filled = 0
    },
  }
}
