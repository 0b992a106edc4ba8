import type { ObjectDetector, RgbImage } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { frameOf, plain, waves } from './frames'

/** What {@link objectDetectorContract} needs. */
export interface ObjectDetectorContractOptions {
  readonly create: () => Promise<ObjectDetector & Partial<AsyncDisposable>>
  /** Pictures to look at besides plain ones and waves. */
  readonly pictures?: (() => Promise<readonly RgbImage[]>) | undefined
}

/**
 * Tests what every {@link ObjectDetector} keeps: labels of its list, scores and boxes within 0..1, boxes that are not
 * empty, the same frame the same answer, nothing in a plain frame, aborts.
 */
export function objectDetectorContract(
  name: string,
  { create, pictures = async () => [] }: ObjectDetectorContractOptions,
): void {
  const use = async (test: (detector: ObjectDetector) => Promise<void>) => {
    const detector = await create()
    try {
      await test(detector)
    } finally {
      await detector[Symbol.asyncDispose]?.()
    }
  }

  describe(`ObjectDetector: ${name}`, () => {
    it('keeps labels, scores and boxes within their ranges', () =>
      use(async (detector) => {
        expect(new Set(detector.labels).size).toBe(detector.labels.length)
        for (const picture of [waves(320, 240), waves(240, 320), ...(await pictures())]) {
          for (const { label, score, box } of await detector.detect(frameOf(picture))) {
            expect(detector.labels).toContain(label)
            for (const value of [score, box.left, box.top, box.right, box.bottom]) expectPart(value)
            expect(box.left).toBeLessThan(box.right)
            expect(box.top).toBeLessThan(box.bottom)
          }
        }
      }))

    it('finds the same twice, and in frames at the same time as in turn', () =>
      use(async (detector) => {
        for (const picture of [waves(320, 240), ...(await pictures())]) {
          const once = await detector.detect(frameOf(picture))
          const both = await Promise.all([detector.detect(frameOf(picture)), detector.detect(frameOf(picture))])
          expect(both).toEqual([once, once])
        }
      }))

    it('finds nothing in a frame of one colour, however small', () =>
      use(async (detector) => {
        expect(await detector.detect(frameOf(plain(320, 240)))).toEqual([])
        expect(await detector.detect(frameOf(plain(1, 1)))).toEqual([])
      }))

    it("rejects with the signal's reason and stays usable", () =>
      use(async (detector) => {
        const reason = new Error('stop')
        const frame = frameOf(plain(64, 64))
        await expect(detector.detect(frame, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
        expect(await detector.detect(frame)).toEqual([])
      }))
  })
}

function expectPart(value: number): void {
  expect(value).toBeGreaterThanOrEqual(0)
  expect(value).toBeLessThanOrEqual(1)
}
