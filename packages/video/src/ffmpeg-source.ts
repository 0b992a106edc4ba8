import type { CallOptions, Frame, FrameSource, OpenSourceOptions, RgbImage } from '@perstream/spec'
import { createByteReader } from './byte-reader'
import { copyArguments, type FfmpegPrograms, type ReaderPlan, readerArguments, seekTarget } from './ffmpeg-arguments'
import { DecodedIndex, frameLines, type PacketIndex } from './ffmpeg-index'
import type { Probed } from './ffmpeg-probe'
import { lastError, type Running, start } from './ffmpeg-process'
import { unreadable } from './location'
import type { FrameData } from './node-av-protocol'
import { fitHeight } from './resize-area'
import { createSourceFrame, iteratedBefore } from './source-frame'
import { corruptWarning, isTruncated, truncatedWarning } from './source-info'
import type { SourceSound } from './source-sound'

/** What a source over the ffmpeg programs is made from. */
export interface FfmpegSourceInput {
  readonly location: string
  readonly programs: FfmpegPrograms
  readonly probed: Probed
  readonly plan: ReaderPlan
  /** Numbers frames of files; undefined for streams that can be read only once. */
  readonly index: PacketIndex | undefined
  /** Undefined: it has none. */
  readonly sound: SourceSound | undefined
}

/** A frame, with its exact time for finding it again. */
interface TimedFrame extends FrameData {
  readonly time: bigint
  readonly seekTo: number
}

/** Frames read from the ffmpeg program. */
export class FfmpegSource implements FrameSource {
  readonly location: string
  readonly startedAt: Date | undefined
  readonly duration: number | undefined
  readonly width: number
  readonly height: number
  readonly frameRate: number | undefined
  readonly audio?: NonNullable<FrameSource['audio']>
  private readonly running = new Set<Running>()
  private failure: { error: unknown } | undefined
  private stopping: Promise<void> | undefined
  private iterated = false
  private readonly onAbort = () => {
    this.failure ??= { error: this.options.signal?.reason }
    void this.stop()
  }

  constructor(
    private readonly input: FfmpegSourceInput,
    private readonly options: OpenSourceOptions,
  ) {
    const { info } = input.probed
    this.location = input.location
    this.startedAt = info.startedAt === undefined ? undefined : new Date(info.startedAt)
    this.duration = info.duration
    this.width = info.width
    this.height = info.height
    this.frameRate = info.frameRate
    if (input.sound) this.audio = input.sound.audio
    options.signal?.addEventListener('abort', this.onAbort, { once: true })
    if (options.signal?.aborted) this.onAbort()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, void, void> {
    if (this.iterated) throw iteratedBefore(this.location)
    this.iterated = true
    let finished = false
    try {
      for await (const data of this.read()) yield createSourceFrame(data, this)
      finished = true
    } finally {
      if (finished) await this.input.index?.stop()
      else await this.stop()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.stop(), this.input.sound?.close()])
  }

  released(): void {}

  async enlarge(frame: TimedFrame, height: number, { signal }: CallOptions): Promise<RgbImage | undefined> {
    this.throwIfFailed()
    if (this.stopping || !this.input.plan.location.file) return undefined
    const size = fitHeight(frame.width, frame.height, height)
    const process = this.start(copyArguments(this.input.programs, this.input.plan, frame, size))
    const abort = () => void process.kill()
    signal?.addEventListener('abort', abort, { once: true })
    const data = await createByteReader(process.pipes[0]!)(size.width * size.height * 3)
    signal?.removeEventListener('abort', abort)
    await this.end(process)
    signal?.throwIfAborted()
    this.throwIfFailed()
    return data && { data, ...size }
  }

  /** Kills the programs and frees everything. Idempotent. */
  private stop(): Promise<void> {
    this.stopping ??= (async () => {
      this.options.signal?.removeEventListener('abort', this.onAbort)
      await Promise.all([this.input.index?.stop(), ...[...this.running].map((process) => process.kill())])
      this.running.clear()
    })()
    return this.stopping
  }

  private async *read(): AsyncGenerator<TimedFrame, void, void> {
    this.throwIfFailed()
    if (this.stopping) return
    const { plan, programs, index } = this.input
    const process = this.start(readerArguments(programs, plan), 2)
    const numbers = index ?? new DecodedIndex(process.pipes[2]!)
    if (index) process.pipes[2]!.resume()
    const line = frameLines(process.pipes[1]!)
    const pixels = createByteReader(process.pipes[0]!)
    let count = 0
    for (let shown = await line(); shown; shown = await line()) {
      const data = await pixels(plan.width * plan.height * 3)
      this.throwIfFailed()
      if (!data) break
      count++
      yield this.frame(data, shown.time, await numbers.numberOf(shown.time))
    }
    this.throwIfFailed()
    await this.finish(process, count)
  }

  private frame(data: Uint8Array, time: bigint, index: number): TimedFrame {
    const { plan, probed } = this.input
    const seconds = Number(time) * probed.unit - probed.origin
    const small = { data, width: plan.width, height: plan.height }
    const key = this.input.index?.keyBefore(time)
    const keySeconds = key === undefined ? undefined : Number(key) * probed.unit - probed.origin
    const seekTo = seekTarget(seconds, keySeconds, probed.formatName)
    return { index, seconds, width: this.width, height: this.height, small, time, seekTo }
  }

  /** Reports what ffmpeg complained of, and whether the file ended before its time. */
  private async finish(process: Running, count: number): Promise<void> {
    const { code, errors } = await process.ended
    this.throwIfFailed()
    this.running.delete(process)
    if (code !== 0 && count === 0)
      throw unreadable(this.location, `ffmpeg says "${lastError(errors)}"`, 'Check that ffmpeg can play it')
    const { index, probed } = this.input
    await index?.finish()
    const reached = Number(index?.reached ?? 0n) * probed.unit - probed.origin
    const damage = errors.split('\n').filter((text) => damageWords.test(text)).length
    if (damage > 0) this.options.onWarning?.(corruptWarning(this.location, damage, Math.max(0, reached)))
    if (index && isTruncated(probed.formatName, probed.stated, reached))
      this.options.onWarning?.(truncatedWarning(this.location, probed.stated!, reached))
  }

  private start(args: readonly string[], extra = 0): Running {
    const process = start(this.input.programs.ffmpegPath, args, extra)
    this.running.add(process)
    return process
  }

  private async end(process: Running): Promise<void> {
    await process.kill()
    this.running.delete(process)
  }

  private throwIfFailed(): void {
    if (this.failure) throw this.failure.error
  }
}

/** What ffmpeg says on its error level when data is damaged, as against what it finds odd. */
export const damageWords = /error|invalid|corrupt|missing|conceal|truncat|partial|non-existing|failed/i
