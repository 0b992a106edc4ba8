import type { AudioChunk } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fixedSegments, type SegmentOptions, type SpeechSegment, speechSegments } from './speech-segments'
import { windowLength } from './voice-detector'

const windowSeconds = windowLength / 16000

/** Sound whose windows carry their own number, and a detector that reads how likely each is speech from a list. */
function soundOf(likely: readonly number[]) {
  const samples = new Float32Array(likely.length * windowLength)
  for (const i of likely.keys()) samples.fill((i + 1) / 4096, i * windowLength, (i + 1) * windowLength)
  const audio = async function* (): AsyncGenerator<AudioChunk> {
    for (let at = 0; at < samples.length; at += 7001)
      yield { samples: samples.slice(at, at + 7001), sampleRate: 16000, startSeconds: 10 + at / 16000 }
  }
  const detector = { next: async (window: Float32Array) => likely[Math.round(window[0]! * 4096) - 1] ?? 0 }
  return { audio: audio(), detector }
}

async function cut(likely: readonly number[], options: SegmentOptions = {}): Promise<SpeechSegment[]> {
  const { audio, detector } = soundOf(likely)
  const segments: SpeechSegment[] = []
  for await (const segment of speechSegments(audio, detector, options)) segments.push(segment)
  return segments
}

const run = (length: number, value: number) => Array.from({ length }, () => value)
/** The windows of a segment, first and last, counted from 0. */
const span = ({ samples }: SpeechSegment) => [
  Math.round(samples[0]! * 4096) - 1,
  Math.round(samples.at(-1)! * 4096) - 1,
]

describe('stretches of speech', () => {
  it('have a little sound before and after, and know when speech begins and ends', async () => {
    const [segment, ...others] = await cut([...run(50, 0), ...run(40, 0.9), ...run(100, 0)])
    expect(others).toEqual([])
    expect(span(segment!)).toEqual([50 - 13, 89 + 13])
    expect(segment!.startSeconds).toBeCloseTo(10 + 37 * windowSeconds)
    expect(segment!.speechFrom).toBeCloseTo(10 + 50 * windowSeconds)
    expect(segment!.speechTo).toBeCloseTo(10 + 90 * windowSeconds)
  })

  it('go over short pauses, and end at long ones', async () => {
    const said = [...run(30, 0.9), ...run(20, 0), ...run(30, 0.9), ...run(80, 0), ...run(30, 0.9)]
    expect((await cut(said)).map(({ speechFrom }) => Math.round((speechFrom - 10) / windowSeconds))).toEqual([0, 160])
    expect(await cut(said, { minPause: 0.5 })).toHaveLength(3)
  })

  it('are not begun by a click', async () => {
    expect(await cut([...run(50, 0), ...run(4, 0.9), ...run(100, 0)])).toEqual([])
  })

  it('are cut in their longest pause when they are too long', async () => {
    const segments = await cut([...run(200, 0.9), ...run(5, 0.1), ...run(100, 0.9), ...run(3, 0.1), ...run(200, 0.9)], {
      longest: 10,
    })
    expect(segments.length).toBeGreaterThan(1)
    for (const { samples } of segments) expect(samples.length / 16000).toBeLessThanOrEqual(10)
    expect(span(segments[0]!)[1]).toBe(202)
  })

  it('hold every window of speech once, in order, and none longer than asked', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 120 }), fc.constantFrom(0, 0.4, 0.9)), { maxLength: 14 }),
        async (runs) => {
          const likely = runs.flatMap(([length, value]) => run(length, value))
          const segments = await cut(likely, { minSpeech: 0, longest: 6 })
          const held = segments.flatMap((segment) => {
            const [first, last] = span(segment) as [number, number]
            return Array.from({ length: last - first + 1 }, (_, i) => first + i)
          })
          expect(new Set(held).size).toBe(held.length)
          expect(held).toEqual([...held].sort((a, b) => a - b))
          const voiced = likely.flatMap((value, i) => (value > 0.5 ? [i] : []))
          expect(voiced.every((window) => held.includes(window))).toBe(true)
          for (const { samples } of segments) expect(samples.length / 16000).toBeLessThanOrEqual(6.001)
        },
      ),
      { numRuns: 60 },
    ))

  it('are of one length where nobody tells speech from silence', async () => {
    const lengths: number[] = []
    for await (const { samples, startSeconds } of fixedSegments(soundOf(run(2000, 1)).audio)) {
      expect(startSeconds).toBeCloseTo(10 + lengths.reduce((sum, length) => sum + length, 0) / 16000)
      lengths.push(samples.length)
    }
    expect(lengths).toEqual([937, 937, 126].map((windows) => windows * windowLength))
  })
})
