import type { Frame, FrameSourceDriver, OpenSourceOptions } from '@perstream/spec'
import { PerStreamError } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { readBars } from './video-clips'

/** A clip of `renderBarClip` that the contract reads. */
export interface ContractClip {
  /** What kind of clip: 'mp4, H.264 with B-frames'. */
  readonly name: string
  /** Its path; asked for when a test runs, so that it may be rendered in a hook. */
  readonly path: () => string
  readonly frames: number
  /** Size as shown. */
  readonly width: number
  readonly height: number
  /** When each frame is shown, in seconds from the first. */
  readonly secondsOf: (index: number) => number
  /** 'y' for a clip that is shown turned by a quarter. Default 'x'. */
  readonly axis?: 'x' | 'y' | undefined
}

/** What {@link frameSourceContract} checks. */
export interface FrameSourceContractOptions {
  readonly name: string
  /** Makes the driver under test. */
  readonly create: () => FrameSourceDriver
  readonly clips: readonly ContractClip[]
  /** A reason why this machine cannot run the checks: they are reported as skipped with it. */
  readonly skip?: string | undefined
}

interface Seen {
  readonly index: number
  readonly seconds: number
  readonly shown: number
}

/** Checks that a driver keeps the contract of `FrameSource`: exact frames, numbers and times, sizes, leaving and aborting. */
export function frameSourceContract({ name, create, clips, skip }: FrameSourceContractOptions): void {
  const title = skip ? `frame source contract: ${name} (skipped: ${skip})` : `frame source contract: ${name}`
  describe.skipIf(skip !== undefined)(title, () => {
    for (const clip of clips) describe(clip.name, () => checkClip(create, clip))
    const first = clips[0]
    if (first) checkFrames(create, first)
    if (first) checkEnds(create, first)
  })
}

async function read(create: () => FrameSourceDriver, clip: ContractClip, options: OpenSourceOptions): Promise<Seen[]> {
  const seen: Seen[] = []
  await using source = await create().open(clip.path(), options)
  for await (const frame of source) {
    seen.push({ index: frame.index, seconds: frame.seconds, shown: readBars(await frame.pixels(), clip.axis) })
    frame.release()
  }
  return seen
}

function expectExact(seen: readonly Seen[], indices: readonly number[], clip: ContractClip): void {
  expect(seen.map(({ shown }) => shown)).toEqual(indices)
  expect(seen.map(({ index }) => index)).toEqual(indices)
  for (const { index, seconds } of seen) expect(Math.abs(seconds - clip.secondsOf(index))).toBeLessThan(0.0015)
}

function range(frames: number, keep: (index: number) => boolean): number[] {
  return Array.from({ length: frames }, (_, i) => i).filter(keep)
}

function checkClip(create: () => FrameSourceDriver, clip: ContractClip): void {
  it('yields every frame once, in order, with its number and time', async () => {
    expectExact(
      await read(create, clip, { stride: 1 }),
      range(clip.frames, () => true),
      clip,
    )
  })

  it('yields every fourth frame unless asked otherwise', async () => {
    expectExact(
      await read(create, clip, {}),
      range(clip.frames, (i) => i % 4 === 0),
      clip,
    )
  })

  it('starts exactly, inclusive, and ends exactly, exclusive, with true numbers', async () => {
    const [from, to] = [Math.floor(clip.frames * 0.6), Math.floor(clip.frames * 0.8)]
    // Containers round times to as much as a millisecond.
    const exact = { start: clip.secondsOf(from) - 0.0012, end: clip.secondsOf(to) - 0.0012 }
    expectExact(
      await read(create, clip, { ...exact, stride: 1 }),
      range(clip.frames, (i) => i >= from && i < to),
      clip,
    )
    const between = { start: clip.secondsOf(from) + 0.0015, end: clip.secondsOf(to) + 0.0015 }
    expectExact(
      await read(create, clip, { ...between, stride: 3 }),
      range(clip.frames, (i) => i > from && i <= to && i % 3 === 0),
      clip,
    )
  })

  it('yields the first frame at or after each tick of a rate', async () => {
    const ticks = new Set<number>()
    const expected = range(clip.frames, (i) => {
      const tick = Math.floor(clip.secondsOf(i) * 2.5 + 1e-3)
      return !ticks.has(tick) && ticks.add(tick) !== undefined
    })
    expectExact(await read(create, clip, { rate: 2.5 }), expected, clip)
  })

  it('says how large it is, as shown', async () => {
    await using source = await create().open(clip.path())
    expect([source.width, source.height]).toEqual([clip.width, clip.height])
    expect(source.location).toBe(clip.path())
  })
}

function checkFrames(create: () => FrameSourceDriver, clip: ContractClip): void {
  it('gives a small copy by default, larger and smaller ones on demand, and never enlarges', async () => {
    await using source = await create().open(clip.path(), { height: 96 })
    for await (const frame of source) {
      if (frame.index !== 8) continue
      expect([frame.width, frame.height]).toEqual([clip.width, clip.height])
      for (const height of [undefined, 150, 40, clip.height, clip.height * 2]) {
        const image = await frame.pixels({ height })
        const shown = Math.min(height ?? 96, clip.height)
        expect([image.width, image.height]).toEqual([Math.trunc((shown * clip.width) / clip.height), shown])
        expect(image.data.length).toBe(image.width * image.height * 3)
        expect(readBars(image)).toBe(8)
      }
    }
  })

  it('serves larger copies of held frames after the last one was yielded', async () => {
    await using source = await create().open(clip.path(), { height: 48 })
    const held: Frame[] = []
    for await (const frame of source) held.push(frame)
    const last = held.at(-1)!
    expect(readBars(await last.pixels({ height: 120 }))).toBe(last.index)
    for (const frame of held) frame.release()
  })

  it('has no pixels after release, which may be repeated', async () => {
    await using source = await create().open(clip.path())
    for await (const frame of source) {
      frame.release()
      frame.release()
      frame[Symbol.dispose]()
      await expect(frame.pixels()).rejects.toSatisfy(
        (error) => PerStreamError.isInstance(error) && error.code === 'source-unreadable',
      )
      break
    }
  })
}

function checkEnds(create: () => FrameSourceDriver, clip: ContractClip): void {
  it('can be left at any frame, and disposed of twice', async () => {
    const source = await create().open(clip.path(), { stride: 1 })
    for await (const frame of source) if (frame.index === 5) break
    await source[Symbol.asyncDispose]()
    await source[Symbol.asyncDispose]()
  })

  it('can be iterated once', async () => {
    await using source = await create().open(clip.path())
    for await (const _ of source) break
    await expect(source[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'input-invalid' })
  })

  it('rejects with the reason of an abort: before opening, before and between frames', async () => {
    const reason = new Error('enough')
    await expect(create().open(clip.path(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    for (const frames of [0, 3]) {
      const controller = new AbortController()
      const source = await create().open(clip.path(), { stride: 1, signal: controller.signal })
      const reading = (async () => {
        let count = 0
        if (frames === 0) controller.abort(reason)
        for await (const frame of source) {
          frame.release()
          if (++count === frames) controller.abort(reason)
        }
      })()
      await expect(reading).rejects.toBe(reason)
    }
  })

  it('names what is wrong with its arguments and with what is not there', async () => {
    await expect(create().open(clip.path(), { stride: 0 })).rejects.toThrow(/stride is 0/)
    await expect(create().open(clip.path(), { stride: 2, rate: 2 })).rejects.toThrow(TypeError)
    await expect(create().open(clip.path(), { start: 2, end: 1 })).rejects.toThrow(/end is 1/)
    await expect(create().open(`${clip.path()}.missing`)).rejects.toMatchObject({ code: 'source-not-found' })
  })
}
