import type { RgbImage, TextReader } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { frameOf, plain } from './frames'

/** What {@link textReaderContract} needs. */
export interface TextReaderContractOptions {
  readonly create: () => Promise<TextReader & Partial<AsyncDisposable>>
  /** A picture of a few lines of clear text, one below the other. */
  readonly picture: () => RgbImage
  /** The lines in the picture, top to bottom. */
  readonly lines: readonly string[]
}

/** Tests what every {@link TextReader} keeps: order, ranges, words that make up their line, empty frames, aborts. */
export function textReaderContract(name: string, { create, picture, lines }: TextReaderContractOptions): void {
  const use = async (test: (reader: TextReader) => Promise<void>) => {
    const reader = await create()
    try {
      await test(reader)
    } finally {
      await reader[Symbol.asyncDispose]?.()
    }
  }
  describe(`TextReader: ${name}`, () => {
    it('reads the lines from top to bottom', () =>
      use(async (reader) => expect((await reader.read(frameOf(picture()))).map((line) => line.text)).toEqual(lines)))

    it('keeps boxes and confidences within 0..1, and makes each line of its words', () =>
      use(async (reader) => {
        for (const { text, confidence, box, words } of await reader.read(frameOf(picture()))) {
          expect(words.map((word) => word.text).join(' ')).toBe(text)
          for (const value of [confidence, ...words.map((word) => word.confidence)]) expectPart(value)
          for (const value of [box.left, box.top, box.right, box.bottom]) expectPart(value)
          expect(box.left).toBeLessThan(box.right)
          expect(box.top).toBeLessThan(box.bottom)
        }
      }))

    it('reads the same twice, and frames at the same time as frames in turn', () =>
      use(async (reader) => {
        const once = await reader.read(frameOf(picture()))
        const both = await Promise.all([reader.read(frameOf(picture())), reader.read(frameOf(picture()))])
        expect(both).toEqual([once, once])
      }))

    it('reads nothing in a frame of one colour, however small', () =>
      use(async (reader) => {
        expect(await reader.read(frameOf(plain(320, 240)))).toEqual([])
        expect(await reader.read(frameOf(plain(1, 1)))).toEqual([])
      }))

    it("rejects with the signal's reason", () =>
      use(async (reader) => {
        const reason = new Error('stop')
        await expect(reader.read(frameOf(picture()), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      }))
  })
}

function expectPart(value: number): void {
  expect(value).toBeGreaterThanOrEqual(0)
  expect(value).toBeLessThanOrEqual(1)
}
