import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { type FfmpegPrograms, inputArguments } from './ffmpeg-arguments'
import { type Running, start } from './ffmpeg-process'
import { createFrameCounter } from './frame-counter'
import type { Location } from './location'

/** Lines of a stream, one at a time; undefined at its end. */
function lineReader(stream: Readable): () => Promise<string | undefined> {
  const reader = createInterface({ input: stream })
  const lines = reader[Symbol.asyncIterator]()
  // A pipe that is destroyed closes without ending, which readline does not notice.
  stream.once('close', () => reader.close())
  return async () => {
    const { value, done } = await lines.next()
    return done ? undefined : value
  }
}

interface PacketLine {
  readonly pts: bigint
  readonly dts: bigint
  readonly duration: bigint
  readonly discarded: boolean
  readonly key: boolean
}

/**
 * Reads the packets of a video stream with ffprobe, without decoding, just ahead of the frames, and so knows the true
 * number of each frame: the rank of its time.
 */
export class PacketIndex {
  private readonly running: Running
  private readonly line: () => Promise<string | undefined>
  private readonly counter = createFrameCounter()
  private waiting: PacketLine | undefined
  /** Times of key packets read, but of those before the last frame asked for only the latest. */
  private keys: bigint[] = []
  /** Container time, in units of the stream, that the packets reach to. */
  reached = 0n

  constructor(programs: FfmpegPrograms, location: Location, stream: number) {
    const entries = ['-select_streams', String(stream), '-show_entries', 'packet=pts,dts,duration,flags']
    this.running = start(programs.ffprobePath, [
      '-v',
      'quiet',
      ...entries,
      '-of',
      'compact=p=0',
      ...inputArguments(location),
    ])
    this.line = lineReader(this.running.pipes[0]!)
  }

  /** Whether packets carry presentation times. Call it first. */
  async isTimed(): Promise<boolean> {
    this.waiting = await this.read()
    return this.waiting !== undefined
  }

  /** The number of the frame that is shown at a time, in units of the stream. Times must not fall. */
  async numberOf(time: bigint): Promise<number> {
    while (this.waiting && this.waiting.dts <= time) await this.advance()
    return this.counter.frame(time)
  }

  /** How many frames are shown before a time. */
  async countBefore(time: bigint): Promise<number> {
    const times: bigint[] = []
    while (this.waiting && this.waiting.dts < time) {
      if (!this.waiting.discarded) times.push(this.waiting.pts)
      await this.advance()
    }
    return times.filter((other) => other < time).length
  }

  /** Time of the last key packet at or before a time; undefined when there is none. */
  keyBefore(time: bigint): bigint | undefined {
    const before = this.keys.filter((key) => key <= time)
    this.keys = [...before.slice(-1), ...this.keys.filter((key) => key > time)]
    return before.at(-1)
  }

  /** Reads to the end, so that `reached` is known. */
  async finish(): Promise<void> {
    while (this.waiting) await this.advance()
  }

  async stop(): Promise<void> {
    await this.running.kill()
  }

  private async advance(): Promise<void> {
    const { pts, duration, discarded, key } = this.waiting!
    if (!discarded) this.counter.packet(pts)
    if (key) this.keys.push(pts)
    if (pts + duration > this.reached) this.reached = pts + duration
    this.waiting = await this.read()
  }

  private async read(): Promise<PacketLine | undefined> {
    let line = await this.line()
    while (line !== undefined && !line.includes('=')) line = await this.line()
    const field = (name: string) => new RegExp(`(?:^|\\|)${name}=(-?\\d+)`).exec(line ?? '')?.[1]
    const pts = field('pts')
    if (line === undefined || pts === undefined) return undefined
    return {
      pts: BigInt(pts),
      dts: BigInt(field('dts') ?? pts),
      duration: BigInt(field('duration') ?? 0),
      discarded: /flags=.D/.test(line),
      key: /flags=K/.test(line),
    }
  }
}

/** Knows the number of each frame from the lines that ffmpeg prints of every decoded one: for streams read only once. */
export class DecodedIndex {
  private readonly lines: FrameLine[] = []
  private wake: (() => void) | undefined
  private ended = false

  constructor(stream: Readable) {
    const reader = createInterface({ input: stream })
    reader.on('line', (text) => {
      const line = parseLine(text)
      if (line) this.lines.push(line)
      this.wake?.()
    })
    stream.once('close', () => reader.close())
    reader.on('close', () => {
      this.ended = true
      this.wake?.()
    })
  }

  /** The number of the frame that is shown at a time. Times must not fall. */
  async numberOf(time: bigint): Promise<number> {
    for (;;) {
      const at = this.lines.findIndex((line) => line.time === time)
      if (at >= 0) return this.lines.splice(0, at + 1)[at]!.number
      if (this.ended) return 0
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }
}

interface FrameLine {
  readonly number: number
  readonly time: bigint
}

function parseLine(text: string): FrameLine | undefined {
  const found = /^frame:(\d+)\s+pts:(-?\d+)/.exec(text)
  return found ? { number: Number(found[1]), time: BigInt(found[2]!) } : undefined
}

/** Reads the lines that ffmpeg prints of frames, passing over others; undefined at the end. */
export function frameLines(stream: Readable): () => Promise<FrameLine | undefined> {
  const next = lineReader(stream)
  return async () => {
    for (let text = await next(); text !== undefined; text = await next()) {
      const line = parseLine(text)
      if (line) return line
    }
    return undefined
  }
}
