import type { AudioChunk, AudioOptions, FrameSourceDriver, OpenSourceOptions } from '@perstream/spec'
import { describe, expect, it } from 'vitest'

/** A clip of `renderToneClip` that the contract listens to. */
export interface ToneClip {
  /** What kind of clip: 'mp4, AAC'. */
  readonly name: string
  /** Its path; asked for when a test runs, so that it may be rendered in a hook. */
  readonly path: () => string
  readonly seconds: number
  readonly bursts: readonly { readonly from: number; readonly to: number }[]
  /** How loud the tone is when all channels are mixed to one. Default 0.5. */
  readonly amplitude?: number | undefined
  /** How far from its true second the tone may be found. Default 0.021: a block of 10 ms, and the smear of a codec. */
  readonly tolerance?: number | undefined
}

/** What {@link audioContract} checks. */
export interface AudioContractOptions {
  readonly name: string
  /** Makes the driver under test. */
  readonly create: () => FrameSourceDriver
  readonly clips: readonly ToneClip[]
  /** The path of a clip without sound. */
  readonly silent: () => string
  /** A reason why this machine cannot run the checks: they are reported as skipped with it. */
  readonly skip?: string | undefined
}

/** Checks that a driver keeps the contract of `FrameSource.audio`: what sounds is found at its true seconds, whatever the container. */
export function audioContract({ name, create, clips, silent, skip }: AudioContractOptions): void {
  const title = skip ? `sound of a source: ${name} (skipped: ${skip})` : `sound of a source: ${name}`
  describe.skipIf(skip !== undefined)(title, () => {
    for (const clip of clips) describe(clip.name, () => checkClip(create, clip))
    const first = clips[0]
    if (first) checkEnds(create, first)
    it('is absent where there is none', async () => {
      await using source = await create().open(silent())
      expect(source.audio).toBeUndefined()
    })
  })
}

/** The sound of a stretch, its chunks put together, after what the contract says of chunks was checked. */
interface Heard {
  readonly samples: Float32Array
  readonly sampleRate: number
  readonly start: number
}

async function hear(
  create: () => FrameSourceDriver,
  { path }: ToneClip,
  options: OpenSourceOptions = {},
  audio: AudioOptions = {},
): Promise<Heard> {
  await using source = await create().open(path(), options)
  return join(await gather(source.audio!(audio)), audio.start ?? options.start ?? 0)
}

async function gather(audio: AsyncIterable<AudioChunk>): Promise<AudioChunk[]> {
  const chunks: AudioChunk[] = []
  for await (const chunk of audio) chunks.push(chunk)
  return chunks
}

function join(chunks: readonly AudioChunk[], start: number): Heard {
  const sampleRate = chunks[0]?.sampleRate ?? 0
  const samples = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.samples.length, 0))
  let at = 0
  for (const chunk of chunks) {
    expect(chunk.sampleRate).toBe(sampleRate)
    expect(chunk.startSeconds).toBeCloseTo(start + at / sampleRate, 6)
    expect(chunk.samples.length).toBeLessThanOrEqual(2 * sampleRate)
    samples.set(chunk.samples, at)
    at += chunk.samples.length
  }
  return { samples, sampleRate, start }
}

const block = 0.01

/** How loud a tone of 1 kHz is in each block of 10 ms. */
function loudness({ samples, sampleRate }: Heard): number[] {
  const length = Math.round(block * sampleRate)
  return Array.from({ length: Math.floor(samples.length / length) }, (_, i) => {
    let [real, imaginary] = [0, 0]
    for (let k = 0; k < length; k++) {
      const angle = (2 * Math.PI * 1000 * k) / sampleRate
      real += samples[i * length + k]! * Math.cos(angle)
      imaginary += samples[i * length + k]! * Math.sin(angle)
    }
    return (2 * Math.hypot(real, imaginary)) / length
  })
}

/** Where the tone sounds, in seconds of the source. */
function burstsOf(heard: Heard, amplitude: number): { from: number; to: number }[] {
  const bursts: { from: number; to: number }[] = []
  loudness(heard).forEach((loud, i) => {
    if (loud < amplitude / 2) return
    const from = heard.start + i * block
    const last = bursts.at(-1)
    if (last && from - last.to < block / 2) last.to = from + block
    else bursts.push({ from, to: from + block })
  })
  return bursts
}

function expectBursts(heard: Heard, { bursts, amplitude = 0.5, tolerance = 0.021 }: ToneClip): void {
  const found = burstsOf(heard, amplitude)
  expect(found).toHaveLength(bursts.length)
  bursts.forEach(({ from, to }, i) => {
    expect(Math.abs(found[i]!.from - from)).toBeLessThan(tolerance)
    expect(Math.abs(found[i]!.to - to)).toBeLessThan(tolerance)
  })
}

function checkClip(create: () => FrameSourceDriver, clip: ToneClip): void {
  const { seconds, bursts, amplitude = 0.5 } = clip

  it('sounds when it sounded, at 16 kHz, and is silent elsewhere', async () => {
    const heard = await hear(create, clip)
    expect(heard.sampleRate).toBe(16000)
    expect(Math.abs(heard.samples.length / 16000 - seconds)).toBeLessThan(0.15)
    expectBursts(heard, clip)
    const { from, to } = bursts[0]!
    const middle = loudness(heard)[Math.round((from + to) / 2 / block)]!
    expect(Math.abs(middle - amplitude)).toBeLessThan(0.1 * amplitude)
  })

  it('begins and ends where the source was opened, to the sample', async () => {
    const { from, to } = bursts[0]!
    const range = { start: from - 0.25, end: to + 0.125 }
    const heard = await hear(create, clip, range)
    expect(heard.samples.length).toBe(Math.round((range.end - range.start) * 16000))
    expectBursts(heard, { ...clip, bursts: [bursts[0]!] })
  })

  it('begins and ends where it is asked to, at the rate asked for', async () => {
    const last = bursts.at(-1)!
    const range = { start: last.from - 0.5, end: last.to + 0.05 }
    const heard = await hear(create, clip, { end: 0.1 }, { ...range, sampleRate: 22050 })
    expect(heard.sampleRate).toBe(22050)
    expect(heard.samples.length).toBe(Math.round((range.end - range.start) * 22050))
    expectBursts(heard, { ...clip, bursts: [last] })
  })
}

function checkEnds(create: () => FrameSourceDriver, clip: ToneClip): void {
  it('is read beside the frames, at its own pace, and more than once', async () => {
    await using source = await create().open(clip.path(), { stride: 1 })
    const sound = source.audio!()[Symbol.asyncIterator]()
    const first = (await sound.next()).value as AudioChunk
    let frames = 0
    for await (const frame of source) {
      frame.release()
      frames++
    }
    expect(frames).toBeGreaterThan(10)
    const rest: AudioChunk[] = [first]
    for (let next = await sound.next(); !next.done; next = await sound.next()) rest.push(next.value)
    const again = join(await gather(source.audio!()), 0)
    expect(join(rest, 0).samples).toEqual(again.samples)
    expectBursts(again, clip)
  })

  it('can be left at any chunk', async () => {
    await using source = await create().open(clip.path())
    for await (const _ of source.audio!()) break
    expectBursts(join(await gather(source.audio!()), 0), clip)
  })

  it('ends when the source is closed', async () => {
    const source = await create().open(clip.path())
    const sound = source.audio!()[Symbol.asyncIterator]()
    await sound.next()
    await source[Symbol.asyncDispose]()
    expect((await sound.next()).done).toBe(true)
  })

  it('rejects with the reason of an abort', async () => {
    const reason = new Error('enough')
    const controller = new AbortController()
    await using source = await create().open(clip.path())
    const sound = source.audio!({ signal: controller.signal })[Symbol.asyncIterator]()
    await sound.next()
    controller.abort(reason)
    await expect(sound.next()).rejects.toBe(reason)
  })

  it('names what is wrong with its arguments', async () => {
    await using source = await create().open(clip.path())
    expect(() => source.audio!({ sampleRate: 0 })).toThrow(/sampleRate is 0/)
    expect(() => source.audio!({ start: 2, end: 1 })).toThrow(/end is 1/)
  })
}
