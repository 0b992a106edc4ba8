import { createRandom } from '@perstream/kit'
import type { RgbImage } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createReadPolicy } from './read-policy'
import { type View, viewDifference, viewOf } from './view'

/** A picture of random blocks, in another light, with noise. */
function picture(seed: number, light = 0, noise = 0): RgbImage {
  const random = createRandom(seed)
  const blocks = Array.from({ length: 64 }, () => random.integer(40, 180))
  const data = new Uint8Array(160 * 120 * 3)
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3)
    const block = Math.floor(Math.floor(pixel / 160) / 15) * 8 + Math.floor((pixel % 160) / 20)
    data[i] = blocks[block]! + light + Math.round(noise * random.gaussian())
  }
  return { data, width: 160, height: 120 }
}

const view = (seed: number, sharpness = 100): View => ({ ...viewOf(picture(seed)), sharpness })
const policy = () => createReadPolicy({ maxRate: 1, minDifference: 3, minSharpness: 0.35 })

describe('viewOf', () => {
  it('takes even changes of light and noise for the same view, another picture for another', () => {
    const base = viewOf(picture(1))
    expect(viewDifference(base, viewOf(picture(1, 30, 10)))).toBeLessThan(2)
    expect(viewDifference(base, viewOf(picture(2)))).toBeGreaterThan(15)
  })

  it('measures the variance of the Laplacian', () => {
    expect(viewOf({ data: new Uint8Array(300).fill(9), width: 10, height: 10 }).sharpness).toBe(0)
    const dot = new Uint8Array(5 * 5 * 3)
    dot.fill(100, 36, 39)
    // inside 3 x 3: the centre gives -400, its four neighbours 100: mean 0, mean square (160000 + 40000) / 9
    expect(viewOf({ data: dot, width: 5, height: 5 }).sharpness).toBeCloseTo(200_000 / 9, 0)
  })

  it('takes pictures of any size', () => {
    for (const [width, height] of [
      [1, 1],
      [3, 200],
    ] as const)
      expect(viewOf({ data: new Uint8Array(width * height * 3), width, height }).cells.every(Number.isFinite)).toBe(
        true,
      )
  })
})

describe('createReadPolicy', () => {
  it('looks at the first view, and at new ones at the rate', () => {
    const it = policy()
    expect(it.wants(view(1), 0)).toBe(true)
    it.looked(view(1), 0, false)
    expect(it.wants(view(2), 0.5)).toBe(false)
    expect(it.wants(view(2), 1)).toBe(true)
  })

  it('looks at a still view three times where something is found, once where not, and again after ten seconds', () => {
    for (const [found, times] of [
      [true, [0, 1, 2, 12]],
      [false, [0, 10, 20]],
    ] as const) {
      const still = policy()
      const looks: number[] = []
      for (let seconds = 0; seconds <= 21; seconds++)
        if (still.wants(view(1), seconds)) {
          still.looked(view(1), seconds, found)
          looks.push(seconds)
        }
      expect(looks).toEqual(times)
    }
  })

  it('waits up to two seconds for a frame that is not blurred', () => {
    const it = policy()
    for (const seconds of [0, 0.25, 0.5, 0.75]) it.wants(view(1), seconds)
    it.looked(view(1), 0.75, true)
    expect(it.wants(view(2, 20), 2)).toBe(false)
    expect(it.wants(view(2, 20), 2.75)).toBe(true)
  })
})
