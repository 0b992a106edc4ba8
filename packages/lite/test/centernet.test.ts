import { objectDetectorContract, visionEncoderContract } from '@perstream/conformance'
import { cosine, poolGrid } from '@perstream/kit'
import type { Box, Detection, Frame, PatchGrid, RgbImage } from '@perstream/spec'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CenterNet, createCenterNet } from '../src/index'
import { decodeFrames, frameOf, noClips } from './clips'

// One network for all tests: each would open its own otherwise.
const opening = createCenterNet()
const create = async () => ({ ...(await opening), [Symbol.asyncDispose]: async () => {} })
afterAll(async () => (await opening)[Symbol.asyncDispose]())

visionEncoderContract('CenterNet', { create })
objectDetectorContract('CenterNet', {
  create,
  pictures: async () => (noClips ? [] : [await decodeFrames('egoloc-video3.mp4', [60], 384)[0]!.pixels()]),
})

const grey = (width: number, height: number): RgbImage => ({
  data: new Uint8Array(width * height * 3).fill(90),
  width,
  height,
})

describe('createCenterNet', () => {
  let net: CenterNet
  beforeAll(async () => {
    net = await opening
  })

  it('computes what TensorFlow.js 4.22 computes from the same weights', async () => {
    const wave = (x: number, y: number, k: number) =>
      128 + 100 * Math.sin(x / (20 + 10 * k)) * Math.cos(y / (30 - 5 * k))
    const data = Uint8Array.from({ length: 512 * 512 * 3 }, (_, i) =>
      Math.round(wave(Math.floor(i / 3) % 512, Math.floor(i / 3 / 512), i % 3)),
    )
    const frame = frameOf({ data, width: 512, height: 512 })
    await using sensitive = await createCenterNet({ threshold: 0.05 })
    const [grid] = await sensitive.encode([frame])
    const places = [0, 1, 119, 2045, 12060, 30719].map((place) => grid!.data[place]!)
    for (const [i, value] of [-5.7099, 4.13831, 21.11739, 0.24499, 1.21637, 9.67262].entries())
      expect(places[i]).toBeCloseTo(value, 3)
    const [best] = await sensitive.detect(frame)
    expect(best!.label).toBe('orange')
    expect(best!.score).toBeCloseTo(0.0733, 3)
    const expected = [379.7878, 340.3539, 457.1241, 423.8796]
    const { left, top, right, bottom } = best!.box
    for (const [i, value] of [left, top, right, bottom].entries()) expect(value * 512).toBeCloseTo(expected[i]!, 2)
  })

  it('makes one pass over a frame for tags and patches', async () => {
    const frame = frameOf(grey(64, 48))
    const [, [grid]] = await Promise.all([net.detect(frame), net.encode([frame])])
    expect((await net.encode([frame]))[0]).toBe(grid)
    expect(frame.reads).toBe(1)
  })

  it('covers the frame, not the border, with patches', async () => {
    const sizes = [grey(512, 288), grey(400, 300), grey(90, 160), grey(7, 7), grey(512, 10)].map((image) =>
      frameOf(image),
    )
    const grids = await net.encode(sizes)
    expect(grids.map(({ rows, columns }) => [rows, columns])).toEqual([
      [9, 16],
      [12, 16],
      [16, 9],
      [16, 16],
      [1, 16],
    ])
    expect(net.dimensions).toBe(120)
  })

  it('tries again after a frame that could not be read', async () => {
    const readable = frameOf(grey(64, 48))
    let broken = true
    const pixels: Frame['pixels'] = () => (broken ? Promise.reject(new Error('gone')) : readable.pixels())
    const frame = { ...readable, pixels }
    await expect(net.detect(frame)).rejects.toThrow('gone')
    broken = false
    expect(await net.detect(frame)).toEqual([])
  })

  it('refuses a threshold that is no part', async () => {
    await expect(createCenterNet({ threshold: 30 })).rejects.toThrow(/threshold is 30/)
  })
})

describe.skipIf(noClips)(`CenterNet on real clips${noClips ? ` (skipped: ${noClips})` : ''}`, () => {
  let net: CenterNet
  beforeAll(async () => {
    net = await opening
  })

  // Boxes read off the pictures by eye.
  it('finds the orange bottle on the table in every frame', async () => {
    const bottles: [number, Box][] = [
      [0, box(0.49, 0.09, 0.62, 0.49)],
      [30, box(0.5, 0.125, 0.63, 0.52)],
      [60, box(0.245, 0.32, 0.41, 0.735)],
    ]
    const frames = decodeFrames(
      'egoloc-video3.mp4',
      bottles.map(([number]) => number),
      384,
    )
    for (const [i, [, bottle]] of bottles.entries()) expectAt(await net.detect(frames[i]!), 'bottle', bottle, 0.7)
  })

  it("takes the wearer's arm for a person, and finds the pump bottle on the shelf", async () => {
    const [first, later] = decodeFrames('egoloc-video1.mp4', [0, 15], 288)
    const found = await net.detect(first!)
    expectAt(found, 'bottle', box(0.752, 0.486, 0.836, 0.715), 0.6)
    expectAt(found, 'person', box(0.59, 0.63, 0.72, 1), 0.6)
    const reaching = await net.detect(later!)
    expectAt(reaching, 'bottle', box(0.709, 0.46, 0.79, 0.68), 0.6)
    expectAt(reaching, 'person', box(0.49, 0.28, 0.77, 1), 0.6)
    const [, , holding] = decodeFrames('egoloc-video3.mp4', [0, 30, 60], 384)
    expectAt(await net.detect(holding!), 'person', box(0.63, 0.27, 1, 0.85), 0.6)
  })

  it('finds the parked cars along the walk, and tags nothing else', async () => {
    const frames = decodeFrames('gopro-max-heromode.mp4', [0, 60, 120, 180, 240, 300], 290)
    for (const frame of frames) {
      const found = await net.detect(frame)
      expect(new Set(found.map(({ label }) => label))).toEqual(new Set(['car']))
      for (const { box } of found) {
        expect(box.top).toBeGreaterThan(0.34)
        expect(box.bottom).toBeLessThan(0.58)
        expect(box.left).toBeGreaterThan(0.48)
      }
    }
    expectAt(await net.detect(frames[0]!), 'car', box(0.844, 0.407, 0.94, 0.49), 0.6)
  })

  it('puts frames of one place nearer than frames of another', async () => {
    const table = await net.encode(decodeFrames('egoloc-video3.mp4', [0, 30], 384))
    const walk = await net.encode(decodeFrames('gopro-max-heromode.mp4', [0, 60], 290))
    const [a, b, c, d] = [...table, ...walk].map(pooled)
    const across = Math.max(cosine(a!, c!), cosine(a!, d!), cosine(b!, c!), cosine(b!, d!))
    expect(cosine(a!, b!)).toBeGreaterThan(across + 0.05)
    expect(cosine(c!, d!)).toBeGreaterThan(across + 0.05)
  })
})

function box(left: number, top: number, right: number, bottom: number): Box {
  return { left, top, right, bottom }
}

/** Expects a detection of a label that overlaps a box (intersection over union). */
function expectAt(found: readonly Detection[], label: string, wanted: Box, least: number): void {
  const overlaps = found.filter((each) => each.label === label).map((each) => overlap(each.box, wanted))
  expect(Math.max(0, ...overlaps), `${label} in ${JSON.stringify(found)}`).toBeGreaterThan(least)
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  const shared = Math.max(0, width) * Math.max(0, height)
  const area = (each: Box) => (each.right - each.left) * (each.bottom - each.top)
  return shared / (area(a) + area(b) - shared)
}

function pooled(grid: PatchGrid): Float32Array {
  return poolGrid(grid, 1, 1).data
}
