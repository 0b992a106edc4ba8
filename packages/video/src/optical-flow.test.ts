import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFlowKernel, opticalFlow, sharpness, toGray } from './index'

const sizes = fc.record({ width: fc.integer({ min: 1, max: 41 }), height: fc.integer({ min: 1, max: 23 }) })

function images(width: number, height: number, count: number) {
  const bytes = width * height * 3
  return fc.tuple(...Array.from({ length: count }, () => fc.uint8Array({ minLength: bytes, maxLength: bytes })))
}

/** One 5x5 window at a time, straight from the definition. */
function naiveFlow(previous: Uint8Array, current: Uint8Array, width: number, height: number): number {
  const at = (x: number, y: number) => previous[y * width + x]!
  const lengths: number[] = []
  for (let top = 1; top + 5 < height; top++)
    for (let left = 1; left + 5 < width; left++) {
      let [a, b, c, p, q] = [0.065025, 0, 0.065025, 0, 0]
      for (let y = top; y < top + 5; y++)
        for (let x = left; x < left + 5; x++) {
          const gx =
            at(x + 1, y - 1) -
            at(x - 1, y - 1) +
            2 * (at(x + 1, y) - at(x - 1, y)) +
            at(x + 1, y + 1) -
            at(x - 1, y + 1)
          const gy =
            at(x - 1, y + 1) -
            at(x - 1, y - 1) +
            2 * (at(x, y + 1) - at(x, y - 1)) +
            at(x + 1, y + 1) -
            at(x + 1, y - 1)
          const gt = current[y * width + x]! - at(x, y)
          a += gx * gx
          b += gx * gy
          c += gy * gy
          p += gx * gt
          q += gy * gt
        }
      lengths.push(Math.hypot((b * q - c * p) / (a * c - b * b), (b * p - a * q) / (a * c - b * b)) * 8)
    }
  return lengths.length === 0 ? 0 : lengths.reduce((sum, length) => sum + length, 0) / lengths.length
}

describe('optical flow', () => {
  it('is what the definition gives, window by window', () => {
    const pairs = sizes.chain(({ width, height }) =>
      images(width, height, 2).map(([a, b]) => ({ width, height, a: a!, b: b! })),
    )
    fc.assert(
      fc.property(pairs, ({ width, height, a, b }) => {
        const [previous, current] = [a, b].map((data) => toGray({ data, width, height })) as [Uint8Array, Uint8Array]
        const expected = naiveFlow(previous, current, width, height)
        expect(Math.abs(opticalFlow(previous, current, width, height) - expected)).toBeLessThanOrEqual(
          1e-9 * (1 + expected),
        )
      }),
      { numRuns: 60 },
    )
  })

  it('gives the same from WASM and from TypeScript: grey, flow and sharpness', () => {
    const pairs = sizes.chain(({ width, height }) =>
      images(width, height, 2).map(([a, b]) => ({ width, height, a: a!, b: b! })),
    )
    fc.assert(
      fc.property(pairs, ({ width, height, a, b }) => {
        const wasm = createFlowKernel(width, height, { engine: 'wasm' })
        const twin = createFlowKernel(width, height, { engine: 'typescript' })
        const [previous, current] = [a, b].map((data) => wasm.gray({ data, width, height })) as [Uint8Array, Uint8Array]
        expect(previous).toEqual(twin.gray({ data: a, width, height }))
        const flow = twin.flow(previous, current)
        expect(Math.abs(wasm.flow(previous, current) - flow)).toBeLessThanOrEqual(1e-9 * (1 + flow))
        expect(wasm.sharpness(current)).toBeCloseTo(twin.sharpness(current), 6)
        for (const kernel of [wasm, twin]) {
          const measured = [a, b].map((data) => kernel.next({ data, width, height }))
          expect(measured[0]!.motion).toBe(0)
          expect(measured[1]).toEqual({ motion: kernel.flow(previous, current), sharpness: kernel.sharpness(current) })
        }
      }),
    )
  })

  it('measures a ramp moved by one pixel as one pixel, along x and along y', () => {
    const ramp = (along: (x: number, y: number) => number) =>
      Uint8Array.from({ length: 40 * 40 }, (_, i) => 40 + along(i % 40, Math.floor(i / 40)))
    expect(
      opticalFlow(
        ramp((x) => 2 * x),
        ramp((x) => 2 * (x - 1)),
        40,
        40,
      ),
    ).toBeCloseTo(1, 3)
    expect(
      opticalFlow(
        ramp((_, y) => 2 * y),
        ramp((_, y) => 2 * (y - 1)),
        40,
        40,
      ),
    ).toBeCloseTo(1, 3)
  })

  it('sees no motion in a change of brightness of a flat image', () => {
    expect(opticalFlow(new Uint8Array(400).fill(70), new Uint8Array(400).fill(90), 20, 20)).toBe(0)
  })

  it('names an image of the wrong size', () => {
    expect(() => opticalFlow(new Uint8Array(9), new Uint8Array(10), 3, 3)).toThrow(/current has 10 bytes/)
    expect(() => createFlowKernel(0, 3)).toThrow(/width is 0/)
  })
})

describe('sharpness', () => {
  it('is the variance of the Laplacian', () => {
    const spot = Uint8Array.of(0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0)
    expect(sharpness(spot, 4, 3)).toBe(625)
    expect(sharpness(new Uint8Array(100).fill(9), 10, 10)).toBe(0)
    expect(sharpness(new Uint8Array(4), 2, 2)).toBe(0)
  })
})
