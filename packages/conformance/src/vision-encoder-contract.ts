import type { VisionEncoder } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { frameOf, plain, waves } from './frames'

/** What {@link visionEncoderContract} needs. */
export interface VisionEncoderContractOptions {
  readonly create: () => Promise<VisionEncoder & Partial<AsyncDisposable>>
}

/**
 * Tests what every {@link VisionEncoder} keeps: one finite grid a frame in input order, of its own space and width; the
 * same frame, the same grid; spatial order; tiny frames; aborts.
 */
export function visionEncoderContract(name: string, { create }: VisionEncoderContractOptions): void {
  const use = async (test: (encoder: VisionEncoder) => Promise<void>) => {
    const encoder = await create()
    try {
      await test(encoder)
    } finally {
      await encoder[Symbol.asyncDispose]?.()
    }
  }

  describe(`VisionEncoder: ${name}`, () => {
    it('gives one whole, finite grid a frame, in its space', () =>
      use(async (encoder) => {
        const grids = await encoder.encode([frameOf(waves(160, 90)), frameOf(waves(90, 160))])
        expect(grids).toHaveLength(2)
        for (const { data, rows, columns, dimensions, space } of grids) {
          expect({ dimensions, space }).toEqual({ dimensions: encoder.dimensions, space: encoder.space })
          expect(data.length).toBe(rows * columns * dimensions)
          expect(data.every(Number.isFinite)).toBe(true)
        }
        expect(await encoder.encode([])).toEqual([])
      }))

    it('keeps the order of the frames, together or one by one', () =>
      use(async (encoder) => {
        const pictures = [waves(120, 80), waves(120, 80, 2), plain(120, 80)]
        const together = await encoder.encode(pictures.map((picture) => frameOf(picture)))
        const oneByOne = await Promise.all(pictures.map((picture) => encoder.encode([frameOf(picture)])))
        expect(together).toEqual(oneByOne.flat())
        expect(together[0]!.data).not.toEqual(together[1]!.data)
      }))

    it('keeps the spatial order: what changes at the bottom right changes most there', () =>
      use(async (encoder) => {
        const before = plain(128, 128)
        const after = { ...before, data: before.data.slice() }
        for (let y = 96; y < 128; y++) after.data.fill(255, (y * 128 + 96) * 3, (y + 1) * 128 * 3)
        const [one, other] = await encoder.encode([frameOf(before), frameOf(after)])
        const cells = one!.rows * one!.columns
        const changes = Array.from({ length: cells }, (_, cell) =>
          distance(one!.data, other!.data, cell, one!.dimensions),
        )
        const most = changes.indexOf(Math.max(...changes))
        expect(Math.floor(most / one!.columns)).toBeGreaterThanOrEqual(Math.floor(one!.rows / 2))
        expect(most % one!.columns).toBeGreaterThanOrEqual(Math.floor(one!.columns / 2))
      }))

    it('encodes a frame of one pixel', () =>
      use(async (encoder) => {
        const [grid] = await encoder.encode([frameOf(plain(1, 1))])
        expect(grid!.data.length).toBe(grid!.rows * grid!.columns * grid!.dimensions)
        expect(grid!.data.every(Number.isFinite)).toBe(true)
      }))

    it("rejects with the signal's reason and stays usable", () =>
      use(async (encoder) => {
        const reason = new Error('stop')
        const frame = frameOf(waves(64, 64))
        await expect(encoder.encode([frame], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
        expect(await encoder.encode([frame])).toHaveLength(1)
      }))
  })
}

function distance(a: Float32Array, b: Float32Array, cell: number, dimensions: number): number {
  let sum = 0
  for (let i = cell * dimensions; i < (cell + 1) * dimensions; i++) sum += (a[i]! - b[i]!) ** 2
  return sum
}
