import { createRandom } from '@perstream/kit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cropLine, detectionInput } from './line-crop'
import { createPixelKernel } from './pixel-kernel'

function picture(width: number, height: number, seed: number) {
  const random = createRandom(seed)
  return { data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(0, 255)), width, height }
}

const pictures = fc
  .record({ width: fc.integer({ min: 1, max: 90 }), height: fc.integer({ min: 1, max: 70 }), seed: fc.nat() })
  .map(({ width, height, seed }) => picture(width, height, seed))
const regions = fc.record({
  centerX: fc.double({ min: -20, max: 110, noNaN: true }),
  centerY: fc.double({ min: -20, max: 90, noNaN: true }),
  width: fc.double({ min: 4, max: 150, noNaN: true }),
  height: fc.double({ min: 3, max: 200, noNaN: true }),
  angle: fc.double({ min: -0.8, max: 0.8, noNaN: true }),
  score: fc.constant(1),
})

describe('createPixelKernel', () => {
  const [wasm, twin] = [createPixelKernel('wasm'), createPixelKernel('typescript')]

  it('makes the same detector input from WASM and from TypeScript, padded with the mean colour', () => {
    fc.assert(
      fc.property(pictures, (image) => {
        const [fast, slow] = [wasm.load(image), twin.load(image)]
        const [a, b] = [detectionInput(fast), detectionInput(slow)]
        expect(a.shape).toEqual([1, 3, Math.ceil(image.height / 32) * 32, Math.ceil(image.width / 32) * 32])
        expect(largestDifference(a.data as Float32Array, b.data as Float32Array)).toBeLessThan(1e-5)
        expect(Number(a.data[0])).toBeCloseTo((image.data[2]! / 255 - 0.485) / 0.229, 5)
        if (image.width % 32 > 0) expect(a.data[image.width]).toBe(0)
        fast.release()
        slow.release()
      }),
    )
  })

  it('cuts the same lines, over the edges too', () => {
    fc.assert(
      fc.property(pictures, regions, (image, region) => {
        const [fast, slow] = [wasm.load(image), twin.load(image)]
        const [a, b] = [cropLine(fast, region), cropLine(slow, region)]
        expect(a.shape).toEqual(b.shape)
        expect(largestDifference(a.data as Float32Array, b.data as Float32Array)).toBeLessThan(1e-5)
        fast.release()
        slow.release()
      }),
    )
  })

  it('keeps a level line of the height it is read at as it is', () => {
    const image = picture(64, 48, 1)
    const loaded = wasm.load(image)
    const { data } = cropLine(loaded, { centerX: 32, centerY: 24, width: 64, height: 48, angle: 0, score: 1 })
    expect([data[0], data[1], data[48 * 64]].map((value) => Math.round((Number(value) + 1) * 127.5))).toEqual([
      image.data[2],
      image.data[5],
      image.data[1],
    ])
    loaded.release()
  })

  it('keeps pictures apart that are read side by side', () => {
    for (const kernel of [wasm, twin]) {
      const [one, other] = [kernel.load(picture(40, 40, 1)), kernel.load(picture(40, 40, 2))]
      const before = [...detectionInput(one).data]
      detectionInput(other)
      expect([...detectionInput(one).data]).toEqual(before)
      one.release()
      other.release()
    }
  })
})

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)
}
