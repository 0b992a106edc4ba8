import { describe, expect, it } from 'vitest'
import { clipPreprocess, compatFlow, compatFrameIds, compatGray, compatSize, createCompatSampler } from './compat'

const plane = (size: number, value: (x: number, y: number) => number) => ({
  data: Float64Array.from({ length: size * size }, (_, i) => value(i % size, Math.floor(i / size))),
  width: size,
  height: size,
})

describe('the prototype, section 1 of its behaviour', () => {
  it('resizes to truncated widths (vector A1)', () => {
    expect(compatSize(1088, 1080)).toEqual({ width: 225, height: 224 })
    expect(compatSize(32, 16)).toEqual({ width: 448, height: 224 })
  })

  it('reports frame numbers that a failed read shifts (vector A2)', () => {
    const { frames, reported } = compatFrameIds({ videoFrames: 50, sampleRate: 4, failing: [20] })
    expect(frames).toEqual([0, 4, 8, 12, 16, 24, 28, 32, 36, 40, 44, 48])
    expect(reported).toEqual([0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44])
    const long = compatFrameIds({ videoFrames: 5000, sampleRate: 4 }).reported
    expect([long.length, long.at(-1)]).toEqual([500, 1996])
    const rare = compatFrameIds({ videoFrames: 5000 }).reported
    expect([rare.length, rare.at(-1)]).toEqual([125, 1984])
  })

  it('measures a texture moved by one pixel (vector A3)', () => {
    const texture = (x: number, y: number) => ((3 * x * x + 5 * y * y + 2 * x * y) % 17) / 16
    const flow = compatFlow(
      plane(8, texture),
      plane(8, (x, y) => texture(Math.max(0, x - 1), y)),
    )
    expect([flow.columns, flow.rows]).toEqual([4, 4])
    expect(flow.u[0]).toBeCloseTo(0.100731, 4)
    expect(flow.u[15]).toBeCloseTo(0.087956, 4)
    expect(flow.v[4]).toBeCloseTo(-0.024028, 4)
    expect(flow.shipped).toBeCloseTo(0.187394, 4)
    expect(flow.corrected).toBeCloseTo(0.13729, 4)
  })

  it('hardly sees vertical motion (vector A4)', () => {
    const across = compatFlow(
      plane(13, (x) => x),
      plane(13, (x) => x - 1),
    )
    const down = compatFlow(
      plane(13, (_, y) => y),
      plane(13, (_, y) => y - 1),
    )
    expect(across.u[40]).toBeCloseTo(0.125, 4)
    expect(down.v[40]).toBeCloseTo(0.125, 4)
    expect([across.shipped, down.shipped].map((value) => value.toFixed(4))).toEqual(['0.1593', '0.0041'])
    expect([across.corrected, down.corrected].map((value) => value.toFixed(4))).toEqual(['0.1133', '0.1133'])
  })

  it('takes a change of brightness for motion, at the border (vector A5)', () => {
    const flat = plane(9, () => 0.3)
    expect(compatFlow(flat, flat).shipped).toBe(0)
    expect(
      compatFlow(
        flat,
        plane(9, () => 0.4),
      ).shipped,
    ).toBeCloseTo(0.045761, 4)
  })

  it('carries the last frame from one video to the next (vector A6)', () => {
    const pairs: [number, number][] = []
    const isChange = (last: number, current: number) => pairs.push([last, current]) > 0 && current % 2 === 0
    const first = [0, 1, 2, 3, 4, 5]
    const second = [100, 101, 102, 103, 104]
    const shipped = createCompatSampler({ isChange })
    expect(shipped.sample(first)).toEqual([0, 2, 4])
    expect(pairs.splice(0)).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
    ])
    expect(shipped.sample(second)).toEqual([0, 2, 4])
    expect(pairs.splice(0)).toEqual([
      [5, 101],
      [101, 102],
      [102, 103],
      [103, 104],
    ])
    expect(createCompatSampler({ isChange }).sample([0, 1])).toEqual([0])
    expect(pairs.splice(0)).toEqual([])
    const corrected = createCompatSampler({ isChange, corrected: true })
    expect([corrected.sample(first), corrected.sample(second)]).toEqual([
      [0, 2, 4],
      [0, 2, 4],
    ])
    expect(pairs.map(([last]) => last)).toEqual([0, 1, 2, 3, 4, 100, 101, 102, 103])
  })

  it('crops and normalises as CLIP does (vector A7)', () => {
    const data = Uint8Array.from({ length: 398 * 224 * 3 }, (_, i) =>
      i % 3 === 0 ? ((i / 3) % 398) & 255 : i % 3 === 1 ? 64 : 32,
    )
    const image = clipPreprocess({ data, width: 398, height: 224 })
    const red = (x: number) => Math.round((image.data[x]! * 0.26862954 + 0.48145466) * 255)
    expect([red(0), red(223)]).toEqual([87, 310 & 255])
    expect(image.data[224 * 224]).toBeCloseTo(-0.7916, 4)
    expect(image.data[2 * 224 * 224]).toBeCloseTo(-1.025178, 4)
    expect(image.data[128 - 87]).toBeCloseTo(0.076336, 4)
    expect(compatGray(image)[128 - 87]).toBeCloseTo(-0.558723, 4)
    expect(() => clipPreprocess({ data, width: 224, height: 398 - 1 })).not.toThrow()
    expect(() => clipPreprocess({ data, width: 100, height: 300 })).toThrow(/shorter edge/)
  })
})
