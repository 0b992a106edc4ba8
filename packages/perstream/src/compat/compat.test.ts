import type { PatchGrid } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { compatNearest, poolQwenFeatures, qwenImageGrid, runCompatLoop } from '../compat'
import { summarizeGrids } from '../pipeline/visual-summary'

const grid = (...patches: [number, number][]): PatchGrid => ({
  data: Float32Array.from(patches.flat()),
  rows: 1,
  columns: patches.length,
  dimensions: 2,
  space: 'toy',
})

describe('images as Qwen sees them', () => {
  it.each([
    [224, 398, 224, 392, [1, 16, 28], 112],
    [224, 224, 224, 224, [1, 16, 16], 64],
    [224, 298, 224, 308, [1, 16, 22], 88],
    [112, 112, 112, 112, [1, 8, 8], 16],
    [28, 28, 56, 56, [1, 4, 4], 4],
    [42, 42, 56, 56, [1, 4, 4], 4],
    [98, 98, 112, 112, [1, 8, 8], 16],
    [84, 84, 84, 84, [1, 6, 6], 9],
    [224, 126, 224, 112, [1, 16, 8], 32],
  ])('%i x %i (vector B1)', (inHeight, inWidth, height, width, gridOf, tokens) => {
    expect(qwenImageGrid(inHeight, inWidth)).toEqual({ height, width, grid: gridOf, tokens })
  })

  it('pools features (vector B4) and refuses a grid that does not fit', () => {
    const features = Float32Array.from({ length: 224 }, (_, i) => (i % 2 ? -(i >> 1) : i >> 1))
    const pooled = poolQwenFeatures(features, 2, [1, 16, 28], [4, 4], 'toy')
    expect([...pooled.data].filter((_, i) => i % 2 === 0)).toEqual([
      8.5, 11.5, 15.5, 18.5, 36.5, 39.5, 43.5, 46.5, 64.5, 67.5, 71.5, 74.5, 92.5, 95.5, 99.5, 102.5,
    ])
    expect(() => poolQwenFeatures(features, 2, [1, 16, 26], [4, 4], 'toy')).toThrow(/do not fit/)
  })
})

describe('nearest vector (vector E1)', () => {
  const frames = [grid([1, 0], [0, 1]), grid([1, 1], [1, 1]), grid([0, 1], [1, 0])]
  const withZero = [frames[0]!, frames[1]!, grid([0, 0], [1, 0])]

  it('is the first of the best', () => {
    const { mean, scores, chosen } = compatNearest(frames)
    expect([...mean].map((value) => value.toFixed(6))).toEqual(['0.666667', '0.666667', '0.666667', '0.666667'])
    expect(scores.map((score) => score.toFixed(6))).toEqual(['0.707107', '1.000000', '0.707107'])
    expect(chosen).toBe(1)
    expect(compatNearest([frames[1]!, frames[1]!]).chosen).toBe(0)
  })

  it('lets NaN win as shipped, and never by default', () => {
    const { scores, chosen } = compatNearest(withZero)
    expect(scores[0]).toBeCloseTo(0.800767, 5)
    expect(scores[1]).toBeCloseTo(0.974342, 5)
    expect(scores[2]).toBeNaN()
    expect(chosen).toBe(2)
    expect(summarizeGrids(withZero, [1, 2]).nearestIndex).toBe(1)
  })
})

describe('main loop', () => {
  type Event = Record<string, unknown>

  async function trace(options: {
    frames: number
    gateTrue: number[]
    bufferSize: number
    queueSize: number
    queries?: [string, number][]
    triplets?: boolean
    reply?: string
  }) {
    const events: Event[] = []
    let nodes = 0
    const keyframes = Array.from({ length: options.frames }, (_, i) => i)
    const records = await runCompatLoop<number, number>(
      {
        keyframes,
        ids: keyframes.map((frame) => frame * 4),
        queries: (options.queries ?? []).map(([query, frame]) => ({ query, frame })),
        bufferSize: options.bufferSize,
        queueSize: options.queueSize,
      },
      {
        gate: async (frame) => {
          const remember = options.gateTrue.includes(frame)
          events.push({ gate: frame, remember })
          return { remember, embedding: frame }
        },
        embed: async (frame) => {
          events.push({ embed: frame })
          return frame
        },
        store: async (buffer) => {
          events.push({ caption: buffer.map(({ frame }) => frame) })
          if (options.triplets !== false) nodes = 2
        },
        proactive: async (first, shortTerm) => {
          events.push({ proactive: first.frame, shortTerm, nodes })
          return options.reply ?? 'hello'
        },
        passive: async (query, shortTerm) => {
          events.push({ passive: query, shortTerm, nodes })
          return 'ans'
        },
      },
    )
    return { events, records }
  }

  it('orders events as shipped (vector E2)', async () => {
    const { events, records } = await trace({
      frames: 10,
      gateTrue: [2, 7],
      bufferSize: 4,
      queueSize: 2,
      queries: [
        ['Q1', 4],
        ['Q2', 16],
        ['Q3', 500],
        ['Q4', 24],
      ],
    })
    expect(events).toEqual([
      { gate: 0, remember: false },
      { gate: 1, remember: false },
      { passive: 'Q1', shortTerm: [0, 1], nodes: 0 },
      { gate: 2, remember: true },
      { embed: 3 },
      { embed: 4 },
      { embed: 5 },
      { caption: [2, 3, 4, 5] },
      { proactive: 2, shortTerm: [1, 2], nodes: 2 },
      { gate: 6, remember: false },
      { passive: 'Q2', shortTerm: [2, 6], nodes: 2 },
      { passive: 'Q4', shortTerm: [2, 6], nodes: 2 },
      { gate: 7, remember: true },
      { embed: 8 },
      { embed: 9 },
      { caption: [7, 8, 9] },
      { proactive: 7, shortTerm: [6, 7], nodes: 2 },
      { passive: 'Q3', shortTerm: [6, 7], nodes: 2 },
    ])
    expect(records).toEqual([
      ['Q1', 'ans'],
      ['[PROACTIVE]', 'hello'],
      ['Q2', 'ans'],
      ['Q4', 'ans'],
      ['[PROACTIVE]', 'hello'],
      ['Q3', 'ans'],
    ])
  })

  it('records the silence tag as shipped (vector E3)', async () => {
    const { records } = await trace({ frames: 3, gateTrue: [0], bufferSize: 2, queueSize: 1, reply: '</silence>' })
    expect(records).toEqual([['[PROACTIVE]', '</silence>']])
  })

  it('has the edge cases of vector E4', async () => {
    const empty = await trace({ frames: 3, gateTrue: [], bufferSize: 0, queueSize: 1, queries: [['Q', 0]] })
    expect(empty.events).toEqual([{ passive: 'Q', shortTerm: [], nodes: 0 }])
    const none = await trace({ frames: 3, gateTrue: [0], bufferSize: 2, queueSize: 1, triplets: false })
    expect(none.events).toEqual([
      { gate: 0, remember: true },
      { embed: 1 },
      { caption: [0, 1] },
      { proactive: 0, shortTerm: [0], nodes: 0 },
      { gate: 2, remember: false },
    ])
  })
})
