import type { Warning } from '@perstream/spec'
import type { Frame as AvFrame, Packet } from 'node-av/lib'
import { createFrameCounter, type FrameCounter } from './frame-counter'
import type { Location } from './location'
import { type Input, openInput } from './node-av-input'
import type { NodeAv } from './node-av-library'
import { createSampler, type Sampling, timeTolerance } from './sampling'
import { corruptWarning, isTruncated, truncatedWarning } from './source-info'

/** A decoded frame that was sampled. It belongs to the decoder until the next step: clone it to keep it. */
export interface DecodedFrame {
  readonly av: AvFrame
  readonly index: number
  readonly seconds: number
}

/** Decodes a source step by step. */
export interface Decoding {
  readonly input: Input
  /** Yields undefined after each packet, so that the caller can look up, and each sampled frame. */
  frames(): Generator<DecodedFrame | undefined, void, void>
  /** Closes the source. Call it once, after the generator has ended or was left. */
  close(): void
}

/** Opens a source for decoding. @throws Refusal */
export function openDecoding(
  av: NodeAv,
  location: Location,
  sampling: Sampling,
  threads: number,
  warn: (warning: Warning) => void,
): Decoding {
  const open = () => openInput(av, location, threads)
  const decoder = new Decoder(av, location, sampling, open, warn)
  return { input: decoder.input, frames: () => decoder.run(), close: () => decoder.close() }
}

class Decoder {
  input: Input
  /** The packet just read, and the one before it, which waits until the times say whether it is needed. */
  private packet: Packet
  private waiting: Packet
  private readonly frame: AvFrame
  private readonly sample: (index: number, seconds: number) => boolean
  private counter: FrameCounter = createFrameCounter()
  /** Packets shown before this time were counted when the seek was planned. */
  private countFrom: bigint | undefined
  private frameNumber = 0
  private reached = 0
  private damage = 0
  private seconds = 0
  private done = false
  private skipping = false

  constructor(
    private readonly av: NodeAv,
    private readonly location: Location,
    private readonly sampling: Sampling,
    private readonly open: () => Input,
    private readonly warn: (warning: Warning) => void,
  ) {
    this.input = open()
    this.packet = createPacket(av)
    this.waiting = createPacket(av)
    this.frame = new av.lib.Frame()
    this.frame.alloc()
    this.sample = createSampler(sampling)
  }

  *run(): Generator<DecodedFrame | undefined, void, void> {
    if (this.sampling.start > 0 && this.location.file) yield* this.seek()
    yield* this.decodePackets()
    if (!this.done) yield* this.decode(null)
    this.reportEnd()
  }

  close(): void {
    this.packet.free()
    this.waiting.free()
    this.frame.free()
    this.input.close()
  }

  private *decodePackets(): Generator<DecodedFrame | undefined, void, void> {
    let waits = false
    while (!this.done && this.read()) {
      if (this.packet.streamIndex === this.input.stream.index) {
        this.countPacket()
        if (waits) yield* this.decodeWaiting()
        waits = true
        ;[this.packet, this.waiting] = [this.waiting, this.packet]
      }
      this.packet.unref()
      yield undefined
    }
    this.skip(false)
    if (waits && !this.done) yield* this.decode(this.waiting)
    this.waiting.unref()
  }

  private *decodeWaiting(): Generator<DecodedFrame, void, void> {
    this.skip(!this.isNeeded(this.waiting))
    yield* this.decode(this.waiting)
    this.waiting.unref()
  }

  /**
   * Tells the decoder to pass over packets that no other frame refers to. It still decodes those that others refer to, so
   * what is decoded is the same to the bit.
   */
  private skip(skipping: boolean): void {
    if (this.skipping === skipping) return
    this.skipping = skipping
    this.input.decoder.setOption('skip_frame', skipping ? 'noref' : 'default')
  }

  /**
   * Whether the frame of a packet is sampled, as far as can be said before it is decoded: its number is known once the
   * packet behind it is decoded after it is shown. Fields, which may come two packets to a frame, are all needed.
   */
  private isNeeded({ pts }: Packet): boolean {
    const { dts } = this.packet
    const none = this.av.constants.AV_NOPTS_VALUE
    if (this.sampling.stride === undefined || !this.input.progressive) return true
    if (pts === none || dts === none || dts < pts) return true
    return this.sample(this.counter.numberOf(pts), this.secondsOf(pts))
  }

  private secondsOf(time: bigint): number {
    return (Number(time) - this.input.origin) * this.input.unit
  }

  /** Reads the next packet; false at the end. */
  private read(): boolean {
    const { AVERROR_EAGAIN, AVERROR_EOF } = this.av.constants
    for (;;) {
      const result = this.input.format.readFrameSync(this.packet)
      if (result === AVERROR_EAGAIN) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
        continue
      }
      if (result < 0 && result !== AVERROR_EOF) this.damage++
      if (result < 0) return false
      this.measure()
      return true
    }
  }

  private measure(): void {
    const { pts, dts, duration, streamIndex } = this.packet
    const none = this.av.constants.AV_NOPTS_VALUE
    const time = pts === none ? dts : pts
    if (time === none) return
    const base = this.input.format.streams[streamIndex]?.timeBase
    if (!base) return
    const start = (this.input.origin * this.input.unit) as number
    const end = (Number(time + duration) * base.num) / base.den - start
    if (end > this.reached) this.reached = end
  }

  private countPacket(): void {
    const { constants } = this.av
    const { pts } = this.packet
    if (pts === constants.AV_NOPTS_VALUE || this.packet.hasFlags(constants.AV_PKT_FLAG_DISCARD)) return
    if (this.countFrom === undefined || pts >= this.countFrom) this.counter.packet(pts)
  }

  /** Hands a packet, or the end, to the decoder and yields what it gives back. */
  private *decode(packet: Packet | null): Generator<DecodedFrame, void, void> {
    if (this.input.decoder.sendPacketSync(packet) < 0 && packet) this.reportDamage()
    for (;;) {
      const result = this.input.decoder.receiveFrameSync(this.frame)
      const { AVERROR_EAGAIN, AVERROR_EOF } = this.av.constants
      if (result === AVERROR_EAGAIN || result === AVERROR_EOF) return
      if (result < 0) {
        this.reportDamage()
        return
      }
      if (this.frame.decodeErrorFlags !== 0) this.reportDamage()
      const decoded = this.place()
      if (this.done) return
      if (this.sample(decoded.index, decoded.seconds)) yield decoded
      this.frame.unref()
    }
  }

  /** Finds the number and the time of the frame just decoded. */
  private place(): DecodedFrame {
    const { input, frame } = this
    const none = this.av.constants.AV_NOPTS_VALUE
    const timed = frame.pts !== none
    // Frames without a time count on from the last number.
    const index = Math.max(this.frameNumber, timed ? this.counter.frame(frame.pts) : 0)
    this.frameNumber = index + 1
    const time = timed ? frame.pts : frame.bestEffortTimestamp
    const seconds = time === none ? index / (input.info.frameRate ?? 25) : this.secondsOf(time)
    this.seconds = seconds
    if (seconds >= this.sampling.end - timeTolerance) this.done = true
    return { av: frame, index, seconds }
  }

  /**
   * Goes to the start: reads all packets up to it without decoding (about 1/50 of the cost of decoding), which gives the
   * true number of each later frame, then seeks to the last key packet at or before it. Streams whose packets carry no
   * presentation times are decoded from the beginning instead.
   */
  private *seek(): Generator<undefined, void, void> {
    const { input } = this
    const start = BigInt(Math.floor((this.sampling.start - timeTolerance) / input.unit + input.origin))
    const times: bigint[] = []
    const key = yield* this.scan(start, times)
    if (key === undefined || !this.seekKey(key)) {
      this.input.close()
      this.input = this.open()
      return
    }
    this.countFrom = key
    this.counter = createFrameCounter(times.filter((time) => time < key).length)
    this.countPacket()
    this.input.decoder.sendPacketSync(this.packet)
    this.packet.unref()
  }

  /** Seeks to a key packet, and reads it. Some containers land behind what they are asked for: then from 2 s before. */
  private seekKey(key: bigint): boolean {
    const { format, stream, unit } = this.input
    return [0, 2].some((margin) => {
      const target = key - BigInt(Math.round(margin / unit))
      const sought = format.seekFrameSync(stream.index, target, this.av.constants.AVSEEK_FLAG_BACKWARD)
      return sought >= 0 && this.findKey(key)
    })
  }

  /** Reads packets up to a time. Returns the time of the last key packet at or before it, or undefined to not seek. */
  private *scan(start: bigint, times: bigint[]): Generator<undefined, bigint | undefined, void> {
    const { constants } = this.av
    let key: bigint | undefined
    while (this.read()) {
      const { pts, dts, streamIndex, isKeyframe } = this.packet
      const shown = !this.packet.hasFlags(constants.AV_PKT_FLAG_DISCARD)
      this.packet.unref()
      if (streamIndex !== this.input.stream.index) continue
      if (pts === constants.AV_NOPTS_VALUE) return undefined
      if (shown) times.push(pts)
      if (isKeyframe && shown && pts <= start) key = pts
      if (dts !== constants.AV_NOPTS_VALUE && dts > start) break
      yield undefined
    }
    return key
  }

  /** Reads on to the key packet of a time; false when the seek went past it. The packet is left in place. */
  private findKey(key: bigint): boolean {
    while (this.read()) {
      if (this.packet.streamIndex === this.input.stream.index) {
        if (this.packet.pts === key && this.packet.isKeyframe) return true
        if (this.packet.dts > key) break
      }
      this.packet.unref()
    }
    this.packet.unref()
    return false
  }

  private reportDamage(): void {
    this.damage++
    if (this.damage === 1) this.warn(corruptWarning(this.location.url, 1, this.seconds))
  }

  private reportEnd(): void {
    if (this.damage > 1) this.warn(corruptWarning(this.location.url, this.damage, this.seconds))
    const { duration } = this.input.info
    if (!this.done && isTruncated(this.input.formatName, duration, this.reached))
      this.warn(truncatedWarning(this.location.url, duration!, this.reached))
  }
}

function createPacket({ lib }: NodeAv): Packet {
  const packet = new lib.Packet()
  packet.alloc()
  return packet
}
