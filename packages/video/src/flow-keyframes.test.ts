import type { Frame, Keyframe } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createFlowKeyframes } from './flow-keyframes'
import { createSceneKeyframes } from './scene-keyframes'

/** Frames ten a second of a texture that moves; `contrast` 1 is sharp, 0 flat. */
async function* moving(count: number, speed: number, contrast: (i: number) => number = () => 1): AsyncGenerator<Frame> {
  for (let index = 0; index < count; index++) yield frame(index, index * speed, contrast(index))
}

function frame(index: number, shift: number, contrast: number): Frame {
  const [width, height] = [96, 64]
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)]
    return 128 + contrast * (60 * Math.sin((x + shift) / 4) + 60 * Math.sin((y + shift / 3) / 5))
  })
  const release = () => {}
  const pixels = async () => ({ data, width, height })
  return { index, seconds: index / 10, width, height, pixels, release, [Symbol.dispose]: release }
}

async function keep(frames: AsyncIterable<Frame>, options = {}): Promise<Keyframe[]> {
  const kept: Keyframe[] = []
  for await (const keyframe of createFlowKeyframes(options).select(frames)) kept.push(keyframe)
  return kept
}

describe('flow keyframes', () => {
  it('keeps one at each longest gap when nothing moves', async () => {
    const kept = await keep(moving(100, 0), { longestGap: 2 })
    expect(kept.map(({ reason }) => reason)).toEqual(['first', ...Array.from({ length: kept.length - 1 }, () => 'gap')])
    expect(kept.length).toBeGreaterThanOrEqual(5)
    const gaps = kept.slice(1).map(({ frame: { seconds } }, i) => seconds - kept[i]!.frame.seconds)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2.1)
  })

  it('keeps more the more moves, and says how much led to each', async () => {
    const options = { longestGap: 60, shortestGap: 0, threshold: 6 }
    const [slow, fast] = [await keep(moving(120, 0.3), options), await keep(moving(120, 0.9), options)]
    expect(fast.length).toBeGreaterThan(slow.length * 1.8)
    for (const { reason, motion } of fast.slice(1)) expect([reason, motion >= 6]).toEqual(['motion', true])
  })

  it('takes the sharpest frame since the last keyframe', async () => {
    const kept = await keep(
      moving(80, 0.5, (i) => (i % 20 === 13 ? 1 : 0.5)),
      { threshold: 6, shortestGap: 1, longestGap: 60 },
    )
    expect(kept.slice(1).some(({ frame: { index } }) => index % 20 === 13)).toBe(true)
    for (const { sharpness } of kept) expect(sharpness).toBeGreaterThan(0)
  })

  it('names a bad option', () => {
    expect(() => createFlowKeyframes({ threshold: 0 })).toThrow(/threshold is 0/)
    expect(() => createFlowKeyframes({ shortestGap: 4, longestGap: 3 })).toThrow(/longestGap is 3/)
    expect(() => createFlowKeyframes({ lookAhead: -1 })).toThrow(/lookAhead is -1/)
  })
})

describe('scene keyframes', () => {
  it('keeps a change of scene', async () => {
    const scenes = moving(40, 0, (i) => (i < 17 ? 1 : 0.05))
    const kept: Keyframe[] = []
    for await (const keyframe of createSceneKeyframes({ threshold: 0.2 }).select(scenes)) kept.push(keyframe)
    expect(kept.map(({ frame: { index }, reason }) => [index, reason])).toEqual([
      [0, 'first'],
      [17, 'scene'],
    ])
  })
})
