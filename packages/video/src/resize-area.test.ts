import { describe, expect, it } from 'vitest'
import { fitHeight, resizeArea } from './resize-area'

function image(rows: readonly (readonly number[])[]) {
  const data = Uint8Array.from(rows.flatMap((row) => row.flatMap((value) => [value, 255 - value, 7])))
  return { data, width: rows[0]!.length, height: rows.length }
}

function red({ data, width, height }: { data: Uint8Array; width: number; height: number }): number[][] {
  return Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => data[(y * width + x) * 3]!))
}

function expectClose(got: number[][], wanted: number[][]): void {
  expect(got.map((row) => row.length)).toEqual(wanted.map((row) => row.length))
  got.forEach((row, y) => {
    row.forEach((value, x) => {
      expect(Math.abs(value - wanted[y]![x]!)).toBeLessThanOrEqual(1)
    })
  })
}

describe('area resize (vector A8)', () => {
  const a = Array.from({ length: 4 }, (_, y) => Array.from({ length: 6 }, (_, x) => (y * 6 + x) * 10))
  const b = Array.from({ length: 3 }, (_, y) => Array.from({ length: 5 }, (_, x) => ((y * 5 + x) * 37) % 256))

  it('halves exactly', () => {
    expectClose(red(resizeArea(image(a), 3, 2)), [
      [35, 55, 75],
      [155, 175, 195],
    ])
  })

  it('weighs by coverage when shrinking unevenly', () => {
    expectClose(red(resizeArea(image(b), 3, 2)), [
      [76, 67, 110],
      [152, 143, 83],
    ])
  })

  it('repeats pixels when enlarging by a whole factor', () => {
    const large = red(
      resizeArea(
        image([
          [0, 100],
          [200, 40],
        ]),
        4,
        4,
      ),
    )
    expect(large).toEqual([
      [0, 0, 100, 100],
      [0, 0, 100, 100],
      [200, 200, 40, 40],
      [200, 200, 40, 40],
    ])
  })

  it('names a bad size', () => {
    expect(() => resizeArea(image(a), 0, 2)).toThrow(/width is 0/)
  })
})

describe('size at a height (vector A1)', () => {
  it('truncates the width', () => {
    const sizes = [
      [1920, 1080],
      [1280, 720],
      [640, 480],
      [1280, 1024],
      [720, 1280],
      [854, 480],
      [1000, 1000],
      [960, 540],
      [1088, 1080],
    ]
    expect(sizes.map(([width, height]) => fitHeight(width!, height!, 224).width)).toEqual([
      398, 398, 298, 280, 126, 398, 224, 398, 225,
    ])
  })

  it('never enlarges, and never vanishes', () => {
    expect(fitHeight(100, 50, 224)).toEqual({ width: 100, height: 50 })
    expect(fitHeight(1, 5000, 224)).toEqual({ width: 1, height: 224 })
  })
})
