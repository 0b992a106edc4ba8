import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findTextRegions } from './text-regions'

const width = 200
const height = 160

/** A map with filled rotated rectangles of probability 1. */
function mapOf(boxes: readonly { x: number; y: number; w: number; h: number; angle: number }[], value = 1) {
  const data = new Uint8Array(width * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (const box of boxes) {
        const [dx, dy] = [x + 0.5 - box.x, y + 0.5 - box.y]
        const along = dx * Math.cos(box.angle) + dy * Math.sin(box.angle)
        const across = dy * Math.cos(box.angle) - dx * Math.sin(box.angle)
        if (Math.abs(along) <= box.w / 2 && Math.abs(across) <= box.h / 2) data[y * width + x] = Math.round(255 * value)
      }
  return { data, width, height }
}

describe('findTextRegions', () => {
  it('finds nothing in an empty map, and none of what is improbable', () => {
    expect(findTextRegions(mapOf([]))).toEqual([])
    expect(findTextRegions(mapOf([{ x: 80, y: 60, w: 80, h: 10, angle: 0 }], 0.4))).toEqual([])
  })

  it('grows a level box by area / perimeter times the ratio', () => {
    const [region, ...rest] = findTextRegions(mapOf([{ x: 80, y: 60, w: 80, h: 10, angle: 0 }]), { unclip: 1.8 })
    expect(rest).toEqual([])
    expect(region).toEqual({ centerX: 80, centerY: 60, width: 96, height: 26, angle: 0, score: 1 })
  })

  it('finds place, size and direction of one tilted line', () => {
    const box = fc.record({
      x: fc.integer({ min: 80, max: 120 }),
      y: fc.integer({ min: 70, max: 90 }),
      w: fc.integer({ min: 60, max: 110 }),
      h: fc.integer({ min: 8, max: 18 }),
      angle: fc.double({ min: -0.6, max: 0.6, noNaN: true }),
    })
    fc.assert(
      fc.property(box, (drawn) => {
        const regions = findTextRegions(mapOf([drawn]), { unclip: 0 })
        expect(regions).toHaveLength(1)
        const [region] = regions
        expect(Math.abs(region!.centerX - drawn.x)).toBeLessThan(1.5)
        expect(Math.abs(region!.centerY - drawn.y)).toBeLessThan(1.5)
        expect(Math.abs(region!.width - drawn.w)).toBeLessThan(4)
        expect(Math.abs(region!.height - drawn.h)).toBeLessThan(4)
        expect(Math.abs(region!.angle - drawn.angle)).toBeLessThan(0.05)
      }),
      { numRuns: 60 },
    )
  })

  it('gives a short blob the direction of the long ones', () => {
    const regions = findTextRegions(
      mapOf([
        { x: 100, y: 40, w: 120, h: 12, angle: 0.3 },
        { x: 60, y: 110, w: 14, h: 12, angle: 0.3 },
      ]),
    )
    expect(regions).toHaveLength(2)
    expect(regions[1]!.angle).toBe(regions[0]!.angle)
  })
})
