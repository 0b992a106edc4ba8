import type { Caption, CaptionedMoment, Captioner, Frame, Moment, RgbImage } from '@perstream/spec'
import { describe, expect, it } from 'vitest'

/** What {@link captionerContract} needs. */
export interface CaptionerContractOptions {
  readonly create: () => Captioner | Promise<Captioner>
  /** Pictures of a stream, a second apart, of which the captioner has something to tell. */
  readonly pictures: () => readonly RgbImage[]
}

/**
 * Tests what every {@link Captioner} keeps: one captioned moment for each, in order; evidence that lies in what was seen;
 * tracks that only grow; streams that do not know of each other; aborts; frames that stay the caller's.
 */
export function captionerContract(name: string, { create, pictures }: CaptionerContractOptions): void {
  const run = async (captioner: Captioner, moments: AsyncIterable<Moment>, signal?: AbortSignal) => {
    const result: CaptionedMoment[] = []
    for await (const moment of captioner.caption(moments, { source: 'stream.mp4', signal })) result.push(moment)
    return result
  }

  describe(`Captioner: ${name}`, () => {
    it('gives one captioned moment for each, with its keyframes, in order, and tells something', async () => {
      const result = await run(await create(), momentsOf(pictures()))
      expect(result.map((moment) => moment.keyframes.map(({ frame }) => frame.index))).toEqual(
        pictures().map((_, i) => [i * 30]),
      )
      expect(result.flatMap((moment): readonly Caption[] => moment.captions).length).toBeGreaterThan(0)
    })

    it('backs each caption with evidence from what was seen so far', async () => {
      for (const { keyframes, captions } of await run(await create(), momentsOf(pictures())))
        for (const { text, confidence, evidence } of captions) {
          const now = keyframes.at(-1)!.frame
          expect(text.trim()).not.toBe('')
          expect(confidence).toBeGreaterThanOrEqual(0)
          expect(confidence).toBeLessThanOrEqual(1)
          expect(evidence.source).toBe('stream.mp4')
          expect(evidence.startSeconds).toBeLessThanOrEqual(evidence.endSeconds)
          expect(evidence.endSeconds).toBeLessThanOrEqual(now.seconds)
          expect(evidence.frames.length).toBeGreaterThan(0)
          expect(evidence.frames).toEqual([...new Set(evidence.frames)].sort((a, b) => a - b))
          expect(evidence.frames.every((frame) => frame % 30 === 0 && frame <= now.index)).toBe(true)
        }
    })

    it('tells a track once a moment, and lets its evidence only grow', async () => {
      const tracks = new Map<string, Caption>()
      for (const { captions } of await run(await create(), momentsOf(pictures()))) {
        const named = captions.flatMap(({ track }) => track ?? [])
        expect(new Set(named).size).toBe(named.length)
        for (const caption of captions) {
          const before = caption.track === undefined ? undefined : tracks.get(caption.track)
          if (before) {
            expect(caption.origin).toBe(before.origin)
            expect(caption.evidence.startSeconds).toBe(before.evidence.startSeconds)
            expect(caption.evidence.endSeconds).toBeGreaterThanOrEqual(before.evidence.endSeconds)
          }
          if (caption.track !== undefined) tracks.set(caption.track, caption)
        }
      }
    })

    it('captions two streams at a time as it does one after the other', async () => {
      const captioner = await create()
      const told = async () => (await run(captioner, momentsOf(pictures()))).map((moment) => moment.captions)
      const alone = await told()
      expect(await Promise.all([told(), told()])).toEqual([alone, alone])
    })

    it('gives nothing for nothing, and leaves a moment without keyframes without captions', async () => {
      const captioner = await create()
      expect(await run(captioner, momentsOf([]))).toEqual([])
      async function* empty(): AsyncGenerator<Moment> {
        yield { keyframes: [] }
      }
      expect(await run(captioner, empty())).toEqual([{ keyframes: [], captions: [] }])
    })

    it("rejects with the signal's reason", async () => {
      const reason = new Error('stop')
      await expect(run(await create(), momentsOf(pictures()), AbortSignal.abort(reason))).rejects.toBe(reason)
    })

    it('does not release frames, and closes its input when the reader leaves', async () => {
      const log: string[] = []
      for await (const _ of (await create()).caption(momentsOf(pictures(), log), { source: 'stream.mp4' })) break
      expect(log).toEqual(['closed'])
    })
  })
}

async function* momentsOf(images: readonly RgbImage[], log: string[] = []): AsyncGenerator<Moment> {
  try {
    for (const [i, image] of images.entries())
      yield { keyframes: [{ frame: frameOf(image, i, log), reason: 'interval', motion: 0, sharpness: 0 }] }
  } finally {
    log.push('closed')
  }
}

/** A frame whose only size is that of its picture. */
function frameOf(image: RgbImage, i: number, log: string[]): Frame {
  const release = () => void log.push('released')
  const { width, height } = image
  return { index: i * 30, seconds: i, width, height, pixels: async () => image, release, [Symbol.dispose]: release }
}
