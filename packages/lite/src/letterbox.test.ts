import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { letterbox } from './letterbox'

const image = (width: number, height: number, at: (x: number, y: number) => number) => ({
  data: Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => at(Math.floor(i / 3) % width, Math.floor(i / 3 / width)) + (i % 3),
  ),
  width,
  height,
})

describe('letterbox', () => {
  it('copies an image that fits, to the top left, and leaves the rest black', () => {
    const { data, ...size } = letterbox(
      image(4, 2, (x, y) => 10 * x + 100 * y),
      4,
    )
    expect(size).toEqual({ size: 4, width: 4, height: 2 })
    expect([...data.subarray(0, 12)]).toEqual([0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32])
    expect([...data.subarray(12, 15)]).toEqual([100, 101, 102])
    expect(data.subarray(24).every((value) => value === 0)).toBe(true)
  })

  it('makes the longer side as long as the canvas and keeps even ramps even', () => {
    const { data, width, height } = letterbox(
      image(2, 4, (_, y) => 40 * y),
      8,
    )
    expect([width, height]).toEqual([4, 8])
    const column = Array.from({ length: 8 }, (_, y) => data[y * 8 * 3])
    expect(column).toEqual([0, 10, 30, 50, 70, 90, 110, 120])
  })

  it('keeps an even colour even, whatever the sizes', () => {
    const side = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(side, side, side, (width, height, size) => {
        const box = letterbox(
          image(width, height, () => 50),
          size,
        )
        expect(Math.max(box.width, box.height)).toBe(size)
        for (let y = 0; y < size; y++) {
          for (let x = 0; x < size; x++) {
            const inside = x < box.width && y < box.height
            expect([...box.data.subarray((y * size + x) * 3, (y * size + x) * 3 + 3)]).toEqual(
              inside ? [50, 51, 52] : [0, 0, 0],
            )
          }
        }
      }),
      { numRuns: 30 },
    )
  })
})
